//! Items on which people differ: what each said side by side, and the decision.

use super::{
    Place,
    api::{AdjudicateItem, AdjudicateView, get_adjudication},
    current,
    keys::{Keys, shortcuts},
    sides, text,
};
use crate::{
    annotate::{
        content::content,
        fields::{Filled, fields},
    },
    error::AppError,
    routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::integer, frame::PageHeader, load::load, notice::Empty},
};
use domain::annotation::{
    design::Design,
    view::{Item, Judged, Task},
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/adjudicate`.
#[component]
pub fn AdjudicatePage() -> impl IntoView {
    let place = Place::of_address();
    let data = async move {
        let place = place?;
        Ok::<_, AppError>((place, get_adjudication(place.project, place.task, place.after).await?))
    };
    load(data, |(place, view)| page(place, view))
}

fn page(place: Place, view: AdjudicateView) -> impl IntoView {
    let l = lang();
    let AdjudicateView { task, item, is_lead } = view;
    let to_task = routes::annotation_task(place.project, place.task);
    let body = match item {
        Some(item) => one(place, &task, &item, is_lead).into_any(),
        None => view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any(),
    };
    view! {
        <PageHeader title=text::adjudicate_title(l, &task.summary.name) lead=text::adjudicate_lead(l)>
            <a class="button button-quiet" href=to_task>{text::to_task(l)}</a>
        </PageHeader>
        {body}
    }
}

fn one(place: Place, task: &Task, item: &Item, is_lead: bool) -> impl IntoView + use<> {
    let l = lang();
    let list = routes::annotation_adjudicate(place.project, place.task);
    let judged: Vec<&Judged> = current(item).collect();
    let waiting = text::adjudicate_waiting(l, integer(task.summary.counts.adjudication));
    view! {
        <div class="actions">
            {place.links(&list, item)}
            <span class="muted">{waiting}</span>
        </div>
        <section class="card stack" aria-label=text::item(l)>{content(&task.design, &item.content, &[])}</section>
        {take(place, &task.design, item, &judged, is_lead)}
        {own(place, &task.design, item, &judged)}
        <p id="work-state" class="work-state" role="status" aria-live="polite"></p>
        {shortcuts(&[("1–9", text::take_this(l)), ("o", text::own(l)), ("j", text::next(l))])}
        <Keys/>
    }
}

/// The judgements in columns, each with the button that takes it.
fn take(place: Place, design: &Design, item: &Item, judged: &[&Judged], is_lead: bool) -> impl IntoView + use<> {
    let l = lang();
    let heads = judged.iter().enumerate().map(|(at, j)| {
        let who = sides::who(at, j, is_lead);
        view! { <th scope="col" dir="auto">{who}</th> }
    });
    let heads = heads.collect_view();
    let rows = design.questions.iter().map(|q| {
        let differs = sides::differs(q, judged);
        let cells = judged.iter().map(|j| {
            let answer = sides::answer(item, q, &j.judgement);
            view! { <td class="said prose" dir="auto">{answer}</td> }
        });
        let cells = cells.collect_view();
        let mark = differs.then(|| view! { " " <span class="badge badge-warn">{text::differs(l)}</span> });
        view! { <tr class:differs=differs><th scope="row" dir="auto">{q.title.clone()}{mark}</th>{cells}</tr> }
    });
    let rows = rows.collect_view();
    let comments = judged.iter().map(|j| view! { <td>{sides::comment(&j.judgement)}</td> }).collect_view();
    let buttons = judged.iter().enumerate().map(|(at, j)| {
        let key = char::from_digit(at as u32 + 1, 10).map(String::from);
        let shown = key.clone().map(|key| view! { <kbd class="keyboard-help" aria-hidden="true">{key}</kbd> });
        view! {
            <td><button class="button button-primary" type="submit" name="take" value=j.id.to_string() data-key=key>{text::take_this(l)}{shown}</button></td>
        }
    });
    let buttons = buttons.collect_view();
    let ids = place.ids(item);
    view! {
        <PostForm action={ServerAction::<AdjudicateItem>::new()} class="stack">
            {ids}
            <div class="table-wrap">
                <table class="table sides">
                    <thead><tr><th scope="col">{text::question(l)}</th>{heads}</tr></thead>
                    <tbody>
                        {rows}
                        <tr><th scope="row">{text::comment(l)}</th>{comments}</tr>
                        <tr><td></td>{buttons}</tr>
                    </tbody>
                </table>
            </div>
            <Field id="decide-comment" label=text::comment(l) help=text::decide_comment_help(l)>
                <input id="decide-comment" name="form[comment]" dir="auto" maxlength="4000" aria-describedby="decide-comment-help"/>
            </Field>
        </PostForm>
    }
}

/// Answers of one's own; at first those of the first judgement that has any.
fn own(place: Place, design: &Design, item: &Item, judged: &[&Judged]) -> impl IntoView + use<> {
    let l = lang();
    let first = judged.iter().find(|j| !j.judgement.cannot_judge).map(|j| &j.judgement);
    let questions = fields(design, &item.content, &[], Filled { judgement: first, suggestion: None });
    let ids = place.ids(item);
    view! {
        <details class="card review-fix">
            <summary class="button" data-key="o">{text::own(l)}<kbd class="keyboard-help" aria-hidden="true">"o"</kbd></summary>
            <PostForm action={ServerAction::<AdjudicateItem>::new()} class="work-form">
                {ids}
                {questions}
                <div class="actions"><button class="button button-primary" type="submit">{text::save_own(l)}</button></div>
            </PostForm>
        </details>
    }
}
