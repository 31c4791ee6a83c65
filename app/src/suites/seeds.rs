//! Runs that differ only in their seed, each group as one row that opens to its runs.

use super::{
    rows, text,
    waiting::{
        self,
        api::{SeedsView, get_seeds},
    },
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{format::integer, frame::PageHeader, load::load, metric, notice::Empty},
};
use domain::{
    id::{ProjectId, RunId, SuiteId},
    lang::Lang,
    suite::{EvaluationDesign, MAX_SEEDS, SEED_RESAMPLES, SeedCell, SeedGroup, SeedRun, SeedTable},
};
use leptos::prelude::*;

/// `/p/:project/suites/:suite/seeds?runs=&against=`
#[component]
pub fn SuiteSeedsPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<SuiteId>("suite")?)));
    let (runs, against) = (routes::chosen_runs().join(","), routes::query::<RunId>("against"));
    let chosen = runs.clone();
    let data = async move {
        let (project, suite) = ids?;
        let view = get_seeds(project, suite, runs, against).await?;
        Ok::<_, AppError>((project, view, chosen))
    };
    load(data, move |(project, view, chosen)| body(project, view, (&chosen, against)))
}

fn body(project: ProjectId, view: SeedsView, (chosen, against): (&str, Option<RunId>)) -> AnyView {
    let l = lang();
    let SeedsView { suite, table, problem, waiting: job } = view;
    let id = suite.summary.id;
    let computing = job.map(|job| {
        let runs: Vec<RunId> = chosen.split(',').filter_map(|run| run.parse().ok()).collect();
        let then = routes::suite_seeds_of(project, id, &runs, against);
        waiting::computing((project, id), (chosen.to_owned(), against), job, then)
    });
    let problem = problem.map(|problem| view! { <p class="notice notice-warn" role="alert">{problem}</p> });
    let groups = groups((project, id), &table, chosen, l);
    let form = (table.runs.len() > 1).then(|| choose(&table.runs, chosen, l));
    let of = against.map(|run| format!("&against={run}")).unwrap_or_default();
    let data = format!("/api/v1/projects/{project}/suites/{id}/seeds?runs={chosen}{of}");
    view! {
        <PageHeader title=text::seeds_title(l, &suite.summary.name) lead=text::seeds_lead(l)>
            <a class="button" href=routes::suite(project, id)>{text::to_suite(l)}</a>
            <a class="button" href=data.clone()>{text::json(l)}</a>
        </PageHeader>
        {problem}
        {computing}
        {groups}
        {form}
    }
    .into_any()
}

fn groups(place: (ProjectId, SuiteId), table: &SeedTable, chosen: &str, l: Lang) -> AnyView {
    if table.groups.is_empty() {
        return view! { <Empty title=text::seeds_none(l) hint=text::seeds_none_hint(l)/> }.into_any();
    }
    let heads = table.evaluations.iter().map(|e| view! { <th scope="col" dir="auto">{e.key.clone()}</th> });
    let heads = heads.collect_view();
    let rows = table.groups.iter().map(|group| row(place, group, &table.evaluations, chosen, l)).collect_view();
    view! {
        <section class="card stack">
            <div class="table-wrap">
                <table class="table table-cards suite-table">
                    <thead><tr><th scope="col">{text::seeds_method(l)}</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="help">{text::seeds_help(l, integer(SEED_RESAMPLES.into()))}</p>
        </section>
    }
    .into_any()
}

fn row(
    place: (ProjectId, SuiteId),
    group: &SeedGroup,
    evaluations: &[EvaluationDesign],
    chosen: &str,
    l: Lang,
) -> impl IntoView + use<> {
    let first = group.runs.first();
    let name = first.map(|run| run.name.clone()).unwrap_or_default();
    let by_hand = group.by_hand.then(|| view! { " "<span class="badge badge-quiet">{text::seeds_by_hand(l)}</span> });
    let reference = group.is_reference.then(|| view! { " "<span class="badge">{text::seeds_reference(l)}</span> });
    let against = first.filter(|_| !group.is_reference).map(|run| {
        let about = text::seeds_against_name(l, &run.name);
        let href = format!("?runs={chosen}&against={}", run.run_id);
        view! { <a class="button button-small button-quiet" href=href aria-label=about>{text::seeds_against(l)}</a> }
    });
    let count = text::seeds_count(l, integer(group.runs.len() as u64));
    let runs = group.runs.iter().map(|run| one(place, run, evaluations, l)).collect_view();
    let cells = group.cells.iter().zip(evaluations).map(|(found, evaluation)| {
        let shown = found.as_ref().map(|found| cell(group, found, evaluation, l));
        view! { <td data-label=evaluation.key.clone()>{shown.map(|shown| view! { <div>{shown}</div> })}</td> }
    });
    let cells = cells.collect_view();
    view! {
        <tr>
            <th scope="row">
                <bdi>{name}</bdi>{by_hand}{reference}
                <details class="fold"><summary>{count}</summary><ul class="findings">{runs}</ul></details>
                {against}
            </th>
            {cells}
        </tr>
    }
}

/// A run of a group, with its score in each evaluation.
fn one(
    (project, suite): (ProjectId, SuiteId),
    run: &SeedRun,
    evaluations: &[EvaluationDesign],
    l: Lang,
) -> impl IntoView + use<> {
    let scores = run.results.iter().zip(&run.scores).zip(evaluations).filter_map(|((result, score), evaluation)| {
        let name = evaluation.primary();
        let score = format!("{} {}", evaluation.key, metric::scored(&name, (*score)?));
        let href = routes::suite_result(project, suite, (*result)?);
        Some(view! { " · "<a href=href dir="auto">{score}</a> })
    });
    let scores = scores.collect_view();
    let (href, name) = (routes::run(project, run.run_id), run.name.clone());
    view! { <li><a href=href dir="auto">{name}</a>" · "{text::seed_of(l, run.seed)}{scores}</li> }
}

fn cell(group: &SeedGroup, found: &SeedCell, evaluation: &EvaluationDesign, l: Lang) -> impl IntoView + use<> {
    let scores = found.scores.iter().map(|score| {
        let key = &score.metric;
        let difference = found.differences.iter().find(|d| d.metric == *key);
        let difference = difference.map(|d| rows::difference(d, group.verdict(&evaluation.key, d), l));
        let spread = metric::scored_difference(key, score.deviation);
        let value = format!("{} ± {}", metric::scored(key, score.mean), spread.trim_start_matches('+'));
        let [low, high] = [score.low, score.high].map(|end| metric::scored(key, metric::bound(key, end)));
        let interval = format!("[{low} … {high}]");
        let name = metric::name(l, key);
        view! {
            <div class="suite-score">
                <span class="muted">{name}</span>
                " "<span class="nowrap">{value}</span>
                " "<span class="muted nowrap">{interval}</span>
                {difference}
            </div>
        }
    });
    let scores = scores.collect_view();
    let seeds = text::seeds_count(l, integer(found.seeds.into()));
    let about = format!("{seeds} · {}", text::samples(l, integer(found.samples)));
    view! { {scores}<p class="muted suite-links">{about}</p> }
}

/// The form of a group that is put together by hand.
fn choose(runs: &[SeedRun], chosen: &str, l: Lang) -> impl IntoView + use<> {
    let chosen: Vec<&str> = chosen.split(',').collect();
    let boxes = runs.iter().map(|run| {
        let value = run.run_id.to_string();
        let is_chosen = chosen.contains(&value.as_str());
        let name = format!("{} · {}", run.name, text::seed_of(l, run.seed));
        view! {
            <label class="check"><input type="checkbox" name="runs" value=value checked=is_chosen/><span dir="auto">{name}</span></label>
        }
    });
    let boxes = boxes.collect_view();
    view! {
        <details class="card fold">
            <summary>{text::seeds_choose(l)}</summary>
            <form method="get" class="stack">
                <p class="help">{text::seeds_choose_help(l, MAX_SEEDS)}</p>
                {boxes}
                <button class="button" type="submit">{text::seeds_show(l)}</button>
            </form>
        </details>
    }
}
