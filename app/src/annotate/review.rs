//! Judged items before a reviewer: accept, fix, or send back with a reason; and items on which people differ before somebody
//! who decides (`adjudicate`). Both are gone through in the same frame, and what was decided can be looked at again (`history`).

mod adjudicate;
mod api;
mod history;
mod keys;
mod sides;
pub mod text;

pub use history::ReviewedPage;

use super::{
    content::content,
    fields::{Filled, fields},
    lead::item_status,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, integer},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use api::{DecideJudgement, QueueView, get_queue};
use domain::{
    annotation::{
        ItemStatus, Origin, Verdict,
        design::Design,
        review_view::Queue,
        view::{Item, Judged, Reviewed, Task},
    },
    id::{ItemId, ProjectId, TaskId},
};
use keys::{Keys, shortcuts};
use leptos::prelude::*;

/// A task by its address, and which item of a queue is asked for: by its id, or the first one behind a rank.
#[derive(Clone, Copy, Debug)]
struct Place {
    project: ProjectId,
    task: TaskId,
    queue: Queue,
    item: Option<ItemId>,
    after: Option<u32>,
}

impl Place {
    fn of_address(queue: Queue) -> Result<Self, AppError> {
        let (item, after) = (routes::query("item"), routes::query("after"));
        Ok(Self { project: routes::param("project")?, task: routes::param("task")?, queue, item, after })
    }

    /// What every form about an item posts. Whoever has decided goes on behind it.
    fn ids(self, item: &Item) -> impl IntoView + use<> {
        view! {
            <input type="hidden" name="project" value=self.project.to_string()/>
            <input type="hidden" name="task" value=self.task.to_string()/>
            <input type="hidden" name="item" value=item.id.to_string()/>
            <input type="hidden" name="after" value=item.rank.to_string()/>
        }
    }

    fn list(self) -> String {
        match self.queue {
            Queue::Review => routes::annotation_review(self.project, self.task),
            Queue::Adjudication => routes::annotation_adjudicate(self.project, self.task),
        }
    }

    /// The address of an item in its queue, which stays the same when it waits no longer.
    fn address(self, item: ItemId) -> String {
        format!("{}?item={item}", self.list())
    }
}

/// `/p/:project/annotation/:task/review?item=&after=`.
#[component]
pub fn ReviewPage() -> impl IntoView {
    queue_page(Queue::Review)
}

/// `/p/:project/annotation/:task/adjudicate?item=&after=`.
#[component]
pub fn AdjudicatePage() -> impl IntoView {
    queue_page(Queue::Adjudication)
}

fn queue_page(queue: Queue) -> impl IntoView {
    let place = Place::of_address(queue);
    let data = async move {
        let place = place?;
        let view = get_queue(place.project, place.task, place.queue, place.after, place.item).await?;
        Ok::<_, AppError>((place, view))
    };
    load(data, |(place, view)| frame(place, &view))
}

/// The page of a queue around one of its items.
fn frame(place: Place, view: &QueueView) -> impl IntoView + use<> {
    let l = lang();
    let (name, counts) = (&view.task.summary.name, view.task.summary.counts);
    let (title, lead, waiting) = match place.queue {
        Queue::Review => (text::title(l, name), text::lead(l), text::waiting(l, integer(counts.review))),
        Queue::Adjudication => {
            let waiting = text::adjudicate_waiting(l, integer(counts.adjudication));
            (text::adjudicate_title(l, name), text::adjudicate_lead(l), waiting)
        }
    };
    let body = match &view.item {
        Some(item) => around(place, view, item, waiting).into_any(),
        None => view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any(),
    };
    view! {
        <PageHeader title lead>
            <a class="button" href=routes::annotation_reviewed(place.project, place.task) data-key="h">
                {text::history(l)}<kbd class="keyboard-help" aria-hidden="true">"h"</kbd>
            </a>
            <a class="button button-quiet" href=routes::annotation_task(place.project, place.task)>{text::to_task(l)}</a>
        </PageHeader>
        {body}
    }
}

/// An item with what leads to the others.
fn around(place: Place, view: &QueueView, item: &Item, waiting: String) -> impl IntoView + use<> {
    let l = lang();
    let (shown, keys) = match place.queue {
        Queue::Review => {
            let keys = [("a", text::accept(l)), ("f", text::fix(l)), ("r", text::give_back(l))];
            (one(place, &view.task, item, view.is_lead).into_any(), keys.to_vec())
        }
        Queue::Adjudication => {
            let keys = [("1–9", text::take_this(l)), ("o", text::own(l))];
            (adjudicate::one(place, &view.task, item, view.is_lead).into_any(), keys.to_vec())
        }
    };
    let moves = [("k", text::previous(l)), ("j", text::next(l)), ("h", text::history(l))];
    let keys: Vec<_> = keys.into_iter().chain(moves).collect();
    let (words, class) = item_status(l, item.status);
    view! {
        <div class="actions">
            {step(view.before.map(|id| place.address(id)), "prev", "k", text::previous(l))}
            {step(view.behind.map(|id| place.address(id)), "next", "j", text::next(l))}
            <a href=place.address(item.id)>{text::item_number(l, item.rank + 1)}</a>
            <span class=class>{words}</span>
            <span class="muted">{waiting}</span>
        </div>
        {shown}
        {said_before(item)}
        <p id="work-state" class="work-state" role="status" aria-live="polite"></p>
        {shortcuts(&keys)}
        <Keys/>
    }
}

/// A link to the next or previous item; where there is none, its place is kept.
fn step(to: Option<String>, rel: &'static str, key: &'static str, words: &'static str) -> AnyView {
    match to {
        Some(href) => view! {
            <a class="button" rel=rel href=href data-key=key>{words}<kbd class="keyboard-help" aria-hidden="true">{key}</kbd></a>
        }
        .into_any(),
        None => view! { <span class="button button-quiet" aria-disabled="true">{words}</span> }.into_any(),
    }
}

/// What reviewers have said of judgements that were replaced since: the others show it themselves.
fn said_before(item: &Item) -> Option<impl IntoView + use<>> {
    let l = lang();
    let is_current = |r: &&Reviewed| current(item).any(|j| j.id == r.judgement_id);
    let lines = item.reviews.iter().filter(|r| !is_current(r)).map(|r| view! { <li>{reviewed(r)}</li> });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| view! { <section><h2>{text::said_before(l)}</h2><ul>{lines}</ul></section> })
}

fn reviewed(r: &Reviewed) -> impl IntoView + use<> {
    let words = text::verdict(lang(), r.verdict);
    view! { <bdi>{r.by.clone()}</bdi> ": " {words} " " <span dir="auto">{r.reason.clone()}</span> " · " <Time at=r.at/> }
}

fn one(place: Place, task: &Task, item: &Item, is_lead: bool) -> impl IntoView + use<> {
    let l = lang();
    let is_waiting = item.status == ItemStatus::Review;
    // The keys belong to the first judgement without a word on it.
    let current: Vec<&Judged> = current(item).collect();
    let first = current.iter().position(|j| review_of(item, j).is_none()).filter(|_| is_waiting);
    let cards = current.iter().enumerate().map(|(at, judged)| {
        let who = sides::who(at, judged, is_lead);
        judgement(place, &task.design, item, judged, (who, first == Some(at)))
    });
    let cards = cards.collect_view();
    let anew =
        matches!(item.status, ItemStatus::Accepted | ItemStatus::Excluded | ItemStatus::Adjudication).then(|| {
            let href = Place { queue: Queue::Adjudication, ..place }.address(item.id);
            view! { <p><a class="button" href=href>{text::decide_anew(l)}</a></p> }
        });
    view! {
        <div class="work-layout">
            <section class="card stack" aria-label=text::item(l)>{content(&task.design, &item.content, &[])}</section>
            <div class="stack">{cards}{anew}</div>
        </div>
    }
}

/// The judgements of an item that count, in the order in which they came.
fn current(item: &Item) -> impl Iterator<Item = &Judged> {
    item.judgements.iter().filter(|j| !j.superseded && matches!(j.origin, Origin::Annotator | Origin::Import))
}

fn review_of<'a>(item: &'a Item, judged: &Judged) -> Option<&'a Reviewed> {
    item.reviews.iter().rev().find(|r| r.judgement_id == judged.id)
}

/// What one person said, and where the item waits for it, what can be said of that.
fn judgement(
    place: Place,
    design: &Design,
    item: &Item,
    judged: &Judged,
    (who, has_keys): (String, bool),
) -> impl IntoView + use<> {
    let l = lang();
    let said = review_of(item, judged).map(|r| view! { <p class="muted">{reviewed(r)}</p> });
    let took = judged.duration_ms.map(|ms| text::took(l, ms.div_ceil(1000)));
    let forms = (item.status == ItemStatus::Review).then(|| decide(place, design, item, judged, has_keys));
    view! {
        <article class="card review-judgement">
            <div class="card-title"><h2 dir="auto">{who}</h2><span class="muted">{took}</span></div>
            {sides::answers(design, item, judged)}
            {said}
            {forms}
        </article>
    }
}

/// The forms that accept, fix and return a judgement.
fn decide(place: Place, design: &Design, item: &Item, judged: &Judged, has_keys: bool) -> impl IntoView + use<> {
    let l = lang();
    let key = move |key: &'static str| has_keys.then_some(key);
    let shown =
        move |key: &'static str| has_keys.then(|| view! { <kbd class="keyboard-help" aria-hidden="true">{key}</kbd> });
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
    view! {
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
    }
}
