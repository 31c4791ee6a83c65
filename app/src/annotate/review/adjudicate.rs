//! Items on which people differ: what each said side by side, and the decision.

use super::{Place, api::AdjudicateItem, current, sides, text};
use crate::{
    annotate::{
        content::content,
        fields::{Filled, fields},
    },
    text::lang,
    ui::{field::Field, form::PostForm},
};
use domain::annotation::{
    ItemStatus,
    design::Design,
    view::{Item, Judged, Task},
};
use leptos::prelude::*;

/// What each person said, and the forms that decide; while the item wants judgements or a reviewer, without them.
pub(super) fn one(place: Place, task: &Task, item: &Item, is_lead: bool) -> impl IntoView + use<> {
    let l = lang();
    let judged: Vec<&Judged> = current(item).collect();
    let may_decide = !matches!(item.status, ItemStatus::Open | ItemStatus::Review);
    let own = may_decide.then(|| own(place, &task.design, item, &judged));
    view! {
        <section class="card stack" aria-label=text::item(l)>{content(&task.design, &item.content, &[])}</section>
        {take(place, &task.design, item, &judged, (is_lead, may_decide))}
        {own}
    }
}

/// The judgements in columns, each with the button that takes it.
fn take(
    place: Place,
    design: &Design,
    item: &Item,
    judged: &[&Judged],
    (is_lead, may_decide): (bool, bool),
) -> impl IntoView + use<> {
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
    let buttons = may_decide.then(|| view! { <tr><td></td>{buttons.collect_view()}</tr> });
    let note = may_decide.then(|| {
        view! {
            <Field id="decide-comment" label=text::comment(l) help=text::decide_comment_help(l)>
                <input id="decide-comment" name="form[comment]" dir="auto" maxlength="4000" aria-describedby="decide-comment-help"/>
            </Field>
        }
    });
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
                        {buttons}
                    </tbody>
                </table>
            </div>
            {note}
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
