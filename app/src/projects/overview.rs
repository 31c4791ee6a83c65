//! The overview of a project, for whoever must decide: what there is, the best run per dataset,
//! open bad cases, what happened lately. An empty project shows its first steps instead.

mod activity;
mod api;
#[cfg(feature = "ssr")]
mod suites;
mod text;

use crate::{
    role, routes,
    text::lang,
    ui::{format::integer, frame::PageHeader, job::JobProgress, load::load, metric},
};
use api::project_overview;
use domain::{
    access::Action,
    badcase::BadCaseStatus,
    id::{JobId, ProjectId},
    lang::Lang,
    overview::{BestRun, Overview},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::words, domain::report::digest::Digest};

/// `/p/:project`; `?job=` shows the job that fills a sample project.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let job: Option<JobId> = routes::query("job");
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)/>
        {job.map(|job| view! { <h2>{text::filling(l)}</h2> <JobProgress project job then=routes::project(project)/> })}
        {load(project_overview(project), move |o| body(project, o))}
    }
    .into_any()
}

fn body(project: ProjectId, o: Overview) -> impl IntoView {
    let l = lang();
    // The steps make a model, a dataset and a run: for those who may.
    let steps = (o.runs == 0 && role::may(Action::Launch)).then(|| first_steps(project, &o, l));
    let best = (!o.best.is_empty()).then(|| best_runs(project, o.best.clone(), l));
    #[cfg(feature = "ssr")]
    let suites = suites::cards(project, &o, l);
    #[cfg(not(feature = "ssr"))]
    let suites = ();
    #[cfg(feature = "ssr")]
    let digest = o.digest.as_ref().map(|digest| newest_digest(project, digest, l));
    #[cfg(not(feature = "ssr"))]
    let digest = ();
    view! {
        {stats(project, &o, l)}
        {suites}
        {steps}
        {best}
        {digest}
        <section class="card">
            <h2>{text::activity(l)}</h2>
            {activity::list(project, o.activity, l)}
        </section>
    }
}

fn count(n: i64) -> String {
    integer(n.unsigned_abs())
}

fn stats(project: ProjectId, o: &Overview, l: Lang) -> impl IntoView + use<> {
    let waiting = o.bad_cases.open + o.bad_cases.confirmed;
    let tiles = [
        (routes::runs(project), count(o.runs), text::runs(l), text::active(l, count(o.active_runs))),
        (routes::datasets(project), count(o.datasets), text::datasets(l), text::samples(l, count(o.samples))),
        (routes::models(project), count(o.models), text::models(l), String::new()),
        (
            format!("{}?status={}", routes::bad_cases(project), BadCaseStatus::Open.as_str()),
            count(waiting),
            text::bad_cases(l),
            text::corrected(l, count(o.bad_cases.corrected + o.bad_cases.added)),
        ),
    ];
    let tiles = tiles.map(|(href, value, label, note)| {
        view! {
            <a class="stat" href=href>
                <span class="stat-note">{note}</span>
                <span class="stat-label">{label}</span>
                <span class="stat-value">{value}</span>
            </a>
        }
    });
    view! { <div class="stats">{tiles.collect_view()}</div> }
}

/// What to do first; what is done is ticked.
fn first_steps(project: ProjectId, o: &Overview, l: Lang) -> impl IntoView + use<> {
    let steps = [
        (o.models > 0, routes::new_model(project), text::step_model(l), text::step_model_help(l)),
        (o.datasets > 0, routes::new_dataset(project), text::step_data(l), text::step_data_help(l)),
        (o.runs > 0, routes::new_run(project), text::step_run(l), text::step_run_help(l)),
    ];
    let steps = steps.map(|(done, href, name, help)| {
        let (mark, state) = if done { ("✓", text::done(l)) } else { ("○", text::to_do(l)) };
        view! {
            <li class="step">
                <span class="step-mark" aria-label=state>{mark}</span>
                <span><a href=href>{name}</a><span class="help">{help}</span></span>
            </li>
        }
    });
    view! {
        <section class="card">
            <h2>{text::first_steps(l)}</h2>
            <ol class="steps">{steps.collect_view()}</ol>
        </section>
    }
}

/// The last week that is over, in a line.
#[cfg(feature = "ssr")]
fn newest_digest(project: ProjectId, digest: &Digest, l: Lang) -> impl IntoView + use<> {
    view! {
        <section class="card" id="digest">
            <div class="card-title">
                <h2><a href=routes::digest(project, digest.week)>{text::digest_of(l, digest.week)}</a></h2>
                <a href=routes::digests(project)>{text::all_digests(l)}</a>
            </div>
            <p>{words::digest_line(l, digest)}</p>
        </section>
    }
}

fn best_runs(project: ProjectId, best: Vec<BestRun>, l: Lang) -> impl IntoView {
    let rows = best.into_iter().map(|b| {
        let is_better = b.base.and_then(|base| metric::is_better(&b.metric, base, b.tuned));
        let gain = b.base.map(|base| {
            view! { <span class=metric::badge(is_better)>{metric::signed(&b.metric, b.tuned - base)}</span> }
        });
        view! {
            <tr>
                <th scope="row"><a href=routes::dataset(project, b.dataset_id)><bdi>{b.dataset_name}</bdi></a></th>
                <td class="prose" data-label=text::run(l)><a href=routes::run(project, b.run_id)>{format!("#{} ", b.run_number)}<bdi>{b.run_name}</bdi></a></td>
                <td data-label=text::metric(l)>{metric::name(l, &b.metric)}</td>
                <td class="num" data-label=text::base(l)>{b.base.map(|x| metric::value(&b.metric, x))}</td>
                <td class="num" class:best=is_better == Some(true) data-label=text::tuned(l)>{metric::value(&b.metric, b.tuned)}</td>
                <td class="num" data-label=text::gain(l)>{gain.map(|gain| view! { <span>{gain}</span> })}</td>
                <td class="num"><a href=routes::evaluation(project, b.run_id)>{text::open_evaluation(l)}</a></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <h2>{text::best(l)}</h2>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead>
                        <tr>
                            <th scope="col">{text::dataset(l)}</th>
                            <th scope="col">{text::run(l)}</th>
                            <th scope="col">{text::metric(l)}</th>
                            <th scope="col" class="num">{text::base(l)}</th>
                            <th scope="col" class="num">{text::tuned(l)}</th>
                            <th scope="col" class="num">{text::gain(l)}</th>
                            <th scope="col"><span class="visually-hidden">{text::open_evaluation(l)}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
