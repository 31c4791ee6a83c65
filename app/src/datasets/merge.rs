//! Mixing several versions into a new dataset.

use super::{
    api::{StartMerge, list_versions_to_merge},
    form::ImportForm,
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{integer, shortened},
        frame::PageHeader,
        job::{Head, JobProgress},
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    dataset::{Sizing, VersionSummary},
    id::{JobId, ProjectId},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Sources that the form has room for; the REST API takes more.
pub const SOURCES: usize = 6;

/// `/p/:project/datasets/merge`, and with `?job=` a merge on its way.
#[component]
pub fn MergePage() -> impl IntoView {
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    let l = lang();
    let form = use_query_map().with_untracked(|q| ImportForm::from_pairs(q.latest_values()));
    let job = routes::query::<JobId>("job").map(|job| {
        let then = format!("{}/{{dataset_id}}/v/{{number}}", routes::datasets(project));
        let again = format!("{}?{}", routes::merge_datasets(project), form.clone().without_job().query());
        let head = Head { going: text::merging(l), failed: text::merge_failed(l), again };
        view! { <JobProgress project job then head/> }
    });
    let shows_form = job.is_none();
    view! {
        <PageHeader title=text::merge_title(l) lead=text::merge_lead(l)/>
        {job}
        {shows_form.then(|| load(list_versions_to_merge(project), move |versions| merge_form(project, form, versions)))}
    }
    .into_any()
}

fn merge_form(project: ProjectId, form: ImportForm, versions: Vec<VersionSummary>) -> impl IntoView {
    let l = lang();
    if versions.len() < 2 {
        return view! {
            <Empty title=text::merge_none_title(l) hint=text::merge_too_few(l)>
                <a class="button button-primary" href=routes::new_dataset(project)>{text::new_title(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let rows = (1..=SOURCES).map(|i| source(&form, i, &versions)).collect_view();
    let sizings = [(Sizing::All, "all"), (Sizing::Down, "down"), (Sizing::Up, "up")].map(|(sizing, value)| {
        let is_chosen = form.given("sizing").unwrap_or("all") == value;
        view! {
            <label class="check">
                <input type="radio" name="sizing" value=value checked=is_chosen/>
                {text::sizing_name(l, sizing)}
            </label>
        }
    });
    let (name, seed) = (form.get("name").to_owned(), form.given("seed").unwrap_or("42").to_owned());
    view! {
        <PostForm action={ServerAction::<StartMerge>::new()} class="stack" id="merge">
            <input type="hidden" name="project" value=project.to_string()/>
            <fieldset>
                <legend>{text::merged_from(l)}</legend>
                {rows}
                <p class="help" id="weight-help">{text::weight_help(l)}</p>
            </fieldset>
            <fieldset>
                <legend>{text::what_becomes(l)}</legend>
                <Field id="name" label=text::name_of_new(l) help=text::merge_name_help(l)>
                    <input id="name" name="name" dir="auto" required maxlength="200" autocomplete="off" value=name aria-describedby="name-help"/>
                </Field>
                <div class="field" role="radiogroup" aria-label=text::sizing(l)>
                    <span class="field-label">{text::sizing(l)}</span>
                    <div class="checks">{sizings.collect_view()}</div>
                    <p class="help">{text::sizing_help(l)}</p>
                </div>
                <Field id="seed" label=text::seed(l) help=text::merge_seed_help(l)>
                    <input id="seed" name="seed" type="number" min="0" step="1" required value=seed aria-describedby="seed-help"/>
                </Field>
            </fieldset>
            <div class="actions">
                <button class="button button-primary" type="submit">{text::merge(l)}</button>
            </div>
        </PostForm>
    }
    .into_any()
}

/// One source with its weight; the first two are needed.
fn source(form: &ImportForm, i: usize, versions: &[VersionSummary]) -> impl IntoView + use<> {
    let l = lang();
    let (name, weight) = (format!("source_{i}"), format!("weight_{i}"));
    let chosen = form.get(&name).to_owned();
    let options = versions.iter().map(|v| {
        let id = v.id.to_string();
        let words = text::merge_option(l, shortened(&v.dataset_name), v.number, integer(v.train));
        view! { <option value=id.clone() selected={id == chosen}>{words}</option> }
    });
    let options = options.collect_view();
    let value = form.given(&weight).unwrap_or("1").to_owned();
    view! {
        <div class="field-row">
            <Field id=name.clone() label=text::merge_source(l, i)>
                <select id=name.clone() name=name.clone() required={i <= 2}>
                    <option value="">{text::merge_none(l)}</option>
                    {options}
                </select>
            </Field>
            <Field id=weight.clone() label=text::weight(l)>
                <input id=weight.clone() name=weight.clone() type="number" min="0" step="any" value=value aria-describedby="weight-help"/>
            </Field>
        </div>
    }
}
