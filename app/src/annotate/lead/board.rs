//! A task at work: how far its items are, how each person does, what does not get on.

use super::{
    api::{LetTryAgain, SetTaskStatus, TaskView, get_task},
    asked, ids,
    list::{day, given},
    sharing, status, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Confirm,
        form::PostForm,
        format::{Time, duration, integer},
        frame::PageHeader,
        job::JobProgress,
        load::load,
    },
};
use domain::{
    access::Action,
    annotation::{
        TaskStatus,
        overlap::MoreOverlap,
        view::{Board, Day, ItemCounts, PersonAtWork, Stuck, Task},
    },
    id::{ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task`.
#[component]
pub fn TaskPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, task) = asked?;
        Ok::<_, AppError>((project, get_task(project, task).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, view: TaskView) -> impl IntoView {
    let l = lang();
    let id = view.task.summary.id;
    let here = routes::annotation_task(project, id);
    let job = view.job.map(|job| view! { <JobProgress project job then=here/> });
    let (words, class) = status(l, view.task.summary.status);
    let summary = &view.task.summary;
    let data = text::version_name(l, &summary.dataset_name, summary.version_number);
    let to_data = routes::version(project, summary.dataset_id, summary.version_number.cast_signed());
    let links = links(project, l, &view);
    let (counts, days, set_up) =
        (counts(l, &view.board, view.sees_all), days(l, &view.board.days), set_up(l, &view.task));
    let people = summary.filled.then(|| people(project, id, l, view.board.people.clone()));
    let stuck = view.sees_all.then(|| stuck(project, id, l, view.board.stuck.clone()));
    let deadline = summary.deadline.map(|at| view! { <span>{text::deadline(l)}" "{day(&at)}</span> });
    let overdue = sharing::mark(l, summary.overdue);
    let extend = role::may(Action::EditDatasets).then(|| sharing::extend(project, l, &view.task, view.due));
    let may_raise = role::may(Action::EditDatasets)
        && matches!(summary.status, TaskStatus::Open | TaskStatus::Paused)
        && !MoreOverlap::is_all(&view.task.distribution);
    let raise = may_raise.then(|| sharing::raise(project, l, &view.task, view.board.counts.accepted));
    view! {
        <PageHeader title=summary.name.clone()>{links}</PageHeader>
        <p class="annotation-line">
            <span class=class>{words}</span>
            <a href=to_data dir="auto">{data}</a>
            {deadline}
            {overdue}
        </p>
        {extend}
        {raise}
        {job}
        {counts}
        {people}
        {days}
        {stuck}
        {set_up}
    }
}

/// Where to go from here, and the task's next status.
fn links(project: ProjectId, l: Lang, view: &TaskView) -> impl IntoView + use<> {
    let summary = &view.task.summary;
    let (id, counts, now) = (summary.id, view.board.counts, summary.status);
    let link = |href: String, words: String| view! { <a class="button" href=href>{words}</a> };
    let work = (now == TaskStatus::Open && role::may(Action::Annotate)).then(
        || view! { <a class="button button-primary" href=routes::annotation_work(project, id)>{text::to_work(l)}</a> },
    );
    let review = view.may_review.then(|| {
        let waiting = [
            link(routes::annotation_review(project, id), text::to_review(l, integer(counts.review))),
            link(routes::annotation_adjudicate(project, id), text::to_adjudicate(l, integer(counts.adjudication))),
        ];
        waiting.collect_view()
    });
    let may_lead = role::may(Action::EditDatasets) && summary.filled;
    let changes = may_lead.then(|| {
        let next = [TaskStatus::Open, TaskStatus::Paused, TaskStatus::Closed];
        next.into_iter()
            .filter(|next| now.can_become(*next))
            .map(|next| change(project, id, l, now, next))
            .collect_view()
    });
    let labels = role::may(Action::EditDatasets)
        .then(|| link(routes::annotation_labels(project, id), text::to_labels(l).to_owned()));
    view! {
        {work}
        {review}
        {labels}
        {link(routes::annotation_batches(project, id), sharing::text::to_batches(l).to_owned())}
        {link(routes::annotation_items(project, id), text::to_items(l).to_owned())}
        {link(routes::annotation_agreement(project, id), text::to_agreement(l).to_owned())}
        {link(routes::annotation_guideline(project, id), text::to_guideline(l).to_owned())}
        {changes}
    }
}

fn change(project: ProjectId, task: TaskId, l: Lang, now: TaskStatus, next: TaskStatus) -> AnyView {
    let words = match (now, next) {
        (TaskStatus::Closed | TaskStatus::Paused, TaskStatus::Open) => text::reopen_task(l),
        (_, TaskStatus::Open) => text::open_task(l),
        (_, TaskStatus::Paused) => text::pause_task(l),
        _ => text::close_task(l),
    };
    let form = view! {
        <PostForm action={ServerAction::<SetTaskStatus>::new()}>
            {ids(project, task)}
            <input type="hidden" name="status" value=next.as_str()/>
            <button class="button" class:button-primary=now == TaskStatus::Draft type="submit">{words}</button>
        </PostForm>
    };
    if next == TaskStatus::Closed {
        return view! { <Confirm label=words question=text::close_question(l)>{form}</Confirm> }.into_any();
    }
    form.into_any()
}

/// How far the items are; at what pace only for whoever sees all.
fn counts(l: Lang, board: &Board, sees_all: bool) -> impl IntoView + use<> {
    let ItemCounts { open, judged, review, adjudication, accepted, excluded, gold, wanted, given: done } = board.counts;
    let numbers = [
        (text::item_open(l), open),
        (text::item_judged(l), judged),
        (text::item_review(l), review),
        (text::item_adjudication(l), adjudication),
        (text::item_accepted(l), accepted),
        (text::item_excluded(l), excluded),
        (text::gold(l), gold),
    ];
    let stats = numbers.map(|(label, n)| {
        view! { <div class="stat"><span class="stat-label">{label}</span><span class="stat-value">{integer(n)}</span></div> }
    });
    let left = match board.seconds_left {
        Some(seconds) => format!("{}: {} ({})", text::left(l), duration(seconds, l), text::left_help(l)),
        None => format!("{}: {}", text::left(l), text::no_pace(l)),
    };
    let left = sees_all.then(|| view! { <p class="help">{left}</p> });
    view! {
        <section class="card">
            {given(l, true, done, wanted)}
            {left}
        </section>
        <div class="stats">{stats}</div>
    }
}

fn people(project: ProjectId, task: TaskId, l: Lang, people: Vec<PersonAtWork>) -> impl IntoView {
    if people.is_empty() {
        return view! { <section class="card"><h2>{text::at_work(l)}</h2><p class="muted">{text::nobody(l)}</p></section> }.into_any();
    }
    let heads = [
        text::judged(l),
        text::skipped(l),
        text::returned(l),
        text::cannot_judge(l),
        text::median(l),
        text::gold_right(l),
        text::qualified(l),
        text::last_at(l),
    ];
    let heads = heads.map(|head| view! { <th scope="col" class="num">{head}</th> });
    let may = role::may(Action::EditDatasets);
    let help =
        (may && people.iter().any(|p| p.failed)).then(|| view! { <p class="help">{text::try_again_help(l)}</p> });
    let rows = people.into_iter().map(|p| {
        let again = (may && p.failed).then(|| try_again(project, task, l, &p));
        person(l, p, again)
    });
    let rows = rows.collect_view();
    view! {
        <section class="stack">
            <h2>{text::at_work(l)}</h2>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead><tr><th scope="col">{text::person(l)}</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {help}
        </section>
    }
    .into_any()
}

/// Lets somebody who failed the entry test begin it anew.
fn try_again(project: ProjectId, task: TaskId, l: Lang, p: &PersonAtWork) -> AnyView {
    let user = p.person.id.to_string();
    view! {
        <PostForm action={ServerAction::<LetTryAgain>::new()}>
            {ids(project, task)}
            <input type="hidden" name="user" value=user/>
            <button class="button" type="submit">{text::try_again(l)}</button>
        </PostForm>
    }
    .into_any()
}

fn person(l: Lang, p: PersonAtWork, again: Option<AnyView>) -> impl IntoView {
    let cell = |label: &'static str, words: String| view! { <td class="num" data-label=label>{words}</td> };
    let median = p.median_ms.map(|ms| text::seconds(l, format!("{:.1}", ms as f64 / 1000.0))).unwrap_or_default();
    let gold = if p.gold_judged > 0 { text::of(l, p.gold_right, p.gold_judged) } else { String::new() };
    let qualified = p.qualified.map(|q| if q { text::passed(l) } else { text::not_passed(l) });
    view! {
        <tr>
            <th scope="row"><bdi>{p.person.name}</bdi></th>
            {cell(text::judged(l), integer(p.judged))}
            {cell(text::skipped(l), integer(p.skipped))}
            {cell(text::returned(l), integer(p.returned))}
            {cell(text::cannot_judge(l), integer(p.cannot_judge))}
            {cell(text::median(l), median)}
            {cell(text::gold_right(l), gold)}
            <td class="num" data-label=text::qualified(l)>{qualified.map(|words| view! { <div>{words}{again}</div> })}</td>
            <td class="num" data-label=text::last_at(l)>{p.last_at.map(|at| view! { <Time at/> })}</td>
        </tr>
    }
}

/// A bar for each day, the busiest one full.
fn days(l: Lang, days: &[Day]) -> impl IntoView + use<> {
    let most = days.iter().map(|d| d.judged).max().unwrap_or(0).max(1);
    let rows = days.iter().map(|d| {
        view! {
            <tr>
                <th scope="row" class="nowrap">{d.day.clone()}</th>
                <td><meter min="0" max=most.to_string() value=d.judged.to_string() aria-hidden="true"></meter></td>
                <td class="num">{integer(d.judged)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    (!days.is_empty()).then(|| {
        view! {
            <section class="stack">
                <h2>{text::days_title(l)}</h2>
                <div class="table-wrap"><table class="table annotation-days"><tbody>{rows}</tbody></table></div>
            </section>
        }
    })
}

fn stuck(project: ProjectId, task: TaskId, l: Lang, stuck: Vec<Stuck>) -> impl IntoView {
    if stuck.is_empty() {
        return view! { <section class="card"><h2>{text::stuck_title(l)}</h2><p class="muted">{text::nothing_stuck(l)}</p></section> }.into_any();
    }
    let rows = stuck.into_iter().map(|s| {
        view! {
            <tr>
                <th scope="row"><a href=routes::annotation_item(project, task, s.item_id)>{format!("{} {}", text::item(l), s.rank + 1)}</a></th>
                <td class="num">{integer(s.skipped)}</td>
                <td class="num">{integer(s.returned)}</td>
                <td class="num">{integer(s.cannot_judge)}</td>
                <td dir="auto">{s.held_by}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="stack">
            <h2>{text::stuck_title(l)}</h2>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{text::item(l)}</th>
                            <th scope="col" class="num">{text::skipped(l)}</th>
                            <th scope="col" class="num">{text::returned(l)}</th>
                            <th scope="col" class="num">{text::cannot_judge(l)}</th>
                            <th scope="col">{text::held_by(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// What is asked, of how many people, and who takes part.
fn set_up(l: Lang, task: &Task) -> impl IntoView + use<> {
    let questions = task.design.questions.iter().map(|q| {
        let options: Vec<String> = q.kind.options().iter().map(|o| o.shown().to_owned()).collect();
        let options = (!options.is_empty()).then(|| format!(" · {}", options.join(" / ")));
        view! { <li dir="auto"><strong>{q.title.clone()}</strong>" "<span class="muted">{text::kind(l, q.kind.word())}{options}</span></li> }
    });
    let questions = questions.collect_view();
    let d = &task.distribution;
    let names = |people: &[domain::annotation::view::Person]| {
        people.iter().map(|p| p.name.clone()).collect::<Vec<_>>().join(", ")
    };
    let groups = task.groups.iter().map(|g| g.name.clone()).collect::<Vec<_>>().join(", ");
    let facts = [
        (text::overlap(l), text::wanted_by(l, d.overlap)),
        (text::order(l), text::order_name(l, d.order).to_owned()),
        (text::review(l), text::review_name(l, d.review).to_owned()),
        (text::lock_minutes(l), d.lock_minutes.to_string()),
        (text::annotators(l), names(&task.annotators)),
        (sharing::text::groups_label(l), groups),
        (text::reviewers(l), names(&task.reviewers)),
    ];
    let facts = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd dir="auto">{value}</dd></div> })
        .collect_view();
    view! {
        <details class="card fold">
            <summary>{text::settings(l)}</summary>
            <h3>{text::asked(l)}</h3>
            <ol>{questions}</ol>
            <dl class="meta">{facts}</dl>
        </details>
    }
}
