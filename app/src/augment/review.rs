//! The texts that a model wrote, and the decisions on them.

use super::{
    Shown,
    api::{AugmentView, DecideTexts, PAGE, TakeTexts},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Confirm,
        form::{PostForm, version_fields},
        format::integer,
        notice::Empty,
    },
};
use domain::{
    access::Action,
    dataset::Version,
    id::ProjectId,
    paraphrase::{Decision, Gate, Proposal},
};
use leptos::prelude::*;

pub(super) fn card(project: ProjectId, view: &AugmentView, shown: Shown) -> impl IntoView + use<> {
    let l = lang();
    let (version, counts) = (&view.version, view.counts);
    let here = routes::augment(project, version.dataset_id, version.number);
    let tab = |count: u64, label: &'static str, query: &'static str, is_here: bool| {
        view! { <a href=format!("{here}{query}#texts") aria-current=is_here.then_some("page")>{label} " " <span class="muted">{integer(count)}</span></a> }
    };
    let waits = shown.decision == Decision::Waiting;
    let tabs = view! {
        {tab(counts.waiting, text::waiting(l), "", waits && !shown.stopped)}
        {tab(counts.stopped, text::stopped(l), "?stopped=1", waits && shown.stopped)}
        {tab(counts.accepted, text::accepted(l), "?decision=accepted", shown.decision == Decision::Accepted)}
        {tab(counts.rejected, text::rejected(l), "?decision=rejected", shown.decision == Decision::Rejected)}
    };
    let list = if view.items.is_empty() {
        view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any()
    } else {
        texts(project, version, &view.items, shown).into_any()
    };
    let next =
        (view.items.len() == PAGE as usize).then(|| view.items.last().map(|last| last.id)).flatten().map(|after| {
            let stopped = if shown.stopped { "&stopped=1" } else { "" };
            let href = format!("{here}?decision={}{stopped}&after={after}#texts", shown.decision.as_str());
            view! { <nav class="pager"><a class="button button-small" rel="next" href=href>{text::next(l)}</a></nav> }
        });
    view! {
        <section class="card stack" id="texts">
            <h2>{text::texts(l)}</h2>
            <nav class="tabs" aria-label=text::texts(l)>{tabs}</nav>
            {actions(project, version, shown, (counts.waiting, counts.accepted))}
            {list}
            {next}
        </section>
    }
}

/// What can be done with all of them.
fn actions(
    project: ProjectId,
    version: &Version,
    shown: Shown,
    (waiting, accepted): (u64, u64),
) -> impl IntoView + use<> {
    let l = lang();
    let all = (waiting > 0 && shown.decision == Decision::Waiting && !shown.stopped && role::may(Action::Annotate)).then(|| {
        let ids = version_fields(project, version);
        view! {
            <Confirm label=text::accept_all(l) question=text::accept_all_question(l, integer(waiting))>
                <PostForm action={ServerAction::<DecideTexts>::new()}>
                    {ids}
                    <button class="button button-primary" type="submit" name="decision" value="accepted">{text::accept_all(l)}</button>
                </PostForm>
            </Confirm>
        }
    });
    let take = (accepted > 0 && role::may(Action::EditDatasets)).then(|| {
        let ids = version_fields(project, version);
        view! {
            <PostForm action={ServerAction::<TakeTexts>::new()}>
                {ids}
                <button class="button button-primary" type="submit">{text::take(l, integer(accepted))}</button>
            </PostForm>
        }
    });
    view! { <div class="actions">{all}{take}</div> }
}

fn texts(project: ProjectId, version: &Version, items: &[Proposal], shown: Shown) -> impl IntoView + use<> {
    let l = lang();
    let may_decide = role::may(Action::Annotate);
    let rows = items.iter().map(|item| {
        let href = routes::explored_sample(project, version.dataset_id, version.number, item.sample_id);
        let gate = (item.gate != Gate::Passed).then(|| view! { <p><span class="badge badge-warn">{text::gate(l, item.gate)}</span></p> });
        let choose = may_decide.then(|| {
            view! { <td><input type="checkbox" name="ids[]" value=item.id.to_string() aria-label=text::choose(l)/></td> }
        });
        view! {
            <tr>
                {choose}
                <td class="prose" dir="auto"><a href=href>{item.before.clone()}</a></td>
                <td class="prose" dir="auto">{item.after.clone()}{gate}</td>
                <td class="muted">{text::way(l, item.way)} " · " <bdi>{item.writer.clone()}</bdi></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let decide = may_decide.then(|| {
        let button = |decision: Decision, label: &'static str, look: &'static str| {
            (shown.decision != decision).then(
                || view! { <button class=look type="submit" name="decision" value=decision.as_str()>{label}</button> },
            )
        };
        view! {
            <div class="actions">
                {button(Decision::Accepted, text::accept(l), "button button-primary")}
                {button(Decision::Rejected, text::reject(l), "button")}
                {button(Decision::Waiting, text::put_back(l), "button button-quiet")}
            </div>
            <p class="help">{text::decide_help(l)}</p>
        }
    });
    let ids = version_fields(project, version);
    view! {
        <PostForm action={ServerAction::<DecideTexts>::new()} class="stack">
            {ids}
            <input type="hidden" name="chosen" value="1"/>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            {may_decide.then(|| view! { <th scope="col"><span class="visually-hidden">{text::choose(l)}</span></th> })}
                            <th scope="col">{text::before(l)}</th>
                            <th scope="col">{text::after(l)}</th>
                            <th scope="col">{text::by(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {decide}
        </PostForm>
    }
}
