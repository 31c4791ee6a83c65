//! A dataset's page: one version of it, with its numbers, its origin and its samples.

use super::{
    api::{ArchiveDataset, RenameDataset, VersionView, get_version, to_check},
    origin,
    samples::Samples,
    stats::{Counts, Labels, Lengths, MissingSplits},
    text,
    tokens::Tokens,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        download::CsvDownload,
        field::{Confirm, Field},
        form::{PostForm, refusal_of},
        format::integer,
        frame::PageHeader,
        load::load,
        notice::not_applied,
    },
};
use domain::{
    access::Action,
    card::LICENSES,
    dataset::{Version, VersionSummary},
    id::{DatasetId, ProjectId},
    lineage::NodeId,
    sample::Split,
};
use leptos::{form::ActionForm, prelude::*};

/// `/p/:project/datasets/:dataset`, and `…/v/:number` for a version that is not the newest.
#[component]
pub fn DatasetPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, dataset, number) = asked?;
        Ok::<_, AppError>((project, get_version(project, dataset, number).await?))
    };
    load(data, move |(project, view)| page(project, view))
}

/// Which version the address names.
fn asked() -> Result<(ProjectId, DatasetId, Option<u32>), AppError> {
    Ok((routes::param("project")?, routes::param("dataset")?, routes::optional_param("number")?))
}

fn page(project: ProjectId, view: VersionView) -> impl IntoView {
    let l = lang();
    let version = view.version.clone();
    let api = format!("/api/v1/projects/{project}/versions/{}", version.id);
    let title = text::version_title(l, &version.dataset_name, version.number);
    let stats = version.stats.clone();
    let may_edit = role::may(Action::EditDatasets);
    let explore = routes::explore(project, version.dataset_id, version.number);
    let check = (view.to_check > 0).then(|| {
        let href = format!("{explore}?f={}", routes::encode(&to_check().to_string()));
        view! { <a class="button button-small" href=href>{text::to_check(l, integer(view.to_check))}</a> }
    });
    // The version before, where there is one: of a mixture the parent is none of this dataset's.
    let compared = view.versions.iter().map(|v| v.number).filter(|n| *n < version.number).max();
    view! {
        <PageHeader title lead=view.description.clone()>
            {role::may(Action::Launch).then(|| view! {
                <a class="button button-primary" href=format!("{}?version={}", routes::new_run(project), version.id)>{text::launch(l)}</a>
            })}
            {may_edit.then(|| view! {
                <a class="button" href=format!("{}?dataset={}", routes::new_dataset(project), version.dataset_id)>{text::add_data(l)}</a>
            })}
        </PageHeader>
        {not_applied([routes::misread::<Split>("split"), routes::misread::<u32>("after")])}
        {version_picker(project, &version, view.versions.clone())}
        <MissingSplits stats=version.stats.clone()/>
        <Counts project version=version.clone()/>
        <div class="split">
            <div class="stack">
                {origin::origin(project, &version)}
                <Labels labels=stats.labels different=stats.different_labels samples=stats.samples/>
            </div>
            <div class="stack">
                <Lengths title=text::lengths(l) histogram=stats.length_histogram/>
                <Tokens project view=view.clone()/>
            </div>
        </div>
        <div class="actions">
            <a class="button button-small" href=format!("{api}/download?format=jsonl") download>{text::download_jsonl(l)}</a>
            <a class="button button-small button-quiet" href=format!("{api}/stats")>{text::stats_json(l)}</a>
            {role::may(Action::EditDatasets).then(|| view! { <a class="button button-small" href=routes::clean(project, version.dataset_id, version.number)>{text::clean(l)}</a> })}
            {role::may(Action::EditDatasets).then(|| view! { <a class="button button-small" href=routes::augment(project, version.dataset_id, version.number)>{text::augment(l)}</a> })}
            <a class="button button-small button-primary" href=explore>{text::explore(l)}</a>
            {check}
            {compared.map(|number| view! { <a class="button button-small" href=routes::diff(project, version.dataset_id, version.number, Some(number))>{text::compare_with(l, number)}</a> })}
            <a class="button button-small" href=routes::card(project, version.dataset_id, version.number)>{text::card(l)}</a>
            <a class="button button-small" href=routes::lineage_of(project, &NodeId::Version(version.id))>{text::lineage(l)}</a>
            <a class="button button-small" href=routes::splits(project, version.dataset_id, version.number)>{text::splits(l)}</a>
        </div>
        <CsvDownload action=format!("{api}/download") label=text::download_csv(l)/>
        <Samples project version=version.clone()/>
        {may_edit.then(|| settings(project, &version, view.description, view.license))}
    }
}

fn version_picker(project: ProjectId, shown: &Version, versions: Vec<VersionSummary>) -> impl IntoView + use<> {
    let l = lang();
    let (id, newest) = (shown.id, versions.first().map(|v| v.number));
    let tabs = versions.into_iter().map(|v| {
        let mark = (Some(v.number) == newest).then(|| view! { " " <span class="muted">{text::newest(l)}</span> });
        view! {
            <a href=routes::version(project, v.dataset_id, v.number.cast_signed()) aria-current=(v.id == id).then_some("page")>
                {format!("v{}", v.number)} {mark}
            </a>
        }
    });
    view! { <nav class="tabs" aria-label=text::versions(l)>{tabs.collect_view()}</nav> }
}

/// Name, description, licence, and archiving.
fn settings(project: ProjectId, version: &Version, description: String, license: String) -> impl IntoView + use<> {
    let l = lang();
    let known = LICENSES.map(|name| view! { <option value=name></option> }).collect_view();
    let (dataset, name) = (version.dataset_id, version.dataset_name.clone());
    let ids = move || {
        view! {
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="dataset" value=dataset.to_string()/>
        }
    };
    view! {
        <details class="fold card" id="settings" open={refusal_of::<RenameDataset>().is_some()}>
            <summary>{text::settings(l)}</summary>
            <PostForm action={ServerAction::<RenameDataset>::new()}>
                {ids()}
                <Field id="name" label=text::name(l)>
                    <input id="name" name="name" dir="auto" required maxlength="200" value=name/>
                </Field>
                <Field id="description" label=text::description(l)>
                    <textarea id="description" name="description" dir="auto" maxlength="2000">{description}</textarea>
                </Field>
                <Field id="license" label=text::license(l) help=text::license_help(l)>
                    <input id="license" name="license" list="licenses" dir="auto" maxlength="200" aria-describedby="license-help" value=license/>
                </Field>
                <datalist id="licenses">{known}</datalist>
                <button class="button" type="submit">{text::save(l)}</button>
            </PostForm>
            <Confirm label=text::archive(l) question=text::archive_question(l) danger=true>
                <ActionForm action={ServerAction::<ArchiveDataset>::new()}>
                    {ids()}
                    <button class="button button-danger" type="submit">{text::archive(l)}</button>
                </ActionForm>
            </Confirm>
        </details>
    }
}
