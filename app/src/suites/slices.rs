//! A result cut into parts, and the parts on which the candidate does worst.

use super::{
    result::ids,
    text,
    waiting::{
        self,
        api::{SlicesView, get_slices},
    },
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{integer, number, shortened},
        frame::PageHeader,
        load::load,
        metric,
        notice::Empty,
    },
};
use domain::{
    id::{ProjectId, SuiteId},
    lang::Lang,
    slice::{FieldSlices, SliceCondition, SliceScore},
    suite::{NAMED, NEUTRAL},
};
use leptos::prelude::*;

/// `/p/:project/suites/:suite/results/:result/slices?metric=`
#[component]
pub fn SuiteSlicesPage() -> impl IntoView {
    let ids = ids();
    let metric = routes::query::<String>("metric");
    let asked = metric.clone();
    let data = async move {
        let (project, suite, result) = ids?;
        let view = get_slices(project, suite, result, asked).await?;
        Ok::<_, AppError>((project, suite, view))
    };
    load(data, |(project, suite, view)| body((project, suite), view, metric))
}

fn body((project, suite): (ProjectId, SuiteId), view: SlicesView, metric: Option<String>) -> AnyView {
    let l = lang();
    let SlicesView { result, report, waiting: job } = view;
    let here = routes::suite_result(project, suite, result.id);
    let answers = here.clone();
    let header = view! {
        <PageHeader title=text::slices_title(l, &result.candidate_name, &result.evaluation) lead=text::slices_lead(l)>
            <a class="button" href=routes::suite(project, suite)>{text::to_suite(l)}</a>
            <a class="button" href=answers>{text::answers(l)}</a>
        </PageHeader>
    };
    if let Some(job) = job {
        let chosen = metric.as_ref().map(|metric| format!("?metric={}", routes::encode(metric))).unwrap_or_default();
        let then = format!("{}{chosen}", routes::suite_slices(project, suite, result.id));
        let cutting = waiting::cutting((project, suite, result.id), metric, job, then);
        return view! { {header} {cutting} }.into_any();
    }
    let Some(report) = report else {
        return view! { {header} <Empty title=text::slices_none(l) hint=text::slices_lead(l)/> }.into_any();
    };
    let name = report.metric.clone();
    let tabs = report.metrics.iter().map(|key| {
        let current = (*key == report.metric).then_some("page");
        view! { <a href=format!("?metric={key}") aria-current=current>{metric::name(l, key)}</a> }
    });
    let tabs = tabs.collect_view();
    let tested = integer(report.worst.tested.into());
    let worst = if report.worst.slices.is_empty() {
        view! { <p class="muted">{text::worst_none(l, tested)}</p> }.into_any()
    } else {
        view! {
            <p class="muted">{text::worst_help(l, tested)}</p>
            {table(&here, &name, &report.worst.slices, l)}
        }
        .into_any()
    };
    let cut_short = (report.cut < report.of).then(|| {
        let words = text::slices_part(l, integer(report.cut), integer(report.of));
        view! { <p class="notice notice-warn">{words}</p> }
    });
    let is_neutral = NEUTRAL.contains(&name.as_str());
    let worst = (!is_neutral)
        .then(|| view! { <section class="card stack" id="worst"><h2>{text::worst(l)}</h2>{worst}</section> });
    let fields = report.fields.iter().map(|field| of_field(&here, &name, field, l)).collect_view();
    view! {
        {header}
        <nav class="tabs" aria-label=text::metric(l)>{tabs}</nav>
        {cut_short}
        {worst}
        {fields}
    }
    .into_any()
}

fn of_field(here: &str, name: &str, field: &FieldSlices, l: Lang) -> impl IntoView + use<> {
    let table = table(here, name, &field.slices, l);
    view! {
        <section class="card stack">
            <h2 dir="auto">{text::field(l, &field.field)}</h2>
            {table}
        </section>
    }
}

/// What a part is, as a link to its answers where they can be filtered so.
fn part(here: &str, slice: &SliceScore, l: Lang) -> AnyView {
    let words = slice.conditions.iter().map(|c| format!("{}: {}", text::field(l, &c.field), value(l, c)));
    let words = words.collect::<Vec<_>>().join(" · ");
    let filter = match &slice.conditions[..] {
        [one] if one.field == "label" => Some(format!("label={}", routes::encode(&one.value))),
        [one] => one
            .field
            .strip_prefix("slice.")
            .map(|name| format!("slice={}", routes::encode(&format!("{name}:{}", one.value)))),
        _ => None,
    };
    match filter {
        Some(filter) => view! { <a href=format!("{here}?{filter}#answers") dir="auto">{words}</a> }.into_any(),
        None => view! { <bdi>{words}</bdi> }.into_any(),
    }
}

/// The value of a field: whether a sample is in a slice that the suite names, or as the data have it.
fn value(l: Lang, condition: &SliceCondition) -> String {
    match (condition.field.starts_with(NAMED), condition.value.as_str()) {
        (true, "in") => text::within(l).to_owned(),
        (true, _) => text::outside(l).to_owned(),
        (false, value) => shortened(value),
    }
}

fn bounds(interval: Option<(f64, f64)>, shown: impl Fn(f64) -> String) -> Option<String> {
    interval.map(|(low, high)| format!(" [{} … {}]", shown(low), shown(high)))
}

fn table(here: &str, name: &str, slices: &[SliceScore], l: Lang) -> AnyView {
    let rows = slices.iter().map(|slice| {
        let value = format!(
            "{}{}",
            metric::scored(name, slice.value),
            bounds(slice.interval, |x| metric::scored(name, x)).unwrap_or_default()
        );
        let difference = slice.difference.map(|d| {
            let interval = bounds(slice.difference_interval, |x| metric::scored_difference(name, x));
            let words = format!("{}{}", metric::scored_difference(name, d), interval.unwrap_or_default());
            view! { <span class=metric::verdict_badge(slice.verdict)>{words}</span> }
        });
        let p = slice.adjusted_p_value.or(slice.p_value).map(number);
        view! {
            <tr>
                <th scope="row">{part(here, slice, l)}</th>
                <td class="num" data-label=text::support(l)>{integer(slice.support.into())}</td>
                <td class="num" data-label=metric::name(l, name)>{value}</td>
                <td class="num" data-label=text::rest(l)>{slice.rest.map(|rest| metric::scored(name, rest))}</td>
                <td class="num" data-label=text::difference(l)>{difference}</td>
                <td class="num" data-label=text::corrected_p(l)>{p}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::part(l)}</th>
                        <th scope="col" class="num">{text::support(l)}</th>
                        <th scope="col" class="num">{metric::name(l, name)}</th>
                        <th scope="col" class="num">{text::rest(l)}</th>
                        <th scope="col" class="num">{text::difference(l)}</th>
                        <th scope="col" class="num">{text::corrected_p(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
