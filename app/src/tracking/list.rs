//! The list of tracked runs.

use super::{
    api::{TrackedList, TrackedQuery, list_tracked_runs},
    at, badge, text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        field::Field,
        format::{Time, number, shortened},
        frame::PageHeader,
        load::{load, refuse},
        notice::{Empty, not_applied},
        pager::{Place, pager},
    },
};
use domain::{
    id::ProjectId,
    page::DEFAULT_LIMIT,
    tracking::view::{Experiment, TrackedRun},
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Columns of metrics, and columns of parameters, at most.
const MOST_COLUMNS: usize = 6;

/// `/p/:project/tracked?experiment=&filter=&cursor=`
#[component]
pub fn TrackedRunListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let query = TrackedQuery {
        experiment: routes::query("experiment"),
        filter: routes::query("filter").unwrap_or_default(),
        cursor: routes::query("cursor").unwrap_or_default(),
    };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)/>
        {not_applied([routes::misread::<i32>("experiment"), routes::misread::<u32>("cursor")])}
        {load(list_tracked_runs(project, query.clone()), move |list| shown(project, query, list))}
    }
    .into_any()
}

fn shown(project: ProjectId, query: TrackedQuery, list: TrackedList) -> AnyView {
    let l = lang();
    let is_filtered = query.experiment.is_some() || !query.filter.is_empty();
    if list.runs.is_empty() && !is_filtered {
        let settings =
            format!("export MLFLOW_TRACKING_URI={}\nexport MLFLOW_TRACKING_TOKEN=lathe_…", list.tracking_uri);
        return view! {
            <Empty title=text::none_title(l) hint=text::none_hint(l)/>
            <pre class="code">{settings}</pre>
        }
        .into_any();
    }
    let place =
        Place { shown: list.runs.len(), size: DEFAULT_LIMIT, total: None, next_cursor: list.next_cursor.clone() };
    let pages = pager(|cursor| address(project, &query, cursor), "", &query.cursor, place);
    let experiments = list.experiments;
    view! {
        {(!list.is_filter_good).then(|| view! { <p class="notice notice-warn" role="status">{text::filter_problem(l)}</p> })}
        {filters(project, &query, &experiments)}
        {if list.runs.is_empty() {
            view! { <Empty title=text::none_found(l) hint=text::none_found_hint(l)/> }.into_any()
        } else {
            table(project, list.runs, &experiments)
        }}
        {pages}
    }
    .into_any()
}

fn address(project: ProjectId, query: &TrackedQuery, cursor: &str) -> String {
    let experiment = query.experiment.map(|number| number.to_string()).unwrap_or_default();
    let pairs = [("experiment", experiment.as_str()), ("filter", query.filter.as_str()), ("cursor", cursor)];
    routes::with_query(&routes::tracked_runs(project), &pairs)
}

fn filters(project: ProjectId, query: &TrackedQuery, experiments: &[Experiment]) -> impl IntoView + use<> {
    let l = lang();
    let options = experiments.iter().map(|e| {
        let is_chosen = query.experiment == Some(e.number);
        view! { <option value=e.number.to_string() selected=is_chosen>{shortened(&e.name)}</option> }
    });
    let options = options.collect_view();
    let filter = query.filter.clone();
    view! {
        <form class="filters" method="get" action=routes::tracked_runs(project)>
            <Field id="experiment" label=text::experiment(l)>
                <select id="experiment" name="experiment">
                    <option value="">{text::every_experiment(l)}</option>
                    {options}
                </select>
            </Field>
            <Field id="filter" label=text::filter(l) help=text::filter_help(l)>
                <input id="filter" name="filter" type="search" dir="auto" maxlength="2000" aria-describedby="filter-help" value=filter/>
            </Field>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

/// The keys that most of the runs have, at most [`MOST_COLUMNS`] of them, in their order.
fn columns<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    let mut most: Vec<_> = counts.into_iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    most.truncate(MOST_COLUMNS);
    let mut keys: Vec<String> = most.into_iter().map(|(key, _)| key.to_owned()).collect();
    keys.sort();
    keys
}

fn table(project: ProjectId, runs: Vec<TrackedRun>, experiments: &[Experiment]) -> AnyView {
    let l = lang();
    let metrics = columns(runs.iter().flat_map(|run| run.metrics.iter().map(|m| m.key.as_str())));
    let params = columns(runs.iter().flat_map(|run| run.params.iter().map(|p| p.key.as_str())));
    let metric_heads =
        metrics.iter().map(|key| view! { <th scope="col" class="num">{shortened(key)}</th> }).collect_view();
    let param_heads = params.iter().map(|key| view! { <th scope="col">{shortened(key)}</th> }).collect_view();
    let rows = runs.into_iter().map(|run| {
        let experiment = experiments.iter().find(|e| e.number == run.experiment).map(|e| e.name.clone());
        row(project, run, experiment.unwrap_or_default(), &metrics, &params)
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::run(l)}</th>
                        <th scope="col">{text::status(l)}</th>
                        <th scope="col">{text::experiment(l)}</th>
                        <th scope="col">{text::started(l)}</th>
                        {metric_heads}
                        {param_heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(
    project: ProjectId,
    run: TrackedRun,
    experiment: String,
    metrics: &[String],
    params: &[String],
) -> impl IntoView + use<> {
    let l = lang();
    let metric_cells = metrics.iter().map(|key| {
        let value = run.metrics.iter().find(|m| m.key == *key).map(|m| number(m.value));
        view! { <td class="num" data-label=key.clone()>{value}</td> }
    });
    let metric_cells = metric_cells.collect_view();
    let param_cells = params.iter().map(|key| {
        let value = run.params.iter().find(|p| p.key == *key).map(|p| shortened(&p.value));
        view! { <td dir="auto" data-label=key.clone()>{value}</td> }
    });
    let param_cells = param_cells.collect_view();
    let started = run.started_ms.and_then(at).map(|at| view! { <Time at/> });
    view! {
        <tr>
            <th scope="row"><a href=routes::tracked_run(project, run.id)><bdi>{run.name}</bdi></a></th>
            <td data-label=text::status(l)><span class=badge(run.status)>{text::status_name(l, run.status)}</span></td>
            <td class="prose" dir="auto" data-label=text::experiment(l)>{experiment}</td>
            <td class="nowrap" data-label=text::started(l)>{started}</td>
            {metric_cells}
            {param_cells}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_keys_get_columns() {
        let keys = ["z", "a", "b", "z", "c", "d", "e", "f", "z"];
        assert_eq!(columns(keys.into_iter()), ["a", "b", "c", "d", "e", "z"]);
    }
}
