//! The page that plans a sweep. Its preview is the page again, with the form in its address.

use super::{
    api::{NewView, StartSweep, get_new_sweep},
    form::{SweepForm, input, row},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    runs::form::{fields, no_models, no_versions},
    text::lang,
    ui::{
        field::Field,
        form::{address, refusal_of},
        format::{bytes, duration, integer},
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::{Empty, Problem},
    },
};
use domain::{
    access::Action,
    id::{ProjectId, RunId},
    lang::Lang,
    sweep::{Forecast, Goal, MAX_AXES},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Rows for fields that are open at first.
const OPEN_ROWS: usize = 3;

/// `/p/:project/sweeps/new?run=`, or with the form's values.
#[component]
pub fn NewSweepPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::Launch) {
        return refuse(AppError::Forbidden).into_any();
    }
    let query = use_query_map().get_untracked();
    let pairs: Vec<(String, String)> = query.latest_values().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let refusal = refusal_of::<StartSweep>();
    let refused = refusal.as_ref().map(|r| r.error.clone());
    let form = SweepForm::of_pairs(refusal.map_or(pairs, |r| r.typed), l);
    view! {
        <PageHeader title=text::new_sweep(l) lead=text::lead(l)/>
        {refused.map(|error| view! { <Problem error/> })}
        {load(get_new_sweep(project, routes::query::<RunId>("run"), form), move |view| page(project, view))}
    }
    .into_any()
}

fn page(project: ProjectId, view: NewView) -> impl IntoView {
    let l = lang();
    if view.choices.models.is_empty() || view.choices.versions.is_empty() {
        let title = if view.choices.models.is_empty() { no_models(l) } else { no_versions(l) };
        return view! { <Empty title hint=text::lead(l)/> }.into_any();
    }
    let rows = |range: std::ops::Range<usize>| range.map(|i| axis_row(&view, i, l)).collect_view();
    let more_is_used = (OPEN_ROWS..MAX_AXES).any(|i| !view.form.get(&row("field", i)).is_empty());
    let (open, more) = (rows(0..OPEN_ROWS), rows(OPEN_ROWS..MAX_AXES));
    let number = |name: &'static str, label: &'static str, help: &'static str, at: &'static str| {
        let problem = problem(&view, at);
        let control = view! { <input id=name name=input(name) value=view.form.get(name) inputmode="decimal" autocomplete="off"/> };
        view! { <Field id=name label=label help=help>{control}{problem}</Field> }
    };
    let (recipe, name) = (view.form.get("recipe"), view.form.get("name"));
    view! {
        <form class="launch split-main" method="get" action=routes::new_sweep(project)>
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="key" value=uuid::Uuid::now_v7().to_string()/>
            <div class="stack">
                <fieldset>
                    <legend>{text::what(l)}</legend>
                    {places(&view, l)}
                    <Field id="name" label=text::name(l) help=text::name_help(l)>
                        <input id="name" name=input("name") maxlength="200" value=name/>
                    </Field>
                    <details class="fold" open=has_problem(&view, "recipe")>
                        <summary>{text::recipe(l)}</summary>
                        <p class="help">{text::recipe_help(l)}</p>
                        <textarea class="mono sweep-recipe" name=input("recipe") aria-label=text::recipe(l) rows="16" spellcheck="false">{recipe}</textarea>
                        {problem(&view, "recipe")}
                    </details>
                </fieldset>
                <fieldset>
                    <legend>{text::strategy(l)}</legend>
                    {choice(&view, "strategy", text::strategy(l), text::strategy_help(l), ["grid", "random", "asha", "ablation"].map(|s| (s, text::strategy_name(l, s).to_owned())))}
                    <div class="field-row">
                        {number("runs", text::runs(l), text::runs_help(l), "strategy.runs")}
                        {number("seed", text::seed(l), text::seed_help(l), "strategy.seed")}
                        {number("seeds", text::seeds(l), text::seeds_help(l), "strategy.seeds")}
                    </div>
                    <div class="field-row">
                        {number("min_steps", text::min_steps(l), "", "strategy.min_steps")}
                        {number("max_steps", text::max_steps(l), "", "strategy.max_steps")}
                        {number("reduction", text::reduction(l), "", "strategy.reduction")}
                    </div>
                    <p class="help">{text::asha_help(l)}</p>
                </fieldset>
                <fieldset>
                    <legend>{text::axes(l)}</legend>
                    <p class="help">{text::axes_help(l)}</p>
                    {problem(&view, "axes")}
                    {open}
                    <details class="fold" open=more_is_used><summary>{text::more_axes(l)}</summary>{more}</details>
                </fieldset>
                <fieldset>
                    <legend>{text::goal(l)}</legend>
                    {choice(&view, "objective", text::goal(l), text::goal_help(l), Goal::ALL.map(|o| (o.as_str(), metric::name(l, o.as_str()))))}
                    {problem(&view, "objective")}
                </fieldset>
                <fieldset>
                    <legend>{text::budget(l)}</legend>
                    <div class="field-row">
                        {number("max_runs", text::max_runs(l), "", "budget.max_runs")}
                        {number("max_hours", text::max_hours(l), text::max_hours_help(l), "budget.max_hours")}
                        {number("at_a_time", text::at_a_time(l), text::at_a_time_help(l), "budget.at_a_time")}
                    </div>
                </fieldset>
            </div>
            <aside class="stack launch-side">
                {forecast(&view, l)}
                <button type="submit" class="button">{text::preview(l)}</button>
                <button type="submit" class="button button-primary" formmethod="post" formaction={address::<StartSweep>()}>{text::start(l)}</button>
            </aside>
        </form>
    }
    .into_any()
}

fn has_problem(view: &NewView, of: &str) -> bool {
    view.problems.iter().any(|p| p.0.starts_with(of))
}

/// What is wrong with a field of the plan.
fn problem(view: &NewView, at: &str) -> impl IntoView + use<> {
    let is_at = |field: &str| field == at || (at == "recipe" && field.starts_with("recipe."));
    let found = view.problems.iter().filter(|p| is_at(&p.0));
    found
        .map(|(field, words)| {
            let path = field.strip_prefix("recipe.").map(|path| format!("{path}: "));
            view! { <p class="error">{path}{words.clone()}</p> }
        })
        .collect_view()
}

/// Base model and dataset version.
fn places(view: &NewView, l: Lang) -> impl IntoView + use<> {
    let options = |name: &'static str, all: Vec<(String, String)>| {
        let chosen = view.form.get(name);
        let options = all
            .into_iter()
            .map(|(id, words)| view! { <option value=id.clone() selected=id == chosen>{words}</option> });
        view! { <select id=name name=input(name)>{options.collect_view()}</select> }
    };
    let models = view.choices.models.iter().map(|m| (m.id.to_string(), m.name.clone())).collect();
    let versions = view.choices.versions.iter().map(|v| {
        let words = crate::runs::text::version_option(
            l,
            &v.dataset_name,
            v.number,
            v.stats.train,
            v.stats.validation,
            v.stats.test,
        );
        (v.id.to_string(), words)
    });
    let (models, versions) = (options("model", models), options("version", versions.collect()));
    let (no_model, no_version) = (problem(view, "model"), problem(view, "version"));
    view! {
        <Field id="model" label=text::model(l)>{models}{no_model}</Field>
        <Field id="version" label=text::dataset(l)>{versions}{no_version}</Field>
    }
}

fn choice<const N: usize>(
    view: &NewView,
    name: &'static str,
    label: &'static str,
    help: &'static str,
    of: [(&'static str, String); N],
) -> impl IntoView + use<N> {
    let chosen = view.form.get(name);
    let options = of.map(|(value, words)| view! { <option value=value selected=value == chosen>{words}</option> });
    view! { <Field id=name label=label help=help><select id=name name=input(name)>{options.collect_view()}</select></Field> }
}

/// A field to change, and its values.
fn axis_row(view: &NewView, i: usize, l: Lang) -> impl IntoView + use<> {
    let value = |name: &str| view.form.get(&row(name, i));
    let (field, how) = (value("field"), value("how"));
    let known = fields::FIELDS.iter().map(|f| {
        let words = format!("{} ({})", (f.label)(l), f.path);
        view! { <option value=f.path selected=f.path == field>{words}</option> }
    });
    let known = known.collect_view();
    let hows = [("list", text::list(l)), ("linear", text::linear(l)), ("log", text::log(l))];
    let hows =
        hows.map(|(word, words)| view! { <option value=word selected=word == how>{words}</option> }).collect_view();
    let id = |name: &str| row(name, i);
    let [field, how, values, points] = ["field", "how", "values", "points"].map(id);
    let field_box = view! { <select id=field.clone() name=input(&field)><option value="">{text::no_field(l)}</option>{known}</select> };
    let how_box = view! { <select id=how.clone() name=input(&how)>{hows}</select> };
    let values_box = view! { <input id=values.clone() name=input(&values) value=value("values") autocomplete="off"/> };
    let points_box = view! { <input id=points.clone() name=input(&points) value=value("points") inputmode="numeric" placeholder="3"/> };
    view! {
        <div class="sweep-axis">
            <Field id=field label=text::field(l)>{field_box}</Field>
            <Field id=how label=text::how(l)>{how_box}</Field>
            <Field id=values label=text::values(l)>{values_box}</Field>
            <Field id=points label=text::points(l)>{points_box}</Field>
            {problem(view, &row("axes.", i))}
        </div>
    }
}

/// How many runs and how long, or what is in the way.
fn forecast(view: &NewView, l: Lang) -> impl IntoView + use<> {
    let inside = match (&view.forecast, view.problems.is_empty()) {
        (Some(forecast), _) => costs(forecast, l).into_any(),
        (None, true) => view! { <p class="muted">{text::to_preview(l)}</p> }.into_any(),
        (None, false) => {
            let items = view
                .problems
                .iter()
                .map(|(field, words)| view! { <li><code>{field.clone()}</code>" "{words.clone()}</li> });
            view! { <p class="error">{text::correct_first(l)}</p><ul>{items.collect_view()}</ul> }.into_any()
        }
    };
    view! { <section class="card" aria-live="polite"><h2>{text::forecast(l)}</h2>{inside}</section> }
}

fn costs(forecast: &Forecast, l: Lang) -> impl IntoView + use<> {
    view! {
        <dl class="meta">
            <div><dt>{text::forecast_runs(l)}</dt><dd>{integer(forecast.runs)}</dd></div>
            <div><dt>{text::forecast_time(l)}</dt><dd>{duration(forecast.seconds.round() as u64, l)}</dd></div>
            <div><dt>{text::forecast_memory(l)}</dt><dd>{bytes(forecast.memory_bytes)}</dd></div>
        </dl>
        <p class="help">{if forecast.is_measured { text::measured(l) } else { text::guessed(l) }}</p>
    }
}
