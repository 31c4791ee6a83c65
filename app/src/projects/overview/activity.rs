//! What happened lately, in words.

use super::text;
use crate::{routes, ui::format::Time, words::bad_case_status};
use domain::{badcase::BadCaseStatus, id::ProjectId, lang::Lang, people::ActivityEntry};
use leptos::prelude::*;

/// The entries, newest first.
pub(super) fn list(project: ProjectId, entries: Vec<ActivityEntry>, l: Lang) -> AnyView {
    if entries.is_empty() {
        return view! { <p class="muted">{text::quiet(l)}</p> }.into_any();
    }
    let items = entries.into_iter().map(|e| {
        let who = e.person.clone().unwrap_or_else(|| text::the_server(l).to_owned());
        let name = name(l, &e);
        let object = match link(project, &e) {
            Some(href) => view! { <a href=href><bdi>{name}</bdi></a> }.into_any(),
            None => view! { <bdi>{name}</bdi> }.into_any(),
        };
        view! { <li><strong><bdi>{who}</bdi></strong>" "{verb(l, &e.verb)}" "{object}<span class="muted activity-time"><Time at=e.at/></span></li> }
    });
    view! { <ul class="activity">{items.collect_view()}</ul> }.into_any()
}

/// What it was done to: its name, or of a bad case how it was judged.
fn name(l: Lang, e: &ActivityEntry) -> String {
    match e.object_name.parse::<BadCaseStatus>() {
        Ok(status) if e.verb == "bad_case.judged" => bad_case_status(l, status).to_owned(),
        _ if e.verb == "rows.forgotten" => text::samples(l, &e.object_name),
        _ if e.verb == "bad_case.added" => text::a_bad_case(l).to_owned(),
        _ if e.object_name.is_empty() => e.object_id.clone(),
        _ => e.object_name.clone(),
    }
}

/// The page of the thing, where it has one.
fn link(project: ProjectId, e: &ActivityEntry) -> Option<String> {
    let id = &e.object_id;
    Some(match e.verb.split('.').next()? {
        "run" => routes::run(project, id.parse().ok()?),
        "sweep" => routes::sweep(project, id.parse().ok()?),
        "model" => routes::model(project, id.parse().ok()?),
        "bad_case" => routes::bad_case(project, id.parse().ok()?),
        "bad_cases" => routes::bad_cases(project),
        "report" => routes::report(project, id.parse().ok()?),
        "rows" => routes::forget(project),
        "runs" => routes::table(project),
        "table_view" => format!("{}?view={id}", routes::table(project)),
        "dataset" => routes::dataset(project, id.parse().ok()?),
        "suite" => routes::suite(project, id.parse().ok()?),
        "judge" => routes::judge(project, id.parse().ok()?),
        "judging" => routes::judging(project, id.parse().ok()?),
        "judges" => routes::judges(project),
        _ => return None,
    })
}

/// What was done. Verbs without a word of their own are shown as they are.
fn verb(l: Lang, verb: &str) -> String {
    let word = match verb {
        "run.launched" => text::run_launched(l),
        "run.succeeded" => text::run_succeeded(l),
        "run.failed" => text::run_failed(l),
        "run.cancelled" => text::run_cancelled(l),
        "runs.tagged" => text::runs_tagged(l),
        "runs.noted" => text::runs_noted(l),
        "runs.archived" => text::runs_archived(l),
        "runs.restored" => text::runs_restored(l),
        "table_view.saved" => text::table_view_saved(l),
        "sweep.started" => text::sweep_started(l),
        "sweep.ended" => text::sweep_ended(l),
        "sweep.cancelled" => text::sweep_cancelled(l),
        "model.registered" => text::model_registered(l),
        "version.created" => text::version_created(l),
        "rows.forgotten" => text::rows_forgotten(l),
        "benchmark.added" => text::benchmark_added(l),
        "benchmark.removed" => text::benchmark_removed(l),
        "annotation.created" => text::task_created(l),
        "annotation.edited" => text::task_edited(l),
        "annotation.opened" => text::task_opened(l),
        "annotation.paused" => text::task_paused(l),
        "annotation.closed" => text::task_closed(l),
        "annotation.gold_set" => text::gold_set(l),
        "annotation.gold_removed" => text::gold_removed(l),
        "annotation.retried" => text::qualification_again(l),
        "annotation.batch_edited" => text::batch_edited(l),
        "annotation.overlap_raised" => text::overlap_raised(l),
        "group.created" => text::group_created(l),
        "group.edited" => text::group_edited(l),
        "group.deleted" => text::group_deleted(l),
        "judge.created" => text::judge_created(l),
        "judge.changed" => text::judge_changed(l),
        "judging.started" => text::judging_started(l),
        "judges.bar_set" => text::judge_bar_set(l),
        "guideline.revised" => text::guideline_revised(l),
        "bad_case.judged" => text::bad_case_judged(l),
        "bad_case.added" => text::bad_case_added(l),
        "bad_cases.changed" => text::bad_cases_changed(l),
        "report.created" => text::report_created(l),
        "report.submitted" => text::report_submitted(l),
        "report.approved" => text::report_approved(l),
        "report.returned" => text::report_returned(l),
        "member.joined" => text::member_joined(l),
        "member.removed" => text::member_removed(l),
        "member.role_changed" => text::role_changed(l),
        "project.created" => text::project_created(l),
        "project.updated" => text::project_updated(l),
        "dataset.archived" => text::dataset_archived(l),
        "suite.created" => text::suite_created(l),
        other => return other.replace(['.', '_'], " "),
    };
    word.to_owned()
}
