//! The tables of a sweep: its trials, how much each field matters, what each change is worth.

use super::text;
use crate::{
    routes,
    runs::state::Badge,
    ui::{
        format::{duration, integer, percent},
        metric,
    },
};
use domain::{
    id::{ProjectId, RunId},
    lang::Lang,
    recipe::setting_text,
    sweep::{Analysis, FEWEST, SEED_FIELD, Strategy, SweepPlan, TrialRun},
};
use leptos::prelude::*;
use serde_json::Value;

/// The fields that trials differ in: the axes, and the seed of an ablation.
fn columns(plan: &SweepPlan) -> Vec<String> {
    let seed = matches!(plan.strategy, Strategy::Ablation { .. }).then(|| SEED_FIELD.to_owned());
    plan.axes.iter().map(|a| a.field.clone()).chain(seed).collect()
}

/// Puts runs in the order that the address asks for: `trial`, `rung`, `steps`, `objective`, `time` or a field, with `-`
/// before it from large to small. Runs without a value come last.
fn sort(runs: &mut [TrialRun], by: &str) {
    let (by, sign) = by.strip_prefix('-').map_or((by, 1.0), |by| (by, -1.0));
    let words = |r: &TrialRun| r.value(by).map(setting_text).unwrap_or_default();
    let key = |r: &TrialRun| match by {
        "trial" | "" => Some(f64::from(r.trial)),
        "rung" => Some(f64::from(r.rung)),
        "steps" => Some(f64::from(r.step)),
        "objective" => r.goal,
        "time" => Some(r.elapsed_seconds as f64),
        field => r.value(field).and_then(Value::as_f64),
    };
    let key = |r: &TrialRun| key(r).map_or(f64::INFINITY, |x| sign * x);
    runs.sort_by(|a, b| key(a).total_cmp(&key(b)).then_with(|| words(a).cmp(&words(b))));
}

/// One row per run. Heads are links that sort, and turn the order when they do already.
pub(super) fn trials(
    project: ProjectId,
    plan: &SweepPlan,
    mut runs: Vec<TrialRun>,
    best: Option<RunId>,
    l: Lang,
) -> AnyView {
    if runs.is_empty() {
        return view! { <p class="muted">{text::waiting_for_runs(l)}</p> }.into_any();
    }
    let by = routes::query::<String>("sort").unwrap_or_default();
    sort(&mut runs, &by);
    let head = |key: &str, words: String, is_number: bool| {
        let turned = by.strip_prefix('-');
        let order = if turned == Some(key) { Some("descending") } else { (by == key).then_some("ascending") };
        let next = if by == key { format!("?sort=-{key}") } else { format!("?sort={key}") };
        view! { <th scope="col" class:num=is_number aria-sort=order><a href=next>{words}</a></th> }
    };
    let fields = columns(plan);
    let is_asha = !plan.strategy.rungs().is_empty();
    let heads = fields.iter().map(|f| head(f, f.clone(), false)).collect_view();
    let rows = runs.iter().map(|r| {
        let cells = fields.iter().map(|f| view! { <td>{r.value(f).map(setting_text)}</td> }).collect_view();
        let is_best = best == Some(r.run_id);
        let goal = r.goal.map(|x| metric::value(plan.goal.as_str(), x));
        view! {
            <tr class:good=is_best>
                <th scope="row" class="nowrap"><a href=routes::run(project, r.run_id)>{format!("{} · #{}", r.trial + 1, r.run_number)}</a></th>
                <td class="nowrap"><Badge status=r.status/></td>
                {is_asha.then(|| view! { <td class="num">{r.rung}</td> })}
                {cells}
                <td class="num">{format!("{} / {}", integer(r.step.into()), integer(r.total_steps.into()))}</td>
                <td class="num"><span class:best=is_best>{goal}</span>{is_best.then(|| view! { " " <span class="badge badge-good">{text::best(l)}</span> })}</td>
                <td class="num">{duration(r.elapsed_seconds, l)}</td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table sweep-trials">
                <thead>
                    <tr>
                        {head("trial", format!("{} · {}", text::trial(l), text::run(l)), false)}
                        <th scope="col">{text::status(l)}</th>
                        {is_asha.then(|| head("rung", text::rung(l).to_owned(), true))}
                        {heads}
                        {head("steps", text::steps(l).to_owned(), true)}
                        {head("objective", metric::name(l, plan.goal.as_str()), true)}
                        {head("time", text::time(l).to_owned(), true)}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A bar per field.
pub(super) fn importance(analysis: &Analysis, l: Lang) -> impl IntoView + use<> {
    let rows = analysis.importance.iter().map(|i| {
        let share = i.share.map(|s| view! { <meter min="0" max="1" value=s.to_string()></meter>" "{percent(s)} });
        view! {
            <tr>
                <th scope="row"><code>{i.field.clone()}</code></th>
                <td class="sweep-share">{share}{i.share.is_none().then(|| view! { <span class="muted">{text::too_few(l, FEWEST)}</span> })}</td>
                <td class="num">{i.p_value.map(|p| format!("{p:.3}"))}</td>
                <td class="num">{i.correlation.map(|c| format!("{c:+.2}"))}</td>
                <td class="num">{i.runs}</td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::field(l)}</th>
                        <th scope="col">{text::share(l)}</th>
                        <th scope="col" class="num">{text::p_value(l)}</th>
                        <th scope="col" class="num">{text::direction(l)}</th>
                        <th scope="col" class="num">{text::based_on(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

/// What each change of an ablation is worth.
pub(super) fn effects(plan: &SweepPlan, analysis: &Analysis, l: Lang) -> AnyView {
    if analysis.effects.is_empty() {
        return view! { <p class="muted">{text::no_pairs(l)}</p> }.into_any();
    }
    let key = plan.goal.as_str();
    let rows = analysis.effects.iter().map(|e| {
        let interval = e.interval.map(|(low, high)| format!(" [{} … {}]", metric::signed(key, low), metric::signed(key, high)));
        let (class, verdict) = match e.is_better(plan.goal.is_maximised()) {
            Some(true) => ("badge badge-good", text::better(l)),
            Some(false) => ("badge badge-bad", text::worse(l)),
            None => ("badge badge-quiet", text::unclear(l)),
        };
        let from = plan.recipe.setting(&e.change.field).map(|v| setting_text(&v)).unwrap_or_default();
        view! {
            <tr>
                <th scope="row"><code>{e.change.field.clone()}</code><div>{format!("{from} → {}", setting_text(&e.change.value))}</div></th>
                <td class="num">{metric::value(key, e.base)}</td>
                <td class="num">{metric::value(key, e.changed)}</td>
                <td class="num">{metric::signed(key, e.difference)}{interval}</td>
                <td class="num">{e.pairs}</td>
                <td><span class=class>{verdict}</span></td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::change(l)}</th>
                        <th scope="col" class="num">{text::without(l)}</th>
                        <th scope="col" class="num">{text::with(l)}</th>
                        <th scope="col" class="num">{effect_head(key, l)}</th>
                        <th scope="col" class="num">{text::pairs(l)}</th>
                        <th scope="col"><span class="visually-hidden">{text::effect(l)}</span></th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// "Effect (Validation loss)".
fn effect_head(key: &str, l: Lang) -> String {
    format!("{} ({})", text::effect(l), metric::name(l, key))
}
