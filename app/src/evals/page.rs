//! The page: headline table, then classes and confusion, then predictions.

use super::{api::get_evaluation, classes::ClassTable, confusion::ConfusionTable, predictions::Predictions, text};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{integer, number},
        frame::PageHeader,
        load::load,
        metric,
        notice::Empty,
    },
    words,
};
use domain::{
    eval::view::{Difference, RunEvaluation, metric_order},
    id::{ProjectId, RunId},
    lang::Lang,
    lineage::NodeId,
    statistics::verdict::Verdict,
};
use leptos::prelude::*;

/// `/p/:project/runs/:run/evaluation`
#[component]
pub fn EvaluationPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<RunId>("run")?)));
    let data = async move {
        let (project, run) = ids?;
        Ok::<_, AppError>((project, run, get_evaluation(project, run).await?))
    };
    load(data, |(project, run, evaluation)| body(project, run, evaluation))
}

fn body(project: ProjectId, run: RunId, e: RunEvaluation) -> AnyView {
    let l = lang();
    let lineage = e.tuned.as_ref().map(|tuned| {
        let href = routes::lineage_of(project, &NodeId::Evaluation(tuned.id));
        view! { <a class="button" href=href>{text::lineage(l)}</a> }
    });
    let header = view! {
        <PageHeader title=text::title(l, e.run_number) lead=text::lead(l)>
            <a class="button" href=routes::run(project, run)>{text::back_to_run(l)}</a>
            <a class="button" href=format!("{}?run={run}", routes::bad_cases(project))>{text::bad_cases(l)}</a>
            {lineage}
        </PageHeader>
    };
    let Some(tuned) = e.tuned else {
        return view! { {header} <Empty title=text::none_title(l) hint=text::none_hint(l)/> }.into_any();
    };
    let labels: Vec<String> = tuned.metrics.classes.iter().map(|c| c.label.clone()).collect();
    let base = e.base.map(|b| b.metrics);
    let task = tuned.metrics.task;
    view! {
        {header}
        <section class="card">
            <div class="card-title">
                <h2 dir="auto">{words::marked_run(l, e.run_name, e.saw_erased)}</h2>
                <span class="muted">{text::samples(l, integer(tuned.metrics.samples.into()))}</span>
            </div>
            <div id="headline">{headline(ordered(e.differences, metric_order(task)), l)}</div>
            <p class="help">{text::interval_help(l)}</p>
        </section>
        {e.without_leaks.map(|clean| view! {
            <section class="card" id="without-leaks">
                <h2>{text::without_leaks(l, integer(clean.excluded.into()))}</h2>
                <p class="muted">{text::without_leaks_help(l, integer(clean.samples.into()))}</p>
                {headline(ordered(clean.differences, metric_order(task)), l)}
            </section>
        })}
        {(!labels.is_empty()).then(|| view! {
            <div class="split">
                <ClassTable base=base.clone() tuned=tuned.metrics.clone()/>
                <ConfusionTable base=base.and_then(|b| b.confusion) tuned=tuned.metrics.confusion.clone()/>
            </div>
        })}
        <Predictions project run labels samples=tuned.metrics.samples.into()/>
    }
    .into_any()
}

/// Known metrics first, in their order.
fn ordered(mut list: Vec<Difference>, order: &[&str]) -> Vec<Difference> {
    list.sort_by_key(|d| (order.iter().position(|m| *m == d.metric).unwrap_or(usize::MAX), d.metric.clone()));
    list
}

fn headline(list: Vec<Difference>, l: Lang) -> impl IntoView {
    let rows = list.into_iter().map(move |d| {
        let class = metric::verdict_badge(d.verdict());
        let word = match d.verdict() {
            Verdict::Better => text::better(l),
            Verdict::Worse => text::worse(l),
            Verdict::NoEvidence => text::unsure(l),
        };
        let interval = d.interval.map(|(low, high)| {
            view! { <span><span class="nowrap">{format!("{} … {}", metric::signed(&d.metric, low), metric::signed(&d.metric, high))}</span>" "<span class=class>{word}</span></span> }
        });
        view! {
            <tr>
                <th scope="row">{metric::name(l, &d.metric)}</th>
                <td class="num" data-label=text::base(l)>{metric::value(&d.metric, d.from)}</td>
                <td class="num" data-label=text::tuned(l)>{metric::value(&d.metric, d.to)}</td>
                <td class="num" data-label=text::difference(l)>{metric::signed(&d.metric, d.to - d.from)}</td>
                <td data-label=text::interval(l)>{interval}</td>
                <td class="num" data-label="p">{d.p_value.map(number)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards headline">
                <thead>
                    <tr>
                        <th scope="col">{text::metric(l)}</th>
                        <th scope="col" class="num">{text::base(l)}</th>
                        <th scope="col" class="num">{text::tuned(l)}</th>
                        <th scope="col" class="num">{text::difference(l)}</th>
                        <th scope="col">{text::interval(l)}</th>
                        <th scope="col" class="num">"p"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
