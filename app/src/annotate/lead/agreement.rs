//! How well the people of a task agree: by question, pair, option, person, week, and on which items least.

use super::{api::results::get_agreement, asked, text};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{Time, integer, number, percent},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use domain::{
    annotation::agreement_view::{
        Agreement, ClassAgreement, GoldScore, ItemAgreement, Measure, PairAgreement, PersonAgreement,
        QuestionAgreement, WeekAgreement,
    },
    id::{ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    as_of = "As of", "截至";
    changed_since = "Judgements have changed since: this takes a while to compute and is computed again later.",
        "此后标注有变动：计算耗时较长，稍后自动重新计算。";
}

/// `/p/:project/annotation/:task/agreement`.
#[component]
pub fn AgreementPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, task) = asked?;
        let (name, agreement) = get_agreement(project, task).await?;
        Ok::<_, AppError>((project, task, name, agreement))
    };
    load(data, |(project, task, name, agreement)| page(project, task, &name, agreement))
}

fn page(project: ProjectId, task: TaskId, name: &str, agreement: Agreement) -> impl IntoView + use<> {
    let l = lang();
    let header = view! {
        <PageHeader title=format!("{}: {name}", text::to_agreement(l)) lead=text::agreement_lead(l)>
            <a class="button" href=format!("/api/v1/projects/{project}/annotation-tasks/{task}/agreement")>"JSON"</a>
            <a class="button" href=routes::annotation_task(project, task)>{text::back(l)}</a>
        </PageHeader>
    };
    if agreement.items == 0 {
        return view! { {header}<Empty title=text::agreement_none(l) hint=text::agreement_none_hint(l)/> }.into_any();
    }
    let drawn = (agreement.measured < agreement.items)
        .then(|| text::agreement_drawn(l, integer(agreement.measured), integer(agreement.items)));
    let as_of = agreement.as_of.map(|at| view! { {as_of(l)}" "<Time at/> });
    let changed = (!agreement.is_current).then(|| view! { <p class="notice">{changed_since(l)}</p> });
    let gold = gold(l, agreement.gold);
    let questions = agreement.questions.into_iter().map(|q| question(project, task, l, q)).collect_view();
    view! {
        {header}
        <p class="muted">{text::agreement_items(l, integer(agreement.items))}" "{drawn}" "{as_of}</p>
        {changed}
        {questions}
        {gold}
    }
    .into_any()
}

fn measure(l: Lang, measure: Measure) -> &'static str {
    match measure {
        Measure::AlphaNominal => text::alpha_nominal(l),
        Measure::AlphaOrdinal => text::alpha_ordinal(l),
        Measure::AlphaSets => text::alpha_sets(l),
        Measure::AlphaUnits => text::alpha_units(l),
        Measure::KendallW => text::kendall_w(l),
        Measure::Similarity => text::similarity(l),
    }
}

/// How a value of α or κ is read: Krippendorff 2004 takes 0.8 for reliable and 0.667 for tentative conclusions.
fn reading(l: Lang, value: f64) -> (&'static str, &'static str) {
    match value {
        v if v >= 0.8 => (text::reliable(l), "badge badge-good"),
        v if v >= 0.667 => (text::tentative(l), "badge badge-warn"),
        _ => (text::unreliable(l), "badge badge-bad"),
    }
}

fn figure(value: Option<f64>) -> String {
    value.map(|v| format!("{v:.3}")).unwrap_or_else(|| "–".to_owned())
}

fn share(value: Option<f64>) -> String {
    value.map(percent).unwrap_or_else(|| "–".to_owned())
}

fn question(project: ProjectId, task: TaskId, l: Lang, q: QuestionAgreement) -> impl IntoView {
    let badge = q.value.filter(|_| q.measure != Measure::Similarity).map(|value| {
        let (words, class) = reading(l, value);
        view! { <span class=class>{words}</span> }
    });
    let interval = q.low.zip(q.high).map(|(low, high)| text::interval(l, figure(Some(low)), figure(Some(high))));
    let stat = |label: &'static str, value: String, note: String| {
        view! {
            <div class="stat">
                <span class="stat-note">{note}</span>
                <span class="stat-label">{label}</span>
                <span class="stat-value">{value}</span>
            </div>
        }
    };
    let fleiss = q.fleiss.map(|kappa| stat(text::fleiss(l), figure(Some(kappa)), String::new()));
    view! {
        <section class="stack">
            <div class="card-title"><h2 dir="auto">{q.title}</h2>{badge}</div>
            <div class="stats">
                {stat(measure(l, q.measure), figure(q.value), interval.unwrap_or_default())}
                {fleiss}
                {stat(text::alike(l), share(q.alike), String::new())}
                {stat(text::compared_items(l), integer(q.items), String::new())}
            </div>
            {classes(l, q.classes)}
            {pairs(l, q.pairs)}
            {people(l, q.people)}
            {weeks(l, q.weeks)}
            {lowest(project, task, l, q.lowest)}
        </section>
    }
}

/// A table in a fold; nothing without rows.
fn fold(title: &'static str, heads: Vec<&'static str>, rows: Vec<AnyView>, open: bool) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let heads = heads.into_iter().enumerate().map(|(i, head)| {
        let class = (i > 0).then_some("num");
        view! { <th scope="col" class=class>{head}</th> }
    });
    let heads = heads.collect_view();
    view! {
        <details class="fold" open=open>
            <summary>{title}</summary>
            <div class="table-wrap">
                <table class="table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>
            </div>
        </details>
    }
    .into_any()
}

fn cells(head: String, numbers: Vec<String>) -> AnyView {
    let numbers = numbers.into_iter().map(|n| view! { <td class="num">{n}</td> }).collect_view();
    view! { <tr><th scope="row" dir="auto">{head}</th>{numbers}</tr> }.into_any()
}

fn classes(l: Lang, classes: Vec<ClassAgreement>) -> AnyView {
    let heads = vec![text::option(l), text::said(l), text::agreement_of_class(l), text::alpha_of_class(l)];
    let rows = classes.into_iter().map(|c| cells(c.value, vec![integer(c.said), share(c.agreement), figure(c.alpha)]));
    fold(text::by_class(l), heads, rows.collect(), true)
}

fn pairs(l: Lang, pairs: Vec<PairAgreement>) -> AnyView {
    let has_spans = pairs.iter().any(|p| p.f1_exact.is_some());
    let mut heads = vec![text::pair(l), text::compared_items(l), text::alike(l)];
    heads.extend(if has_spans { vec![text::f1_exact(l), text::f1_partial(l)] } else { vec![text::kappa(l)] });
    let rows = pairs.into_iter().map(|p| {
        let mut numbers = vec![integer(p.items), percent(p.alike)];
        numbers.extend(if has_spans { vec![share(p.f1_exact), share(p.f1_partial)] } else { vec![figure(p.kappa)] });
        cells(format!("{} – {}", p.first.name, p.second.name), numbers)
    });
    fold(text::by_pair(l), heads, rows.collect(), false)
}

fn people(l: Lang, people: Vec<PersonAgreement>) -> AnyView {
    let heads = vec![text::person(l), text::compared_items(l), text::like_others(l), text::accuracy(l)];
    let rows =
        people.into_iter().map(|p| cells(p.person.name, vec![integer(p.items), share(p.alike), share(p.accuracy)]));
    fold(text::by_person(l), heads, rows.collect(), false)
}

fn weeks(l: Lang, weeks: Vec<WeekAgreement>) -> AnyView {
    if weeks.len() < 2 {
        return ().into_any();
    }
    let heads = vec![text::week(l), text::compared_items(l), text::value(l), text::alike(l)];
    let rows = weeks.into_iter().map(|w| cells(w.week, vec![integer(w.items), figure(w.value), share(w.alike)]));
    fold(text::by_week(l), heads, rows.collect(), false)
}

fn lowest(project: ProjectId, task: TaskId, l: Lang, items: Vec<ItemAgreement>) -> AnyView {
    let rows = items.into_iter().filter(|i| i.alike < 1.0).map(|i| {
        let href = routes::annotation_item(project, task, i.item_id);
        view! {
            <tr>
                <th scope="row"><a href=href>{format!("{} {}", text::item(l), i.rank + 1)}</a></th>
                <td class="num">{i.answers}</td>
                <td class="num">{percent(i.alike)}</td>
            </tr>
        }
        .into_any()
    });
    fold(text::lowest_items(l), vec![text::item(l), text::answers(l), text::alike(l)], rows.collect(), false)
}

fn gold(l: Lang, gold: Vec<GoldScore>) -> AnyView {
    let rows = gold.into_iter().map(|g| {
        let right =
            if g.judged > 0 { number(g.right as f64 / g.judged as f64 * 100.0) + " %" } else { "–".to_owned() };
        cells(g.person.name, vec![integer(g.judged), integer(g.right), right])
    });
    fold(
        text::gold_title(l),
        vec![text::person(l), text::judged(l), text::right(l), text::alike(l)],
        rows.collect(),
        true,
    )
}
