//! Judged items before a reviewer: accept, fix, or send back with a reason. Items on which people differ have a page of
//! their own (`adjudicate`).

mod adjudicate;
mod api;
mod keys;
mod sides;
pub mod text;

pub use adjudicate::AdjudicatePage;

use super::{
    content::content,
    fields::{Filled, fields},
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::integer, frame::PageHeader, load::load, notice::Empty},
};
use api::{DecideJudgement, ReviewView, get_review};
use domain::{
    annotation::{
        Origin, Verdict,
        design::Design,
        view::{Item, Judged, Reviewed, Task},
    },
    id::{ProjectId, TaskId},
};
use keys::{Keys, shortcuts};
use leptos::prelude::*;

/// A task by its address, and the rank behind which items are looked at.
#[derive(Clone, Copy, Debug)]
struct Place {
    project: ProjectId,
    task: TaskId,
    after: Option<u32>,
}

impl Place {
    fn of_address() -> Result<Self, AppError> {
        Ok(Self { project: routes::param("project")?, task: routes::param("task")?, after: routes::query("after") })
    }

    /// What every form about an item posts.
    fn ids(self, item: &Item) -> impl IntoView + use<> {
        view! {
            <input type="hidden" name="project" value=self.project.to_string()/>
            <input type="hidden" name="task" value=self.task.to_string()/>
            <input type="hidden" name="item" value=item.id.to_string()/>
            {self.after.map(|after| view! { <input type="hidden" name="after" value=after.to_string()/> })}
        }
    }

    /// Links to the next item and to the first one.
    fn links(self, list: &str, item: &Item) -> impl IntoView + use<> {
        let l = lang();
        let next = format!("{list}?after={}", item.rank);
        let first = self.after.is_some().then(|| {
            let list = list.to_owned();
            view! { <a class="button" href=list data-key="k">{text::first(l)}<kbd class="keyboard-help" aria-hidden="true">"k"</kbd></a> }
        });
        view! {
            {first}
            <a class="button" href=next data-key="j">{text::next(l)}<kbd class="keyboard-help" aria-hidden="true">"j"</kbd></a>
        }
    }
}

/// `/p/:project/annotation/:task/review`.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let place = Place::of_address();
    let data = async move {
        let place = place?;
        Ok::<_, AppError>((place, get_review(place.project, place.task, place.after).await?))
    };
    load(data, |(place, view)| page(place, view))
}

fn page(place: Place, view: ReviewView) -> impl IntoView {
    let l = lang();
    let ReviewView { task, item, is_lead } = view;
    let to_task = routes::annotation_task(place.project, place.task);
    let body = match item {
        Some(item) => one(place, &task, &item, is_lead).into_any(),
        None => view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any(),
    };
    view! {
        <PageHeader title=text::title(l, &task.summary.name) lead=text::lead(l)>
            <a class="button button-quiet" href=to_task>{text::to_task(l)}</a>
        </PageHeader>
        {body}
    }
}

fn one(place: Place, task: &Task, item: &Item, is_lead: bool) -> impl IntoView + use<> {
    let l = lang();
    let list = routes::annotation_review(place.project, place.task);
    // The keys belong to the first judgement without a word on it.
    let current: Vec<&Judged> = current(item).collect();
    let first = current.iter().position(|j| review_of(item, j).is_none());
    let cards = current.iter().enumerate().map(|(at, judged)| {
        let who = sides::who(at, judged, is_lead);
        judgement(place, &task.design, item, judged, (who, first == Some(at)))
    });
    let cards = cards.collect_view();
    let waiting = text::waiting(l, integer(task.summary.counts.review));
    view! {
        <div class="actions">
            {place.links(&list, item)}
            <span class="muted">{waiting}</span>
        </div>
        <div class="work-layout">
            <section class="card stack" aria-label=text::item(l)>{content(&task.design, &item.content, &[])}</section>
            <div class="stack">{cards}</div>
        </div>
        <p id="work-state" class="work-state" role="status" aria-live="polite"></p>
        {shortcuts(&[("a", text::accept(l)), ("f", text::fix(l)), ("r", text::give_back(l)), ("j", text::next(l))])}
        <Keys/>
    }
}

/// The judgements of an item that count, in the order in which they came.
fn current(item: &Item) -> impl Iterator<Item = &Judged> {
    item.judgements.iter().filter(|j| !j.superseded && matches!(j.origin, Origin::Annotator | Origin::Import))
}

fn review_of<'a>(item: &'a Item, judged: &Judged) -> Option<&'a Reviewed> {
    item.reviews.iter().rev().find(|r| r.judgement_id == judged.id)
}

/// What one person said, and what can be said of it.
fn judgement(
    place: Place,
    design: &Design,
    item: &Item,
    judged: &Judged,
    (who, has_keys): (String, bool),
) -> impl IntoView + use<> {
    let l = lang();
    let key = move |key: &'static str| has_keys.then_some(key);
    let shown =
        move |key: &'static str| has_keys.then(|| view! { <kbd class="keyboard-help" aria-hidden="true">{key}</kbd> });
    let said = review_of(item, judged).map(|r| {
        let words = text::verdict(l, r.verdict);
        view! { <p class="muted"><bdi>{r.by.clone()}</bdi> ": " {words} " " <span dir="auto">{r.reason.clone()}</span></p> }
    });
    let id = judged.id.to_string();
    let hidden = |verdict: Verdict| {
        view! {
            <input type="hidden" name="ruling[judgement]" value=id.clone()/>
            <input type="hidden" name="ruling[verdict]" value=verdict.as_str()/>
        }
    };
    let ids = |verdict: Verdict| (place.ids(item), hidden(verdict));
    let (accepts, fixes, returns) = (ids(Verdict::Accept), ids(Verdict::Fix), ids(Verdict::Return));
    let filled = Filled { judgement: Some(&judged.judgement), suggestion: None };
    let questions = fields(design, &item.content, &[], filled);
    let reason_id = format!("reason-{id}");
    let (reason_field, reason_help) = (reason_id.clone(), format!("{reason_id}-help"));
    let took = judged.duration_ms.map(|ms| text::took(l, ms.div_ceil(1000)));
    view! {
        <article class="card review-judgement">
            <div class="card-title"><h2 dir="auto">{who}</h2><span class="muted">{took}</span></div>
            {sides::answers(design, item, judged)}
            {said}
            <div class="actions">
                <PostForm action={ServerAction::<DecideJudgement>::new()}>
                    {accepts}
                    <button class="button button-primary" type="submit" data-key=key("a")>{text::accept(l)}{shown("a")}</button>
                </PostForm>
            </div>
            <details class="review-fix">
                <summary class="button" data-key=key("f")>{text::fix(l)}{shown("f")}</summary>
                <PostForm action={ServerAction::<DecideJudgement>::new()} class="work-form">
                    {fixes}
                    {questions}
                    <div class="actions"><button class="button button-primary" type="submit">{text::save_fix(l)}</button></div>
                </PostForm>
            </details>
            <details class="review-return">
                <summary class="button" data-key=key("r")>{text::give_back(l)}{shown("r")}</summary>
                <PostForm action={ServerAction::<DecideJudgement>::new()}>
                    {returns}
                    <Field id=reason_field label=text::reason(l) help=text::reason_help(l)>
                        <textarea id=reason_id name="ruling[reason]" rows="2" dir="auto" required aria-describedby=reason_help></textarea>
                    </Field>
                    <button class="button" type="submit">{text::give_back(l)}</button>
                </PostForm>
            </details>
        </article>
    }
}
