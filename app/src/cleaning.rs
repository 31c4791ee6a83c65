//! Cleaning a dataset version with a data recipe: the steps and their settings, a preview of what they would do, the next
//! version.
//!
//! The recipe being made lives in the page's address and nowhere else: every edit is a link back, and Back undoes it.

pub mod api;
pub mod form;
mod report;
mod scores;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::PageHeader,
        job::JobProgress,
        load::{load, refuse},
        notice::Problem,
    },
    words,
};
use api::{ApplySteps, CleaningView, PreviewSteps, get_cleaning};
use domain::{
    access::Action,
    dataset::Version,
    id::{DatasetId, JobId, ProjectId},
    steps::Step,
};
use form::StepsForm;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use serde_json::Value;

/// `/p/:project/datasets/:dataset/v/:number/clean`.
#[component]
pub fn CleaningPage() -> impl IntoView {
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    let form = use_query_map().with_untracked(|q| StepsForm::from_pairs(q.latest_values()));
    let asked = asked();
    let job = routes::query::<JobId>("job");
    let data = async move {
        let (project, dataset, number) = asked?;
        Ok::<_, AppError>((project, get_cleaning(project, dataset, number, job).await?))
    };
    load(data, move |(project, view)| page(project, view, form)).into_any()
}

fn asked() -> Result<(ProjectId, DatasetId, u32), AppError> {
    Ok((routes::param("project")?, routes::param("dataset")?, routes::param("number")?))
}

fn page(project: ProjectId, view: CleaningView, form: StepsForm) -> impl IntoView {
    let l = lang();
    let version = view.version.clone();
    let here = routes::clean(project, version.dataset_id, version.number);
    let to_version = routes::version(project, version.dataset_id, version.number.cast_signed());
    // An edit that cannot be read, such as a pasted recipe with a mistake, leaves the steps as they were.
    let (steps, problem) = form.edited(l);
    let problem = problem.map(|problem| view! { <Problem error=AppError::Conflict(problem)/> });
    let state = StepsForm::of_steps(&steps).query();
    let progress = routes::query::<JobId>("job").filter(|_| !view.is_over).map(|job| {
        let then = match routes::query::<String>("made") {
            Some(_) => format!("/p/{project}/datasets/{{dataset_id}}/v/{{number}}"),
            None => format!("{here}?{state}&job={job}#report"),
        };
        view! { <JobProgress project job then/> }
    });
    let scores = scores::card(project, &view, &steps);
    let report = view.report.map(|report| report::card(&report));
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, version.number) lead=text::lead(l)>
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {problem}
        {progress}
        {recipe(project, &version, &here, &steps)}
        {report}
        {scores}
        {toml(&here, &steps)}
    }
}

/// The steps with their settings, and what can be done with them.
fn recipe(project: ProjectId, version: &Version, here: &str, steps: &[Step]) -> impl IntoView + use<> {
    let l = lang();
    let edit = here.to_owned();
    let (count, dataset, number) = (steps.len(), version.dataset_id.to_string(), version.number.to_string());
    let cards = steps.iter().enumerate().map(|(i, step)| step_card(here, i, count, step)).collect_view();
    let kinds = Step::all().into_iter().map(|step| {
        let kind = step.kind();
        let name = words::step_kind(l, &kind).0;
        view! { <option value=kind>{name}</option> }
    });
    let kinds = kinds.collect_view();
    let actions = (count > 0).then(|| {
        view! {
            <div class="actions">
                <button class="button" type="submit">{text::preview(l)}</button>
                <button class="button button-primary" type="submit" formaction=ApplySteps::url()>{text::apply(l)}</button>
            </div>
            <p class="help">{text::apply_help(l)}</p>
        }
    });
    view! {
        <section class="card stack" id="recipe">
            <h2>{text::steps(l)}</h2>
            {(count == 0).then(|| view! { <p class="muted">{text::no_step(l)}</p> })}
            <PostForm action={ServerAction::<PreviewSteps>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="dataset" value=dataset/>
                <input type="hidden" name="number" value=number/>
                <ol class="recipe-steps">{cards}</ol>
                <div class="filters">
                    <Field id="add_kind" label=text::add_step(l)>
                        <select id="add_kind" name="add_kind">{kinds}</select>
                    </Field>
                    <button class="button" type="submit" name="op" value="add" formmethod="get" formaction=edit>{text::add(l)}</button>
                </div>
                {actions}
            </PostForm>
        </section>
    }
}

fn step_card(here: &str, i: usize, count: usize, step: &Step) -> impl IntoView + use<> {
    let l = lang();
    let kind = step.kind();
    let (name, help) = words::step_kind(l, &kind);
    let settings = step.settings().into_iter().map(|(setting, value)| control(i, &setting, value)).collect_view();
    let here = here.to_owned();
    let edit = |op: &'static str, label: &'static str, sign: &'static str, is_possible: bool| {
        let here = here.clone();
        is_possible.then(|| {
            view! {
                <button class="button button-small button-quiet" type="submit" name="op" value=format!("{op}.{i}") formmethod="get" formaction=here aria-label=label title=label>{sign}</button>
            }
        })
    };
    view! {
        <li class="recipe-step">
            <div class="card-title">
                <h3>{format!("{}. {name}", i + 1)}</h3>
                <span class="actions">
                    {edit("up", text::up(l), "↑", i > 0)}
                    {edit("down", text::down(l), "↓", i + 1 < count)}
                    {edit("remove", text::remove(l), "✕", true)}
                </span>
            </div>
            <p class="help">{help}</p>
            <input type="hidden" name=format!("s{i}.kind") value=kind/>
            <div class="field-row">{settings}</div>
        </li>
    }
}

/// The control of one setting.
fn control(i: usize, setting: &str, value: Value) -> AnyView {
    let l = lang();
    let id = format!("s{i}.{setting}");
    let label = words::setting_name(l, setting);
    let name = id.clone();
    let help = words::setting_help(l, setting);
    match value {
        Value::Bool(on) => {
            let help = (!help.is_empty()).then(|| view! { <p class="help" id=format!("{id}-help")>{help}</p> });
            view! {
                <div class="field">
                    <label class="check"><input type="checkbox" id=id name=name value="on" checked=on/>{label}</label>
                    {help}
                </div>
            }
            .into_any()
        }
        Value::String(text) if words::is_free_text(setting) => {
            let described = format!("{id}-help");
            view! {
                <Field id=id.clone() label help>
                    <textarea id=id name=name rows="2" spellcheck="false" aria-describedby=described>{text}</textarea>
                </Field>
            }
            .into_any()
        }
        Value::String(word) => {
            let choices = words::setting_choices(l, setting).into_iter().map(|(choice, name)| {
                view! { <option value=choice selected={choice == word}>{name}</option> }
            });
            let choices = choices.collect_view();
            view! {
                <Field id=id.clone() label help>
                    <select id=id name=name>{choices}</select>
                </Field>
            }
            .into_any()
        }
        value => {
            let mode = if value.is_number() { "decimal" } else { "text" };
            view! {
                <Field id=id.clone() label help>
                    <input id=id name=name inputmode=mode required value=form::text_of(&value)/>
                </Field>
            }
            .into_any()
        }
    }
}

/// The recipe as text, to take away or to bring.
fn toml(here: &str, steps: &[Step]) -> impl IntoView + use<> {
    let l = lang();
    let toml = domain::steps::DataRecipe { steps: steps.to_vec() }.to_toml();
    let here = here.to_owned();
    view! {
        <details class="fold card">
            <summary>{text::as_text(l)}</summary>
            <form method="get" action=here class="stack">
                <Field id="toml" label="TOML" help=text::as_text_help(l)>
                    <textarea id="toml" name="toml" class="mono" rows="12" spellcheck="false" aria-describedby="toml-help">{toml}</textarea>
                </Field>
                <button class="button" type="submit" name="op" value="toml">{text::use_text(l)}</button>
            </form>
        </details>
    }
}
