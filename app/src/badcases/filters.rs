//! Which bad cases are shown: the address of the list, its tabs and its filter form.

use super::{api::BadCaseList, choices, text};
use crate::{
    routes,
    ui::{field::Field, format::shortened, notice::not_applied},
};
use domain::{
    badcase::{
        BadCaseStatus, Cause, Severity, Source,
        view::{BadCaseCounts, BadCaseQuery, BadCaseSort},
    },
    id::{BadCaseId, CauseId, ClusterId, DatasetId, RunId, UserId},
    lang::Lang,
};
use leptos::prelude::*;

/// The filter of this page's query.
pub(super) fn query() -> BadCaseQuery {
    BadCaseQuery {
        status: routes::query("status"),
        cause: routes::query("cause"),
        own_cause: routes::query("own"),
        severity: routes::query("severity"),
        owner: routes::query("owner"),
        cluster: routes::query("cluster"),
        source: routes::query("source"),
        run: routes::query("run"),
        dataset: routes::query("dataset"),
        search: routes::query("q"),
        sort: routes::query("sort").unwrap_or_default(),
        cursor: routes::query("cursor"),
        limit: None,
    }
}

/// What of the address could not be understood.
pub(super) fn misread() -> impl IntoView {
    not_applied([
        routes::misread::<BadCaseStatus>("status"),
        routes::misread::<Cause>("cause"),
        routes::misread::<CauseId>("own"),
        routes::misread::<Severity>("severity"),
        routes::misread::<UserId>("owner"),
        routes::misread::<ClusterId>("cluster"),
        routes::misread::<Source>("source"),
        routes::misread::<RunId>("run"),
        routes::misread::<DatasetId>("dataset"),
        routes::misread::<BadCaseSort>("sort"),
        routes::misread::<BadCaseId>("cursor"),
    ])
}

/// The filter as a query string, with another status and without cursor.
pub(super) fn query_string(q: &BadCaseQuery, status: Option<BadCaseStatus>) -> String {
    written(q, status, ("own", "q"))
}

/// The same as the REST API names it.
pub(super) fn rest_query(q: &BadCaseQuery) -> String {
    written(q, q.status, ("own_cause", "search"))
}

fn written(q: &BadCaseQuery, status: Option<BadCaseStatus>, (own, search): (&str, &str)) -> String {
    let sort = Some(q.sort).filter(|sort| *sort != BadCaseSort::default());
    let parts = [
        ("status", status.map(|s| s.as_str().to_owned())),
        ("cause", q.cause.map(|c| c.as_str().to_owned())),
        (own, q.own_cause.map(|c| c.to_string())),
        ("severity", q.severity.map(|s| s.as_str().to_owned())),
        ("owner", q.owner.map(|o| o.to_string())),
        ("cluster", q.cluster.map(|c| c.to_string())),
        ("source", q.source.map(|s| s.as_str().to_owned())),
        ("run", q.run.map(|r| r.to_string())),
        ("dataset", q.dataset.map(|d| d.to_string())),
        (search, q.search.as_deref().map(routes::encode)),
        ("sort", sort.map(|s| s.as_str().to_owned())),
    ];
    let parts: Vec<_> = parts.into_iter().filter_map(|(k, v)| v.map(|v| format!("{k}={v}"))).collect();
    format!("?{}", parts.join("&"))
}

/// A tab for each status, with how many there are.
pub(super) fn tabs(query: &BadCaseQuery, counts: &BadCaseCounts, l: Lang) -> impl IntoView + use<> {
    let all = std::iter::once((None, text::any(l), counts.total()));
    let each = BadCaseStatus::ALL.map(|s| (Some(s), text::status_name(l, s), counts.of(s)));
    let links = all.chain(each).map(|(status, name, n)| {
        let href = query_string(query, status);
        view! { <a href=href aria-current=(status == query.status).then_some("page")>{name}" "<span class="muted">{n}</span></a> }
    });
    view! { <nav class="tabs" aria-label=text::status(l)>{links.collect_view()}</nav> }
}

/// The form. What it does not show stays as it is.
pub(super) fn form(query: &BadCaseQuery, list: &BadCaseList, l: Lang) -> impl IntoView + use<> {
    let causes = Cause::ALL.map(
        |c| view! { <option value=c.as_str() selected={query.cause == Some(c)}>{text::cause_name(l, c)}</option> },
    );
    let sources = Source::ALL.map(
        |s| view! { <option value=s.as_str() selected={query.source == Some(s)}>{text::source_name(l, s)}</option> },
    );
    let sorts = BadCaseSort::ALL
        .map(|s| view! { <option value=s.as_str() selected={query.sort == s}>{text::sort_name(l, s)}</option> });
    let own = (!list.choices.causes.is_empty()).then(|| {
        let options = choices::own_causes(&list.choices.causes, query.own_cause, l);
        select("own", text::own_cause(l), options, l)
    });
    let clusters = (!list.clusters.is_empty()).then(|| {
        let options = list.clusters.iter().map(|(id, name)| {
            let selected = query.cluster == Some(*id);
            view! { <option value=id.to_string() selected=selected>{shortened(name)}</option> }
        });
        select("cluster", text::cluster(l), options.collect_view().into_any(), l)
    });
    let search = query.search.clone();
    view! {
        <form class="filters" method="get">
            {query.status.map(|s| view! { <input type="hidden" name="status" value=s.as_str()/> })}
            {query.run.map(|r| view! { <input type="hidden" name="run" value=r.to_string()/> })}
            {query.dataset.map(|d| view! { <input type="hidden" name="dataset" value=d.to_string()/> })}
            {select("cause", text::cause(l), causes.collect_view().into_any(), l)}
            {own}
            {select("severity", text::severity(l), choices::severities(query.severity, l), l)}
            {select("owner", text::owner(l), choices::people(&list.choices.people, query.owner), l)}
            {clusters}
            {select("source", text::source(l), sources.collect_view().into_any(), l)}
            <Field id="q" label=text::search(l)>
                <input id="q" type="search" dir="auto" name="q" value=search placeholder=text::search_help(l)/>
            </Field>
            <Field id="sort" label=text::sort(l)>
                <select id="sort" name="sort">{sorts.collect_view()}</select>
            </Field>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

/// A list that filters, with "any" above.
fn select(name: &'static str, label: &'static str, options: AnyView, l: Lang) -> impl IntoView + use<> {
    view! {
        <Field id=name label=label>
            <select id=name name=name><option value="">{text::any(l)}</option>{options}</select>
        </Field>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_scripts_name_filters_differently() {
        let query = BadCaseQuery {
            status: Some(BadCaseStatus::Open),
            severity: Some(Severity::Low),
            search: Some("a b".to_owned()),
            sort: BadCaseSort::Newest,
            ..BadCaseQuery::default()
        };
        assert_eq!(query_string(&query, None), "?severity=low&q=a%20b&sort=newest");
        assert_eq!(rest_query(&query), "?status=open&severity=low&search=a%20b&sort=newest");
        assert_eq!(query_string(&BadCaseQuery::default(), None), "?");
    }
}
