//! Choosing runs, metric and axis: plain forms, so that the page works without JavaScript.

use super::{address::Chosen, text};
use crate::{
    routes,
    text::lang,
    ui::{field::Field, format::shortened, metric, notice::Empty},
};
use domain::{
    id::ProjectId,
    lang::Lang,
    overlay::{Axis, MAX_RUNS, OverlayRun},
    run::RunSummary,
};
use leptos::prelude::*;

fn axis_name(l: Lang, axis: Axis) -> &'static str {
    match axis {
        Axis::Step => text::step(l),
        Axis::Time => text::time(l),
        Axis::Tokens => text::tokens(l),
    }
}

/// Recent runs with check boxes, when no run is chosen yet.
pub(super) fn picker(project: ProjectId, choices: Vec<RunSummary>) -> AnyView {
    let l = lang();
    if choices.is_empty() {
        return view! { <Empty title=text::none_title(l) hint=text::no_runs(l)><a class="button" href=routes::runs(project)>{text::runs(l)}</a></Empty> }
            .into_any();
    }
    let row = |run: RunSummary| {
        let label = format!("#{} {}", run.number, run.name);
        view! {
            <tr>
                <td><input type="checkbox" name="runs" value=run.id.to_string() aria-label=label.clone()/></td>
                <th scope="row"><a href=routes::run(project, run.id)><bdi>{label}</bdi></a></th>
                <td class="prose" dir="auto">{format!("{} v{}", run.dataset_name, run.version_number)}</td>
            </tr>
        }
    };
    view! {
        <form method="get" class="stack">
            <h2>{text::none_title(l)}</h2>
            <p class="help">{text::none_hint(l)}</p>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">{text::draw(l)}</span></th>
                            <th scope="col">{text::run(l)}</th>
                            <th scope="col">{text::dataset(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{choices.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            <button class="button button-primary" type="submit">{text::draw(l)}</button>
        </form>
    }
    .into_any()
}

/// Metric, axis and what else decides the picture.
pub(super) fn settings(chosen: &Chosen, metrics: &[String]) -> impl IntoView + use<> {
    let l = lang();
    let mut offered: Vec<String> = metrics.to_vec();
    if !offered.contains(&chosen.metric) {
        offered.insert(0, chosen.metric.clone());
    }
    let current = chosen.metric.clone();
    let options = offered.into_iter().map(|key| {
        view! { <option value=key.clone() selected=key == current>{metric::name(l, &key)}</option> }
    });
    let options = options.collect_view();
    let axis = chosen.axis;
    let axes = Axis::ALL.map(|a| view! { <option value=a.as_str() selected=a == axis>{axis_name(l, a)}</option> });
    let end = |x: Option<f64>| x.map(|x| x.to_string());
    let (runs, from, to) = (chosen.runs.join(","), end(chosen.from), end(chosen.to));
    let (smooth, is_log) = (chosen.smooth.to_string(), chosen.log);
    view! {
        <form class="filters" method="get">
            <input type="hidden" name="runs" value=runs/>
            <Field id="metric" label=text::metric(l)><select id="metric" name="metric">{options}</select></Field>
            <Field id="x" label=text::axis(l)><select id="x" name="x">{axes.collect_view()}</select></Field>
            <Field id="from" label=text::from(l)><input id="from" name="from" inputmode="decimal" value=from/></Field>
            <Field id="to" label=text::to(l)><input id="to" name="to" inputmode="decimal" value=to/></Field>
            <Field id="smooth" label=text::smoothing(l)>
                <input id="smooth" name="smooth" type="number" min="0" max="0.999" step="any" value=smooth title=text::smoothing_help(l)/>
            </Field>
            <label class="check"><input type="checkbox" name="log" value="1" checked=is_log/><span>{text::log_scale(l)}</span></label>
            <button class="button" type="submit">{text::show(l)}</button>
        </form>
    }
}

/// The runs drawn, each with a way out, and a list that adds one.
pub(super) fn chips(
    project: ProjectId,
    chosen: &Chosen,
    runs: &[OverlayRun],
    choices: Vec<RunSummary>,
) -> impl IntoView + use<> {
    let l = lang();
    let chip = |run: &OverlayRun| {
        let rest = chosen.runs.iter().filter(|id| **id != run.id).cloned().collect();
        let without = Chosen { runs: rest, hidden: Vec::new(), ..chosen.clone() };
        let href = match (run.tracked, run.id.parse(), run.id.parse()) {
            (true, Ok(id), _) => routes::tracked_run(project, id),
            (false, _, Ok(id)) => routes::run(project, id),
            _ => String::new(),
        };
        view! {
            <li class="chip">
                <a href=href dir="auto" title=run.name.clone()>{run.name.clone()}</a>
                {run.tracked.then(|| view! { <span class="muted">{text::tracked(l)}</span> })}
                <a class="chip-remove" href=without.query() aria-label=text::remove(l, &run.name)>"×"</a>
            </li>
        }
    };
    let chips = runs.iter().map(chip).collect_view();
    let others = choices.into_iter().filter(|r| !chosen.runs.contains(&r.id.to_string()));
    let options: Vec<_> = others
        .map(|run| view! { <option value=run.id.to_string()>{shortened(&format!("#{} {}", run.number, run.name))}</option> })
        .collect();
    let kept = view! { <input type="hidden" name="runs" value=chosen.runs.join(",")/> };
    let (metric, axis) = (chosen.metric.clone(), chosen.axis.as_str());
    view! {
        <ul class="chips">{chips}</ul>
        {(!options.is_empty() && chosen.runs.len() < MAX_RUNS).then(|| view! {
            <form class="filters" method="get">
                {kept}<input type="hidden" name="metric" value=metric/><input type="hidden" name="x" value=axis/>
                <Field id="add" label=text::add(l)><select id="add" name="runs">{options}</select></Field>
                <button class="button" type="submit">{text::add_button(l)}</button>
            </form>
        })}
    }
}
