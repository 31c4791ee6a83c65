//! Datasets and the imports that make their versions.

use crate::{
    jobs::{import_dataset, merge_versions},
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    account::parse_name,
    card::{MAX_LICENSE_CHARS, parse_license},
    dataset::{DatasetSummary, Merge, VersionSummary},
    id::{DatasetId, ProjectId},
    import::{ImportProblem, ImportRequest, ImportTarget},
    job::Job,
    page::Page,
};
use serde::Deserialize;
use store::{PgPool, access::authorise};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_datasets))
        .routes(routes!(get_dataset, update_dataset, archive_dataset))
        .routes(routes!(list_versions))
        .routes(routes!(start_import))
        .routes(routes!(start_merge))
}

/// Which datasets to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DatasetQuery {
    /// Text that the name contains, whatever its case.
    #[serde(default)]
    search: String,
}

/// A project's datasets, newest first, each with its newest version.
#[utoipa::path(get, path = "/projects/{project}/datasets", tag = "datasets", params(("project" = ProjectId, Path), DatasetQuery, PageQuery), responses((status = OK, body = Page<DatasetSummary>)))]
async fn list_datasets(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<DatasetQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DatasetSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::datasets::list(&db, project, &query.search, page.after()?, page.limit()).await?))
}

async fn find(db: &PgPool, project: ProjectId, dataset: DatasetId) -> Result<DatasetSummary, Problem> {
    store::datasets::get(db, project, dataset).await?.ok_or_else(Problem::not_found)
}

/// One dataset.
#[utoipa::path(get, path = "/projects/{project}/datasets/{dataset}", tag = "datasets", params(("project" = ProjectId, Path), ("dataset" = DatasetId, Path)), responses((status = OK, body = DatasetSummary)))]
async fn get_dataset(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, dataset)): Path<(ProjectId, DatasetId)>,
) -> Result<Json<DatasetSummary>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, dataset).await?))
}

/// Name, description and licence of a dataset.
#[derive(Deserialize, ToSchema)]
struct DatasetText {
    name: String,
    #[serde(default)]
    description: String,
    /// An SPDX identifier or any text of one line, at most 200 characters; stays as it is when absent.
    license: Option<String>,
}

/// Change a dataset's name, description and licence.
#[utoipa::path(put, path = "/projects/{project}/datasets/{dataset}", tag = "datasets", params(("project" = ProjectId, Path), ("dataset" = DatasetId, Path)), request_body = DatasetText, responses((status = OK, body = DatasetSummary)))]
async fn update_dataset(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, dataset)): Path<(ProjectId, DatasetId)>,
    Json(text): Json<DatasetText>,
) -> Result<Json<DatasetSummary>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if text.description.chars().count() > 2000 {
        return Err(Problem::invalid("description", "at most 2000 characters"));
    }
    let license = text.license.as_deref().map(|license| {
        parse_license(license).ok_or_else(|| {
            Problem::invalid("license", format!("use one line of at most {MAX_LICENSE_CHARS} characters"))
        })
    });
    let (name, license) = (parse_name(&text.name)?, license.transpose()?);
    store::datasets::update(&db, project, dataset, &name, text.description.trim(), license.as_deref()).await?;
    Ok(Json(find(&db, project, dataset).await?))
}

/// Archive a dataset.
///
/// It leaves every list; nothing is deleted, and runs made from it stay whole.
#[utoipa::path(delete, path = "/projects/{project}/datasets/{dataset}", tag = "datasets", params(("project" = ProjectId, Path), ("dataset" = DatasetId, Path)), responses((status = NO_CONTENT)))]
async fn archive_dataset(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, dataset)): Path<(ProjectId, DatasetId)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    if store::datasets::archive(&db, project, dataset).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// A dataset's versions, newest first.
#[utoipa::path(get, path = "/projects/{project}/datasets/{dataset}/versions", tag = "datasets", params(("project" = ProjectId, Path), ("dataset" = DatasetId, Path)), responses((status = OK, body = [VersionSummary])))]
async fn list_versions(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, dataset)): Path<(ProjectId, DatasetId)>,
) -> Result<Json<Vec<VersionSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    find(&db, project, dataset).await?;
    Ok(Json(store::versions::of_dataset(&db, project, dataset).await?))
}

/// Mix several versions into a new dataset.
///
/// Answers with a job to follow; its result names the version. Training samples are taken by weight (`sizing`: `all`,
/// `down` without repetition, `up` until all are taken), the others once each; nothing that one source tests on is trained on.
#[utoipa::path(post, path = "/projects/{project}/merges", tag = "datasets", params(("project" = ProjectId, Path)), request_body = Merge, responses((status = ACCEPTED, body = Job)))]
async fn start_merge(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(merge): Json<Merge>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    parse_name(&merge.name)?;
    if !merge.is_usable() {
        return Err(Problem::invalid("sources", ImportProblem::BadMerge));
    }
    for source in &merge.sources {
        if store::versions::get(&db, project, source.version_id).await?.is_none() {
            return Err(Problem::invalid("sources", "this project has no such version"));
        }
    }
    let id = store::jobs::enqueue(&db, project, merge_versions::KIND, &merge, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Make a dataset version from an upload.
///
/// Answers with a job to follow at `/projects/{project}/jobs/{job}`; its result names the
/// version. Give `name` for a new dataset, or `dataset_id` to append a version. What is absent
/// (syntax, encoding, mapping) is detected. With `bad_lines: "stop"` one bad line fails the job,
/// with `"skip"` bad lines are left out; both keep a report.
#[utoipa::path(post, path = "/projects/{project}/imports", tag = "datasets", params(("project" = ProjectId, Path)), request_body = ImportRequest, responses((status = ACCEPTED, body = Job)))]
async fn start_import(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ImportRequest>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    request.check().map_err(|e| Problem::invalid("body", e))?;
    if let Some(name) = request.encoding.clone()
        && dataprep::encoding::by_name(&name).is_none()
    {
        return Err(Problem::invalid("encoding", ImportProblem::UnknownEncoding { name }));
    }
    if store::uploads::get(&db, project, request.upload_id).await?.is_none() {
        return Err(Problem::invalid("upload_id", "this project has no such upload"));
    }
    if let ImportTarget::DatasetId(id) = request.target
        && store::datasets::get(&db, project, id).await?.is_none()
    {
        return Err(Problem::invalid("dataset_id", "this project has no such dataset"));
    }
    let id = store::jobs::enqueue(&db, project, import_dataset::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
