//! The list of runs.

use super::{
    api::{RunQuery, list_runs},
    state::{Badge, Bar, Now},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{Time, duration, number},
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::{Empty, not_applied},
        pager::{Place, pager},
    },
    words,
};
use domain::{
    access::Action,
    id::ProjectId,
    overfit::Fit,
    page::{DEFAULT_LIMIT, Page},
    run::{Headline, RunCursor, RunSort, RunStatus, RunSummary},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// How often the list looks again while a run is open.
#[cfg(feature = "hydrate")]
const REFRESH: std::time::Duration = std::time::Duration::from_secs(8);

/// `/p/:project/runs?status=&search=&sort=&cursor=`
#[component]
pub fn RunListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let map = use_query_map().get_untracked();
    let get = |key| map.get(key).unwrap_or_default();
    let query = RunQuery { status: get("status"), search: get("search"), sort: get("sort"), cursor: get("cursor") };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            <a class="button" href=routes::table(project)>{text::run_table(l)}</a>
            <a class="button" href=format!("/api/v1/projects/{project}/runs?limit=500")>{text::export_json(l)}</a>
            {role::may(Action::Launch).then(|| view! { <a class="button button-primary" href=routes::new_run(project)>{text::new_run(l)}</a> })}
        </PageHeader>
        {not_applied([
            routes::misread::<RunStatus>("status").filter(|_| query.status != "open"),
            routes::misread::<RunSort>("sort"),
            routes::misread::<RunCursor>("cursor"),
        ])}
        {load(list_runs(project, query.clone()), move |page| shown(project, query, page))}
    }
    .into_any()
}

fn shown(project: ProjectId, query: RunQuery, page: Page<RunSummary>) -> impl IntoView {
    let l = lang();
    let is_filtered = !query.status.is_empty() || !query.search.is_empty();
    if page.items.is_empty() && !is_filtered {
        return view! {
            <Empty title=text::none_title(l) hint=text::none_hint(l)>
                {role::may(Action::Launch).then(|| view! { <a class="button button-primary" href=routes::new_run(project)>{text::new_run(l)}</a> })}
            </Empty>
        }
        .into_any();
    }
    let any_open = page.items.iter().any(|r| !r.state.status.is_final());
    let next_cursor = page.next_cursor.clone();
    let place = Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor };
    let pages = pager(|cursor| address(project, &query, cursor), "", &query.cursor, place);
    view! {
        {any_open.then(|| view! { <Refresh/> })}
        <Filters project query/>
        {if page.items.is_empty() {
            view! {
                <Empty title=text::none_found(l) hint=text::none_found_hint(l)>
                    <a class="button" href=routes::runs(project)>{text::clear_filters(l)}</a>
                </Empty>
            }.into_any()
        } else {
            table(project, page.items).into_any()
        }}
        {pages}
    }
    .into_any()
}

/// Keeps the changing cells up to date while a run is open.
#[island]
pub fn Refresh() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    set_interval(fetch_cells, REFRESH);
    view! { <noscript><a class="button button-small" href="">{text::refresh(lang())}</a></noscript> }
}

/// Gets this page again.
#[cfg(feature = "hydrate")]
fn fetch_cells() {
    if let Ok(address) = window().location().href() {
        take_over(&address);
    }
}

/// Gets a page and takes over its parts marked `data-live`; what is ticked or typed stays.
#[cfg(feature = "hydrate")]
pub(super) fn take_over(address: &str) {
    use wasm_bindgen::JsCast;
    crate::ui::fetch::get(address, |html| {
        let parser = web_sys::DomParser::new();
        let page = parser.and_then(|p| p.parse_from_string(&html, web_sys::SupportedType::TextHtml));
        let Ok(cells) = page.and_then(|p| p.query_selector_all("[data-live]")) else { return };
        for new in (0..cells.length()).filter_map(|i| cells.item(i)?.dyn_into::<web_sys::Element>().ok()) {
            if let Some(old) = document().get_element_by_id(&new.id()).filter(|o| o.inner_html() != new.inner_html()) {
                old.set_inner_html(&new.inner_html());
            }
        }
    });
}

fn address(project: ProjectId, query: &RunQuery, cursor: &str) -> String {
    let pairs =
        [("status", query.status.as_str()), ("search", &query.search), ("sort", &query.sort), ("cursor", cursor)];
    routes::with_query(&routes::runs(project), &pairs)
}

#[component]
fn Filters(project: ProjectId, query: RunQuery) -> impl IntoView {
    let l = lang();
    let status = query.status.clone();
    let option = move |value: &'static str, words: &'static str| {
        view! { <option value=value selected=status == value>{words}</option> }
    };
    let sort = query.sort.clone();
    let order = move |value: RunSort, words: &'static str| {
        view! { <option value=value.as_str() selected=sort == value.as_str()>{words}</option> }
    };
    view! {
        <form class="filters" method="get" action=routes::runs(project)>
            <div class="field">
                <label for="run-search">{text::search(l)}</label>
                <input id="run-search" type="search" dir="auto" name="search" value=query.search placeholder=text::search_hint(l)/>
            </div>
            <div class="field">
                <label for="run-status">{text::status(l)}</label>
                <select id="run-status" name="status">
                    {option("", text::any_status(l))}
                    {option("open", text::open_runs(l))}
                    {RunStatus::ALL.map(|s| option(s.as_str(), text::status_name(l, s)))}
                </select>
            </div>
            <div class="field">
                <label for="run-sort">{text::sort(l)}</label>
                <select id="run-sort" name="sort">
                    {order(RunSort::Newest, text::sort_newest(l))}
                    {order(RunSort::Score, text::sort_score(l))}
                    {order(RunSort::Duration, text::sort_duration(l))}
                </select>
            </div>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

fn table(project: ProjectId, runs: Vec<RunSummary>) -> impl IntoView {
    let l = lang();
    let rows = runs.into_iter().map(|run| view! { <Row project run/> }).collect_view();
    let overlay = routes::overlay(project, &[]).split('?').next().unwrap_or_default().to_owned();
    view! {
        <form method="get" action=routes::compare(project, &[]).split('?').next().unwrap_or_default().to_owned()>
            <div class="table-wrap">
                <table class="table table-cards runs">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">{text::select(l)}</span></th>
                            <th scope="col">{text::run(l)}</th>
                            <th scope="col">{text::status(l)}</th>
                            <th scope="col">{text::model(l)}</th>
                            <th scope="col">{text::dataset(l)}</th>
                            <th scope="col" class="num">{text::score(l)}</th>
                            <th scope="col" class="num">{text::loss(l)}</th>
                            <th scope="col" class="num">{text::duration(l)}</th>
                            <th scope="col">{text::started(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div class="toolbar runs-compare">
                <button class="button" type="submit">{text::compare(l)}</button>
                <button class="button" type="submit" formaction=overlay>{text::overlay(l)}</button>
                <span class="muted">{text::compare_hint(l)}</span>
            </div>
        </form>
    }
}

#[component]
fn Row(project: ProjectId, run: RunSummary) -> impl IntoView {
    let l = lang();
    let status = run.state.status;
    let version = text::version_label(l, &run.dataset_name, run.version_number);
    let name = words::marked_run(l, run.name, run.saw_erased);
    let number_text = run.number.to_string();
    let cell = |name: &str| format!("{name}-{number_text}");
    let (status_id, score_id, loss_id, time_id) = (cell("status"), cell("score"), cell("loss"), cell("time"));
    let elapsed = run.state.started_at.map(|_| duration(run.state.elapsed_seconds, l));
    // What is as it should be needs no mark.
    let fit = run.state.fit.filter(|fit| !matches!(fit, Fit::TooEarly | Fit::Fine));
    view! {
        <tr class:bad=status == RunStatus::Failed>
            <td data-label=text::select(l)><input type="checkbox" name="runs" value=run.id.to_string() aria-label=text::select_run(l, run.number)/></td>
            <th scope="row"><a href=routes::run(project, run.id)>"#" {number_text} " " <bdi>{name}</bdi></a></th>
            <td class="run-status" id=status_id data-label=text::status(l) data-live>
                <div>
                    <Badge status/>
                    {fit.map(|fit| view! { <a class=words::fit_badge(fit) href=routes::fit(project, run.id)>{words::fit_name(l, fit)}</a> })}
                    {(!status.is_final()).then(|| view! { <Bar state=Now::of(&run.state) left=None/> })}
                </div>
            </td>
            <td class="prose" data-label=text::model(l)><a href=routes::model(project, run.model_id)><bdi>{run.model_name}</bdi></a></td>
            <td class="prose" data-label=text::dataset(l)><a href=routes::version(project, run.dataset_id, run.version_number) dir="auto">{version}</a></td>
            <td class="num" id=score_id data-label=text::score(l) data-live>{run.headline.map(headline)}</td>
            <td class="num" id=loss_id data-label=text::loss(l) data-live>{run.train_loss.map(number)}</td>
            <td class="num" id=time_id data-label=text::duration(l) data-live>{elapsed}</td>
            <td class="nowrap" data-label=text::started(l)><div><Time at=run.created_at/><div class="muted">{run.created_by}</div></div></td>
        </tr>
    }
}

/// "42.0% → 91.3%", with the metric's name below.
fn headline(h: Headline) -> impl IntoView {
    let show = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| metric::value(&h.metric, v));
    let is_better = h.base.zip(h.tuned).and_then(|(base, tuned)| metric::is_better(&h.metric, base, tuned));
    view! {
        <div>
            <span>{show(h.base)} " → " <strong class:best=is_better == Some(true)>{show(h.tuned)}</strong></span>
            <div class="muted">{metric::name(lang(), &h.metric)}</div>
        </div>
    }
}
