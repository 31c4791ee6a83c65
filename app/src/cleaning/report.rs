//! What a preview found: counts by step, examples before and after, groups of copies.

use super::text;
use crate::{
    text::lang,
    ui::{conversation::Conversation, format::integer},
    words,
};
use domain::steps::{Cluster, Example, StepReport, StepsReport};
use leptos::prelude::*;

pub(super) fn card(report: &StepsReport) -> impl IntoView + use<> {
    let l = lang();
    let result = text::result(
        l,
        integer(report.before),
        integer(report.after),
        integer(report.changed),
        integer(report.removed),
    );
    let name = |i: usize, step: &StepReport| format!("{}. {}", i + 1, words::step_kind(l, &step.kind).0);
    let rows = report.steps.iter().enumerate().map(|(i, step)| {
        let count = |n: u64| view! { <td class="num">{integer(n)}</td> };
        view! {
            <tr>
                <th scope="row">{name(i, step)}</th>
                {count(step.seen)} {count(step.changed)} {count(step.removed)} {count(step.added)}
            </tr>
        }
    });
    let rows = rows.collect_view();
    let details = report.steps.iter().enumerate().map(|(i, step)| {
        let (examples, clusters) = (examples(&step.examples), clusters(&step.clusters));
        let found = words::step_findings(l, step.found.clone());
        let found = (!found.is_empty()).then(|| view! { <p>{text::found(l, found)}</p> });
        (!step.examples.is_empty()).then(|| view! { <h3>{name(i, step)}</h3> {found} {clusters} {examples} })
    });
    let details = details.collect_view();
    view! {
        <section class="card stack" id="report">
            <h2>{text::report(l)}</h2>
            <p>{result}</p>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{text::step(l)}</th>
                            <th scope="col" class="num">{text::seen(l)}</th>
                            <th scope="col" class="num">{text::rewritten(l)}</th>
                            <th scope="col" class="num">{text::removed(l)}</th>
                            <th scope="col" class="num">{text::added(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {details}
        </section>
    }
}

fn examples(examples: &[Example]) -> impl IntoView + use<> {
    let l = lang();
    let count = examples.len();
    let cards = examples.iter().cloned().map(|example| {
        let after = match example.after {
            None => view! { <p class="muted">{text::gone(l)}</p> }.into_any(),
            Some(after) if after == example.before => view! { <p class="muted">{text::unchanged(l)}</p> }.into_any(),
            Some(after) => view! { <Conversation messages=after.messages/> }.into_any(),
        };
        view! {
            <article class="example">
                <p>
                    {text::sample(l)} " " {integer(u64::from(example.position) + 1)} " "
                    <span class="badge">{words::split(l, example.split)}</span> " "
                    <span class="muted" dir="auto">{words::step_reason(l, &example.reason)}</span>
                </p>
                <div class="split">
                    <div><h4>{text::before(l)}</h4><Conversation messages=example.before.messages/></div>
                    <div><h4>{text::after(l)}</h4>{after}</div>
                </div>
            </article>
        }
    });
    let cards = cards.collect_view();
    view! {
        <details class="fold" open={count <= 5}>
            <summary>{text::examples(l, integer(count as u64))}</summary>
            {cards}
        </details>
    }
}

fn clusters(clusters: &[Cluster]) -> impl IntoView + use<> {
    let l = lang();
    let count = clusters.len();
    let rows = clusters.iter().map(|cluster| {
        let number = |position: u32| integer(u64::from(position) + 1);
        let others = cluster.others.iter().map(|p| number(*p)).collect::<Vec<_>>().join(", ");
        let more = if cluster.size as usize > cluster.others.len() + 1 { " …" } else { "" };
        let shown = cluster.text.clone();
        view! {
            <tr>
                <td class="num">{integer(cluster.size.into())}</td>
                <td class="num">{number(cluster.kept)}</td>
                <td>{cluster.because.map(|because| words::step_because(l, because))}</td>
                <td>{others}{more}</td>
                <td class="prose" dir="auto">{shown}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    (count > 0).then(|| {
        view! {
            <details class="fold">
                <summary>{text::clusters(l, integer(count as u64))}</summary>
                <div class="table-wrap">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col" class="num">{text::size(l)}</th>
                                <th scope="col" class="num">{text::stays(l)}</th>
                                <th scope="col">{text::because(l)}</th>
                                <th scope="col">{text::others(l)}</th>
                                <th scope="col">{text::sample(l)}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        }
    })
}
