//! The splits of a dataset version: how alike they are, what of the held-out ones training has seen, dividing anew.

pub mod api;
mod benchmarks;
mod distribution;
mod division;
pub mod form;
mod leaks;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        form::{PostForm, version_fields},
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::Empty,
    },
};
use api::{SplitsView, StartSplitCheck, get_splits};
use domain::{
    access::Action,
    id::{DatasetId, JobId, ProjectId},
};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/splits`.
#[component]
pub fn SplitsPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, dataset, number) = asked?;
        Ok::<_, AppError>((project, get_splits(project, dataset, number).await?))
    };
    load(data, move |(project, view)| page(project, view))
}

fn asked() -> Result<(ProjectId, DatasetId, u32), AppError> {
    Ok((routes::param("project")?, routes::param("dataset")?, routes::param("number")?))
}

fn page(project: ProjectId, view: SplitsView) -> impl IntoView {
    let l = lang();
    let version = view.version.clone();
    let here = routes::splits(project, version.dataset_id, version.number);
    let to_version = routes::version(project, version.dataset_id, version.number.cast_signed());
    let job = routes::query::<JobId>("job").map(|job| {
        // A division makes another version, whose page comes next; a check comes back here.
        let then = match routes::query::<String>("made") {
            Some(_) => format!("/p/{project}/datasets/{{dataset_id}}/v/{{number}}/splits"),
            None => here.clone(),
        };
        view! { <JobProgress project job then/> }
    });
    let may_edit = role::may(Action::EditDatasets);
    let benchmarks = benchmarks::card(project, &view, may_edit);
    let found = match view.found {
        Some((splits, leaks)) => view! {
            {distribution::card(&splits)}
            {leaks::card(project, &version, leaks, may_edit)}
        }
        .into_any(),
        None if job.is_some() => ().into_any(),
        None => {
            let ids = version_fields(project, &version);
            view! {
                <Empty title=text::not_checked(l) hint=text::not_checked_hint(l)>
                    {may_edit.then(|| view! {
                        <PostForm action={ServerAction::<StartSplitCheck>::new()}>
                            {ids}
                            <button class="button button-primary" type="submit">{text::check(l)}</button>
                        </PostForm>
                    })}
                </Empty>
            }
            .into_any()
        }
    };
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, version.number) lead=text::lead(l)>
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {job}
        {found}
        {benchmarks}
        {may_edit.then(|| division::card(project, &version, &view.fields))}
    }
}
