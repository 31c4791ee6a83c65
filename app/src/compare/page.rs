//! The page, all of whose state is in its address.

use super::{
    api::{CompareView, get_comparison},
    choose::{chips, picker},
    making::{answer_table, data_table, making_table},
    tables::{metric_table, setting_table},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{chart::FixedChart, frame::PageHeader, load::load, metric},
};
use domain::{
    access::Action,
    compare::{MAX_RUNS, MIN_RUNS, SERIES},
    id::{ProjectId, RunId},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What the address says.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) runs: Vec<RunId>,
    pub(super) baseline: Option<RunId>,
    pub(super) series: String,
    /// Whether settings are shown in which all runs agree.
    pub(super) all: bool,
}

impl Chosen {
    fn of_address() -> Self {
        let map = use_query_map().get_untracked();
        let mut runs: Vec<RunId> = routes::chosen_runs().iter().filter_map(|id| id.parse().ok()).collect();
        runs.truncate(MAX_RUNS);
        let series = map.get("series").filter(|s| SERIES.contains(&s.as_str())).unwrap_or_else(|| SERIES[0].to_owned());
        let all = map.get("all").is_some_and(|all| all == "1");
        Self { runs, baseline: routes::query("baseline"), series, all }
    }

    /// The same as a query string.
    pub(super) fn query(&self) -> String {
        let runs: Vec<_> = self.runs.iter().map(ToString::to_string).collect();
        let baseline = self.baseline.map_or_else(String::new, |id| format!("&baseline={id}"));
        let all = if self.all { "&all=1" } else { "" };
        format!("?runs={}{baseline}&series={}{all}", runs.join(","), self.series)
    }
}

/// `/p/:project/compare?runs=…&baseline=…&series=…&all=1`
#[component]
pub fn ComparePage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let chosen = Chosen::of_address();
    let data = get_comparison(project, chosen.runs.clone(), chosen.baseline, chosen.series.clone());
    let export = format!("/api/v1/projects/{project}/compare{}&format=csv", chosen.query());
    let is_enough = chosen.runs.len() >= MIN_RUNS;
    let report = (is_enough && role::may(Action::Launch)).then(|| routes::new_report(project, &chosen.runs));
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {is_enough.then(|| view! { <a class="button" href=export>{text::export(l)}</a> })}
            {report.map(|href| view! { <a class="button" href=href>{text::new_report(l)}</a> })}
        </PageHeader>
        {load(data, move |view| body(project, &chosen, view))}
    }
    .into_any()
}

fn body(project: ProjectId, chosen: &Chosen, view: CompareView) -> AnyView {
    let l = lang();
    let Some(comparison) = view.comparison.filter(|c| c.runs.len() >= MIN_RUNS) else {
        let alone = chosen.runs.len() == 1;
        return view! {
            {alone.then(|| view! { <p class="notice notice-warn" role="status">{text::one_more(l)}</p> })}
            {picker(project, chosen, view.choices)}
        }
        .into_any();
    };
    let series = SERIES.map(|key| {
        let link = Chosen { series: key.to_owned(), ..chosen.clone() };
        view! { <a href=link.query() aria-current=(key == chosen.series).then_some("page")>{metric::name(l, key)}</a> }
    });
    let csv = format!("/api/v1/projects/{project}/compare/curves{}&format=csv", chosen.query());
    let warnings = [
        (!comparison.same_model()).then(|| text::unlike_models(l)),
        (!comparison.same_version()).then(|| text::unlike_versions(l)),
    ];
    let warnings =
        warnings.into_iter().flatten().map(|w| view! { <p class="notice notice-warn">{w}</p> }).collect_view();
    let ids: Vec<String> = comparison.runs.iter().map(|run| run.id.to_string()).collect();
    let overlay = format!("{}&metric={}", routes::overlay(project, &ids), chosen.series);
    let toggled = format!("{}#settings", Chosen { all: !chosen.all, ..chosen.clone() }.query());
    view! {
        {chips(chosen, &comparison, view.choices)}
        {warnings}
        <section class="card">
            <h2>{text::metrics(l)}</h2>
            {metric_table(project, &comparison, l)}
            <p class="help">{text::metrics_help(l)}</p>
        </section>
        <section class="card" id="settings">
            <div class="card-title">
                <h2>{text::settings(l)}</h2>
                <a class="button button-small" href=toggled>{if chosen.all { text::differing_alone(l) } else { text::all_settings(l) }}</a>
            </div>
            {setting_table(&comparison, chosen.all, l)}
        </section>
        <section class="card">
            <h2>{text::data(l)}</h2>
            {data_table(project, &comparison, &view.data, l)}
        </section>
        <section class="card">
            <h2>{text::making(l)}</h2>
            {making_table(&comparison, l)}
        </section>
        {answer_table(&comparison, view.answers, l)}
        <section class="card">
            <nav class="tabs" aria-label=text::curves(l)>{series.collect_view()}</nav>
            <p><a href=overlay>{text::overlay(l)}</a></p>
            <FixedChart title=metric::name(l, &chosen.series) curves=view.curves csv/>
        </section>
    }
    .into_any()
}
