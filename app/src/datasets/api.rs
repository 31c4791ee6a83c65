//! Server functions of the dataset pages.

use super::form::ImportForm;
use crate::error::AppError;
use domain::{
    dataset::{DatasetSummary, SampleRow, Version, VersionSummary},
    explore::{Field, Filter},
    id::{DatasetId, JobId, ModelId, ProjectId, UploadId, VersionId},
    import::{Preview, Upload},
    page::Page,
    steps::TO_CHECK,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{
        api::{self, LookError},
        routes,
        text::lang,
        words,
    },
    domain::{
        access::Action,
        account::parse_name,
        card::parse_license,
        import::{CountTokens, FetchUpload, ImportTarget, TaskUpload},
        job::{Job, JobFailure, JobStatus},
        page::DEFAULT_LIMIT,
    },
    store::samples::SampleFilter,
};

/// One page of the project's datasets.
#[server]
pub async fn list_datasets(
    project: ProjectId,
    search: String,
    after: Option<DatasetId>,
) -> Result<Page<DatasetSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::datasets::list(&db, project, &search, after, DEFAULT_LIMIT).await?)
}

/// The latest uploads, to go on with one that was sent before.
#[server]
pub async fn list_uploads(project: ProjectId) -> Result<Sending, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let services = api::services()?;
    let (max_bytes, hosts) = (services.max_upload_bytes, services.import_hosts);
    Ok(Sending { uploads: store::uploads::latest(&db, project, 10).await?, max_bytes, hosts })
}

/// What the page shows on which a file is chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sending {
    /// Files that were sent before, newest first.
    pub uploads: Vec<Upload>,
    /// The largest file that is taken.
    pub max_bytes: u64,
    /// Hosts from which files may be fetched.
    pub hosts: Vec<String>,
}

/// What the import page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportView {
    pub upload: Upload,
    /// The first look, or why there is none under these choices.
    pub preview: Result<Preview, String>,
    /// Datasets that the samples can be appended to.
    pub datasets: Vec<DatasetSummary>,
    /// The last attempt, if there was one.
    pub attempt: Option<Attempt>,
}

/// How an import job is doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub job: JobId,
    /// Over without success.
    pub failed: bool,
    pub has_report: bool,
}

/// An upload with its preview under the form's choices.
#[server]
pub async fn look_at_upload(
    project: ProjectId,
    upload: UploadId,
    job: Option<JobId>,
    form: ImportForm,
) -> Result<ImportView, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let upload = store::uploads::get(&db, project, upload).await?.ok_or(AppError::NotFound)?;
    let job = match job {
        Some(id) => store::jobs::get(&db, project, id).await?,
        None => None,
    };
    let preview = match api::services()?.first_look.look(upload.clone(), form.preview_request()).await {
        Ok(preview) => Ok(preview),
        Err(LookError::Problem(problem)) => Err(words::import_problem(lang(), &problem)),
        Err(LookError::Other(error)) => return Err(error),
    };
    let datasets = store::datasets::list(&db, project, "", None, 500).await?.items;
    Ok(ImportView { upload, preview, datasets, attempt: job.map(attempt) })
}

#[cfg(feature = "ssr")]
fn attempt(job: Job) -> Attempt {
    let has_report =
        job.result.as_ref().is_some_and(|r| r.get("report_sha256").is_some_and(serde_json::Value::is_string));
    Attempt { job: job.id, failed: matches!(job.status, JobStatus::Failed | JobStatus::Cancelled), has_report }
}

/// Starts an import and goes on to its progress.
#[server]
pub async fn start_import(project: ProjectId, #[server(flatten)] form: ImportForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let request = form.request(lang())?;
    if let ImportTarget::Name(name) = &request.target {
        parse_name(name).map_err(|e| AppError::invalid("name", words::account_problem(lang(), e)))?;
    }
    if store::uploads::get(&db, project, request.upload_id).await?.is_none() {
        return Err(AppError::NotFound);
    }
    let job = store::jobs::enqueue(&db, project, "import_dataset", &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?{}&job={job}", routes::new_dataset(project), form.without_job().query()));
    Ok(())
}

/// Fetches a file from an address and goes on to its progress.
#[server]
pub async fn fetch_from_address(
    project: ProjectId,
    url: String,
    #[server(default)] dataset: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let url = url.trim().to_owned();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(AppError::invalid("url", text::url_problem(lang())));
    }
    (api::services()?.may_fetch)(&url)
        .map_err(|problem| AppError::invalid("url", words::job_failure(lang(), &JobFailure::Fetch { problem })))?;
    let request = FetchUpload { url, file_name: None };
    let job = store::jobs::enqueue(&db, project, "fetch_upload", &request, caller.user_id).await?;
    let dataset = routes::encode(&dataset);
    leptos_axum::redirect(&format!("{}?fetch={job}&dataset={dataset}", routes::new_dataset(project)));
    Ok(())
}

/// Makes samples of a task file and its data, and goes on to the progress.
#[server]
pub async fn render_task_file(
    project: ProjectId,
    task: UploadId,
    data: UploadId,
    #[server(default)] dataset: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if task == data {
        return Err(AppError::invalid("data", text::task_data_problem(lang())));
    }
    for upload in [task, data] {
        store::uploads::get(&db, project, upload).await?.ok_or(AppError::NotFound)?;
    }
    let request = TaskUpload { task_upload_id: task, data_upload_id: data };
    let job = store::jobs::enqueue(&db, project, "render_task", &request, caller.user_id).await?;
    let dataset = routes::encode(&dataset);
    leptos_axum::redirect(&format!("{}?render={job}&dataset={dataset}", routes::new_dataset(project)));
    Ok(())
}

/// Versions that can be mixed, newest first.
#[server]
pub async fn list_versions_to_merge(project: ProjectId) -> Result<Vec<VersionSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    Ok(store::versions::of_project(&db, project).await?)
}

/// Starts to mix versions and goes on to the progress.
#[server]
pub async fn start_merge(project: ProjectId, #[server(flatten)] form: ImportForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let merge = form.merge(lang())?;
    parse_name(&merge.name).map_err(|e| AppError::invalid("name", words::account_problem(lang(), e)))?;
    let job = store::jobs::enqueue(&db, project, "merge_versions", &merge, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?{}&job={job}", routes::merge_datasets(project), form.without_job().query()));
    Ok(())
}

/// What a version's page shows besides its samples.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionView {
    pub version: Version,
    pub description: String,
    pub license: String,
    pub versions: Vec<VersionSummary>,
    /// Models whose tokenizer can count.
    pub models: Vec<(ModelId, String)>,
    /// Copies whose labels somebody has to look at.
    pub to_check: u64,
}

/// What finds those copies on the page for exploring.
#[must_use]
pub fn to_check() -> Filter {
    Filter { field: Field::Slice(TO_CHECK.0.to_owned()), value: TO_CHECK.1.to_owned() }
}

/// A dataset's version by number, or its newest.
#[server]
pub async fn get_version(project: ProjectId, dataset: DatasetId, number: Option<u32>) -> Result<VersionView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let summary = store::datasets::get(&db, project, dataset).await?.ok_or(AppError::NotFound)?;
    let version = store::versions::by_number(&db, project, dataset, number).await?.ok_or(AppError::NotFound)?;
    let versions = store::versions::of_dataset(&db, project, dataset).await?;
    let models = store::models::list(&db, project).await?.into_iter().map(|m| (m.id, m.name)).collect();
    let copies = to_check();
    let to_check = store::explore::how_many(&db, version.id, &copies.field, &copies.value).await?.unwrap_or(0);
    Ok(VersionView { version, description: summary.description, license: summary.license, versions, models, to_check })
}

/// Which samples a page shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleQuery {
    pub search: String,
    /// A split's word, or nothing.
    pub split: String,
    pub label: String,
    pub corrected: bool,
    /// Cursor.
    pub after: Option<u32>,
}

/// One page of a version's samples.
#[server]
pub async fn list_samples(
    project: ProjectId,
    version: VersionId,
    query: SampleQuery,
) -> Result<Page<SampleRow>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    store::versions::get(&db, project, version).await?.ok_or(AppError::NotFound)?;
    let filter = SampleFilter {
        search: Some(query.search),
        split: query.split.parse().ok(),
        label: Some(query.label).filter(|l| !l.is_empty()),
        corrected: query.corrected,
        // A look at the test split is taken on the page for exploring, where it is put on record.
        with_test: false,
    };
    Ok(store::samples::page(&db, version, &filter, query.after, DEFAULT_LIMIT).await?)
}

/// Starts counting a version's tokens and goes on to the progress.
#[server]
pub async fn start_token_count(
    project: ProjectId,
    dataset: DatasetId,
    version: VersionId,
    number: u32,
    model: ModelId,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    store::versions::get(&db, project, version).await?.ok_or(AppError::NotFound)?;
    store::models::get(&db, project, model)
        .await?
        .ok_or_else(|| AppError::invalid("model", text::choose_model(lang())))?;
    let request = CountTokens { version_id: version, model_id: model };
    let job = store::jobs::enqueue(&db, project, "count_tokens", &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::version(project, dataset, number.cast_signed())));
    Ok(())
}

/// Changes a dataset's name, description and licence.
#[server]
pub async fn rename_dataset(
    project: ProjectId,
    dataset: DatasetId,
    name: String,
    #[server(default)] description: String,
    #[server(default)] license: String,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let name = parse_name(&name).map_err(|e| AppError::invalid("name", words::account_problem(lang(), e)))?;
    if description.chars().count() > 2000 {
        return Err(AppError::invalid("description", text::description_too_long(lang())));
    }
    let license = parse_license(&license).ok_or_else(|| AppError::invalid("license", text::license_problem(lang())))?;
    if !store::datasets::update(&db, project, dataset, &name, description.trim(), Some(&license)).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::dataset(project, dataset));
    Ok(())
}

/// Takes a dataset out of lists and forms.
#[server]
pub async fn archive_dataset(project: ProjectId, dataset: DatasetId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    if !store::datasets::archive(&db, project, dataset).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::datasets(project));
    Ok(())
}
