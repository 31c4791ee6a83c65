//! The table of candidates, and alarms.

use super::{api::DismissAlarm, text};
use crate::{
    role, routes,
    text::lang,
    ui::{form::PostForm, format::integer, metric},
    words,
};
use domain::{
    access::Action,
    eval::view::{Difference, RESAMPLES},
    id::{ProjectId, SuiteId},
    lang::Lang,
    measure::MetricScore,
    statistics::verdict::Verdict,
    suite::{CandidateRow, Cell, EvaluationDesign, JudgedFigure, LOCAL_ONLY, NEUTRAL, SEED, SuiteAlarm, SuiteTable},
};
use leptos::prelude::*;

/// Candidates by evaluations.
pub(super) fn table(project: ProjectId, suite: SuiteId, table: &SuiteTable) -> AnyView {
    let l = lang();
    if table.rows.is_empty() {
        return view! { <p class="muted">{text::table_none(l)}</p> }.into_any();
    }
    let heads = table.evaluations.iter().map(|e| view! { <th scope="col" dir="auto">{e.key.clone()}</th> });
    let heads = heads.collect_view();
    let rows = table.rows.iter().map(|row| candidate((project, suite), row, &table.evaluations, l)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards suite-table">
                <thead><tr><th scope="col">{text::candidate(l)}</th><th scope="col">{text::gates_all(l)}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="help">{text::table_help(l, integer(RESAMPLES.into()), SEED)}</p>
    }
    .into_any()
}

fn candidate(
    place: (ProjectId, SuiteId),
    row: &CandidateRow,
    evaluations: &[EvaluationDesign],
    l: Lang,
) -> impl IntoView + use<> {
    let name = words::marked_run(l, row.name.clone(), row.saw_erased);
    let baseline = row.is_baseline.then(|| view! { " "<span class="badge">{text::baseline(l)}</span> });
    let gates = row.standing().map(|s| {
        view! { <span class=words::standing_badge(s)>{words::standing(l, s)}</span> }
    });
    let cells = row.cells.iter().zip(evaluations).map(|(found, evaluation)| {
        let shown = found.as_ref().map(|found| cell(place, row, (found, evaluation), l));
        view! { <td data-label=evaluation.key.clone()>{shown.map(|shown| view! { <div>{shown}</div> })}</td> }
    });
    let cells = cells.collect_view();
    view! {
        <tr>
            <th scope="row"><bdi>{name}</bdi>{baseline}</th>
            <td data-label=text::gates_all(l)>{gates}</td>
            {cells}
        </tr>
    }
}

fn cell(
    (project, suite): (ProjectId, SuiteId),
    row: &CandidateRow,
    (found, evaluation): (&Cell, &EvaluationDesign),
    l: Lang,
) -> impl IntoView + use<> {
    let href = routes::suite_result(project, suite, found.result_id);
    let scores = evaluation.measured().into_iter().filter_map(|name| Some((found.scores.get(&name)?.clone(), name)));
    let scores = scores.map(|(score, name)| {
        let difference = found.difference(&name).map(|d| difference(d, row.verdict(&evaluation.key, d), l));
        let judged = found.judged.get(&name).map(|figure| judged(project, figure, l));
        view! {
            <div class="suite-score">
                <span class="muted">{metric::name(l, &name)}</span>
                " "<a href=href.clone()>{metric::scored(&name, score.value)}</a>
                " "<span class="muted nowrap">{interval(&name, &score)}</span>
                {judged}
                {difference}
            </div>
        }
    });
    let scores = scores.collect_view();
    let is_untold = |name: &String| LOCAL_ONLY.contains(&name.as_str()) && !found.scores.contains_key(name);
    let untold = evaluation.measured().into_iter().filter(|name| row.candidate.endpoint().is_some() && is_untold(name));
    let untold = untold.map(|name| {
        view! { <div class="muted">{metric::name(l, &name)}" "{text::not_of_endpoint(l)}</div> }
    });
    let untold = untold.collect_view();
    let gates = found.gates.iter().map(|gate| {
        let why_not = gate.judge.map(|standing| text::gate_undecided(l, words::judge_standing(l, standing)));
        let why_not = why_not.map_or_else(String::new, |why_not| format!(" ({why_not})"));
        let words = format!("{}: {}{why_not}", gate.gate, words::standing(l, gate.standing));
        view! { <li><span class=words::standing_badge(gate.standing)>{words}</span></li> }
    });
    let gates = (!found.gates.is_empty()).then(|| view! { <ul class="suite-gates">{gates.collect_view()}</ul> });
    let contaminated = (found.contaminated > 0).then(|| {
        view! { <p class="notice notice-warn">{text::contaminated(l, integer(found.contaminated.into()))}</p> }
    });
    let samples = text::samples(l, integer(found.samples));
    view! {
        {scores}
        {untold}
        {gates}
        {contaminated}
        <p class="muted suite-links">
            {samples}" · "<a href=href.clone()>{text::show_answers(l)}</a>
            " · "<a href=routes::suite_slices(project, suite, found.result_id)>{text::show_slices(l)}</a>
        </p>
    }
}

/// Whether a judge's figure counts, and by what, with the judge's own noise.
pub(super) fn judged(project: ProjectId, figure: &JudgedFigure, l: Lang) -> impl IntoView + use<> {
    let told = words::judge_kappa(l, figure).into_iter().chain(words::judge_noise(l, figure));
    let told = told.map(|part| format!(" · {part}")).collect::<String>();
    let model = figure.model.clone().map(|model| view! { " · "<bdi>{model}</bdi> });
    view! {
        <div class="suite-judge">
            <span class=words::judge_badge(figure.standing)>{words::judge_said(l, figure.standing)}</span>
            <span class="muted">{model}{told}" · "<a href=routes::judging(project, figure.judging_id)>{text::judge_said(l)}</a></span>
        </div>
    }
}

/// A difference with what may be said of it, and where that is nothing, with how large it would have had to be.
pub(super) fn difference(d: &Difference, verdict: Verdict, l: Lang) -> AnyView {
    let change = metric::scored_difference(&d.metric, d.to - d.from);
    if NEUTRAL.contains(&d.metric.as_str()) {
        return view! { <div class="muted">{change}</div> }.into_any();
    }
    let detectable = d.detectable().filter(|_| verdict == Verdict::NoEvidence).map(|least| {
        let least = metric::scored_difference(&d.metric, least);
        view! { <div class="muted">{text::detectable(l, least.trim_start_matches('+'))}</div> }
    });
    view! {
        <div><span class=metric::verdict_badge(verdict)>{change}" "{verdict_word(l, verdict)}</span></div>
        {detectable}
    }
    .into_any()
}

/// The interval of a score as `[low … high]`.
pub(super) fn interval(name: &str, score: &MetricScore) -> Option<String> {
    let bounds = score.interval.map(|i| [i.low, i.high].map(|x| metric::scored(name, x)));
    bounds.map(|[low, high]| format!("[{low} … {high}]"))
}

fn verdict_word(l: Lang, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => text::better(l),
        Verdict::Worse => text::worse(l),
        Verdict::NoEvidence => text::no_evidence(l),
    }
}

/// Open alarms, where there are any.
pub(super) fn alarms(project: ProjectId, alarms: &[SuiteAlarm], l: Lang) -> AnyView {
    if alarms.is_empty() {
        return ().into_any();
    }
    let may = role::may(Action::Launch);
    let items = alarms.iter().map(|a| {
        let change = metric::scored_difference(&a.difference.metric, a.difference.to - a.difference.from);
        let what = format!("{} · {} {change}", a.evaluation, metric::name(l, &a.difference.metric));
        let (suite, alarm) = (a.suite_id, a.id);
        let dismiss = may.then(|| {
            view! {
                <PostForm action={ServerAction::<DismissAlarm>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="suite" value=suite.to_string()/>
                    <input type="hidden" name="alarm" value=alarm.to_string()/>
                    <button class="button button-small" type="submit">{text::dismiss(l)}</button>
                </PostForm>
            }
        });
        view! {
            <li>
                <a href=routes::suite_result(project, a.suite_id, a.result_id) dir="auto">{text::alarm(l, &a.candidate_name, &a.baseline_name)}</a>
                ": "<bdi>{what}</bdi>
                " "<span class="muted">{text::alarm_p(l, crate::ui::format::number(a.adjusted_p_value))}</span>
                {dismiss}
            </li>
        }
    });
    view! {
        <section class="notice notice-bad" id="alarms">
            <h2>{text::alarms_title(l)}</h2>
            <ul class="findings">{items.collect_view()}</ul>
        </section>
    }
    .into_any()
}
