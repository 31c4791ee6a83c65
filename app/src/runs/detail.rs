//! The page of one run.

use super::{
    api::{RunView, get_run},
    fit::fit_card,
    leaks,
    learning::learning_card,
    live::{LiveRun, Snapshot},
    preflight::preflight_card,
    repetition::repetition_card,
    result::{actual, adapter_card, predicted, predicted_by_preflight, predicted_values, recipe_card},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        format::{self, Time, duration, integer},
        frame::PageHeader,
        load::{load, refuse},
        metric,
    },
};
use domain::{
    access::Action,
    id::{ProjectId, RunId},
    lang::Lang,
    lineage::NodeId,
    run::{Cost, PredictionBasis, RunDetail},
};
use leptos::prelude::*;

crate::texts! {
    new_report = "New report", "新建报告";
    clone_run = "Clone run", "克隆运行";
    sweep_from = "Sweep from this run", "从此运行开始搜索";
    of_sweep = "Sweep", "所属搜索";
    evaluation = "Evaluation", "评估";
    lineage = "Lineage", "血缘";
    cloned_from = "Cloned from", "克隆自";
    saw_forgotten = "Saw forgotten rows", "曾用被抹除的样本";
    forgotten_samples(n) = "{n} samples, forgotten", "{n} 个样本，抹除于";
    repeats = "Repeats", "重复自";
    continues = "Continues", "继续自";
    regressions = "Regression set", "回归集";
    regressions_are(passed, failed) = "{passed} pass, {failed} fail", "{passed} 条通过，{failed} 条未通过";
    broken_again(n) = "{n} broken again that an earlier run had fixed", "{n} 条曾修复，现再次出错";
}

/// `/p/:project/runs/:run`
#[component]
pub fn RunPage() -> impl IntoView {
    match (routes::param::<ProjectId>("project"), routes::param::<RunId>("run")) {
        (Ok(project), Ok(run)) => load(get_run(project, run), move |view| page(project, view)).into_any(),
        _ => refuse(AppError::NotFound).into_any(),
    }
}

fn page(project: ProjectId, view: RunView) -> impl IntoView {
    let l = lang();
    let run = &view.run;
    let id = run.summary.id;
    let title = format!("#{} {}", run.summary.number, run.summary.name);
    let clone = format!("{}?clone={id}", routes::new_run(project));
    let sweep = format!("{}?run={id}", routes::new_sweep(project));
    let has_evaluation = run.has_evaluation;
    let facts = facts(l, project, &view);
    let preflight = preflight_card(project, &view);
    let (learning, adapter, recipe) =
        (learning_card(project, run), adapter_card(project, run), recipe_card(project, run));
    let repetition = repetition_card(project, &view);
    let leaks = leaks::card(project, run);
    let fit = fit_card(project, &run.summary, view.fit.as_ref());
    view! {
        <PageHeader title>
            {has_evaluation.then(|| view! { <a class="button button-primary" href=routes::evaluation(project, id)>{evaluation(l)}</a> })}
            <a class="button" href=routes::lineage_of(project, &NodeId::Run(id))>{lineage(l)}</a>
            {role::may(Action::Launch).then(|| view! { <a class="button" href=routes::new_report(project, &[id])>{new_report(l)}</a> })}
            {role::may(Action::Launch).then(|| view! { <a class="button" href=clone>{clone_run(l)}</a> })}
            {role::may(Action::Launch).then(|| view! { <a class="button" href=sweep>{sweep_from(l)}</a> })}
        </PageHeader>
        {facts}
        {fit}
        <LiveRun snapshot=Snapshot::of(project, &view) may_cancel=role::may(Action::Launch)/>
        {leaks}
        {preflight}
        {learning}
        {adapter}
        {repetition}
        {recipe}
    }
}

/// What was predicted, and what came of it.
fn costs(l: Lang, run: &RunDetail) -> impl IntoView + use<> {
    let words = |steps: u32, cost: &Cost| {
        let known = |amount: Option<u64>| amount.map_or_else(|| "–".to_owned(), format::bytes);
        let time = duration(cost.seconds.round() as u64, l);
        predicted_values(l, integer(steps.into()), time, known(cost.memory_bytes), known(cost.disk_bytes))
    };
    let prediction = run.predicted.zip(run.estimate.as_ref()).map(|(prediction, estimate)| {
        let label = match prediction.basis {
            PredictionBasis::Preflight => predicted_by_preflight(l),
            PredictionBasis::RecentRuns | PredictionBasis::Guess => predicted(l),
        };
        view! { <div><dt>{label}</dt><dd>{words(estimate.steps, &prediction.cost)}</dd></div> }
    });
    let outcome = run.actual.map(|cost| {
        view! { <div><dt>{actual(l)}</dt><dd>{words(run.summary.state.step, &cost)}</dd></div> }
    });
    view! { {prediction} {outcome} }
}

/// Model, data, person, origin, score, prediction.
fn facts(l: Lang, project: ProjectId, view: &RunView) -> impl IntoView + use<> {
    let run = &view.run;
    let sweep = view.sweep.clone().map(|(id, name)| {
        view! { <div><dt>{of_sweep(l)}</dt><dd><a href=routes::sweep(project, id)><bdi>{name}</bdi></a></dd></div> }
    });
    let s = &run.summary;
    let version = text::version_label(l, &s.dataset_name, s.version_number);
    let ancestors = [(cloned_from(l), run.cloned_from), (repeats(l), run.repeats), (continues(l), run.continues)];
    let origin =
        ancestors.into_iter().filter_map(|(term, ancestor)| ancestor.map(|a| (term, a))).map(|(term, (id, n))| {
            view! { <div><dt>{term}</dt><dd><a href=routes::run(project, id)>{text::run_number(l, n)}</a></dd></div> }
        });
    let origin = origin.collect_view();
    let signed = run.leak_override.as_ref().map(|o| {
        let words = text::leak_signed(l, &o.by, integer(o.samples), &o.reason);
        view! { <div><dt>{text::leak_override(l)}</dt><dd dir="auto">{words}</dd></div> }
    });
    let forgotten = run.forgotten.iter().map(|saw| {
        view! { <div><dt>{saw_forgotten(l)}</dt><dd>{forgotten_samples(l, integer(saw.samples))} " " <Time at=saw.at/></dd></div> }
    });
    let forgotten = forgotten.collect_view();
    let score = s.headline.as_ref().map(|h| {
        let show = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| metric::value(&h.metric, v));
        let words = format!("{} → {} ({})", show(h.base), show(h.tuned), metric::name(l, &h.metric));
        view! { <div><dt>{text::score(l)}</dt><dd>{words}</dd></div> }
    });
    let costs = costs(l, run);
    let tested = view.regressions;
    let tested = (tested.passed + tested.failed > 0).then(|| {
        let words = regressions_are(l, tested.passed, tested.failed);
        let broken = (tested.broken > 0)
            .then(|| view! { " "<span class="badge badge-bad">{broken_again(l, tested.broken)}</span> });
        view! { <div><dt>{regressions(l)}</dt><dd><a href=routes::regressions(project)>{words}</a>{broken}</dd></div> }
    });
    view! {
        <section class="card">
        <dl class="meta">
            <div><dt>{text::model(l)}</dt><dd><a href=routes::model(project, s.model_id)><bdi>{s.model_name.clone()}</bdi></a></dd></div>
            <div><dt>{text::dataset(l)}</dt><dd><a href=routes::version(project, s.dataset_id, s.version_number)><bdi>{version}</bdi></a></dd></div>
            <div><dt>{text::started(l)}</dt><dd><Time at=s.created_at/> " · " {s.created_by.clone()}</dd></div>
            {origin}
            {sweep}
            {score}
            {tested}
            {signed}
            {forgotten}
            {costs}
        </dl>
        </section>
    }
}
