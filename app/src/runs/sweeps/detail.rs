//! The page of one sweep.

use super::{
    api::{CancelSweep, get_sweep},
    plots, tables, text,
};
use crate::{
    error::AppError,
    role, routes,
    runs::list::Refresh,
    text::lang,
    ui::{
        field::Confirm,
        format::{Time, duration},
        frame::PageHeader,
        load::{load, refuse},
        metric,
    },
    words::run_problem,
};
use domain::{
    access::Action,
    compare::MIN_RUNS,
    id::{ProjectId, SweepId},
    lang::Lang,
    sweep::{Strategy, SweepDetail, SweepStatus, TrialRun, best_first},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Runs that the link to the comparison takes.
const COMPARED: usize = 5;

/// `/p/:project/sweeps/:sweep?sort=`
#[component]
pub fn SweepPage() -> impl IntoView {
    match (routes::param::<ProjectId>("project"), routes::param::<SweepId>("sweep")) {
        (Ok(project), Ok(sweep)) => {
            load(get_sweep(project, sweep), move |(sweep, runs)| page(project, sweep, runs)).into_any()
        }
        _ => refuse(AppError::NotFound).into_any(),
    }
}

fn page(project: ProjectId, sweep: SweepDetail, runs: Vec<TrialRun>) -> impl IntoView {
    let l = lang();
    let s = sweep.summary.clone();
    let is_running = s.status == SweepStatus::Running;
    let export = |format| format!("/api/v1/projects/{project}/sweeps/{}/trials?format={format}", s.id);
    let (csv, json) = (export("csv"), export("json"));
    let lead = format!("{} · {}", text::strategy_name(l, &s.strategy), metric::name(l, s.goal.as_str()));
    let cancel = (is_running && role::may(Action::Launch)).then(|| {
        view! {
            <Confirm label=text::cancel(l) question=text::cancel_question(l)>
                <form method="post" action=CancelSweep::url()>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="sweep" value=s.id.to_string()/>
                    <button type="submit" class="button button-danger">{text::cancel_now(l)}</button>
                </form>
            </Confirm>
        }
    });
    let facts = facts(project, &sweep, l);
    view! {
        <PageHeader title=s.name lead>
            <a class="button" href=csv download="">{text::csv(l)}</a>
            <a class="button" href=json download="">{text::json(l)}</a>
            {cancel}
        </PageHeader>
        {is_running.then(|| view! { <Refresh/> })}
        {facts}
        <div class="stack" id="sweep-now" data-live>{now(project, sweep, runs, l)}</div>
    }
}

/// Model, data, person.
fn facts(project: ProjectId, sweep: &SweepDetail, l: Lang) -> impl IntoView + use<> {
    let s = &sweep.summary;
    let version = crate::runs::text::version_label(l, &s.dataset_name, s.version_number);
    view! {
        <section class="card">
            <dl class="meta">
                <div><dt>{text::model(l)}</dt><dd><a href=routes::model(project, s.model_id)><bdi>{s.model_name.clone()}</bdi></a></dd></div>
                <div><dt>{text::dataset(l)}</dt><dd><a href=routes::version(project, s.dataset_id, s.version_number)><bdi>{version}</bdi></a></dd></div>
                <div><dt>{text::started(l)}</dt><dd><Time at=s.created_at/> " · " {s.created_by.clone()}</dd></div>
            </dl>
        </section>
    }
}

/// What changes while it runs. No island stands in here: the browser takes it over as it is.
fn now(project: ProjectId, sweep: SweepDetail, runs: Vec<TrialRun>, l: Lang) -> impl IntoView {
    let (s, plan) = (&sweep.summary, &sweep.plan);
    let (status, class) = text::status_name(l, s.status);
    let best: Vec<_> = best_first(plan, &runs).into_iter().take(COMPARED).collect();
    let compare = (best.len() >= MIN_RUNS)
        .then(|| view! { <a class="button" href=routes::compare(project, &best)>{text::compare_best(l)}</a> });
    let findings = if matches!(plan.strategy, Strategy::Ablation { .. }) {
        view! {
            <section class="card">
                <h2>{text::effects(l)}</h2>
                {tables::effects(plan, &sweep.analysis, l)}
                <p class="help">{text::effects_help(l)}</p>
            </section>
        }
        .into_any()
    } else {
        let parallel = plots::parallel(project, plan, &runs, l).map(|plot| {
            view! { <section class="card"><h2>{text::parallel(l)}</h2>{plot}<p class="help">{text::parallel_help(l)}</p></section> }
        });
        view! {
            {parallel}
            <section class="card">
                <h2>{text::importance(l)}</h2>
                {tables::importance(&sweep.analysis, l)}
                <p class="help">{text::importance_help(l)}</p>
            </section>
        }
        .into_any()
    };
    let failure = failure(project, &sweep, &runs, l);
    view! {
        {failure}
        <section class="card">
            <div class="card-title"><span class=class>{status}</span><span class="muted">{text::used(l)} " " {duration(s.used_seconds, l)}</span></div>
            <div class="progress">
                <progress max=s.planned_runs.max(1).to_string() value=s.ended_runs.to_string() aria-label=text::status(l)></progress>
                <div class="progress-line"><span>{text::progress(l, s.ended_runs, s.planned_runs)}</span></div>
            </div>
        </section>
        <section class="card">
            <div class="card-title"><h2>{text::trials(l)}</h2>{compare}</div>
            {tables::trials(project, plan, runs, sweep.analysis.best, l)}
        </section>
        {findings}
    }
}

/// Why no run of a failed sweep could have worked.
fn failure(project: ProjectId, sweep: &SweepDetail, runs: &[TrialRun], l: Lang) -> Option<impl IntoView + use<>> {
    let failure = sweep.failure.as_ref()?;
    let (title, advice) = crate::runs::text::failure(l, failure);
    let report =
        runs.iter().find(|r| r.failure.as_ref() == Some(failure)).map(|r| routes::preflight(project, r.run_id));
    Some(view! {
        <div class="notice notice-bad" role="alert">
            <strong>{title}</strong>
            <p class="run-failure">{run_problem(l, &failure.problem)}</p>
            <p>{advice}</p>
            <p>{text::all_would_fail(l)} {report.map(|href| view! { " " <a href=href>{text::show_preflight(l)}</a> })}</p>
        </div>
    })
}
