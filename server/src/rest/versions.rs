//! Dataset versions: statistics, samples, downloads, reports of bad lines.

use crate::{
    artifacts::Artifacts,
    jobs::count_tokens,
    rest::{Json, Path, Problem, Query, auth::Caller, export::attachment, paging::PageQuery},
    state::AppState,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::Response,
};
use dataprep::export::Formulas;
use domain::{
    access::Action,
    dataset::{LineError, SampleRow, Version, VersionStats},
    explore::LookedBy,
    id::{JobId, ProjectId, SampleId, VersionId},
    import::CountTokens,
    job::Job,
    page::Page,
    sample::Split,
    task_file::TaskFile,
};
use futures::TryStreamExt;
use serde::Deserialize;
use store::{PgPool, access::authorise, samples::SampleFilter};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

mod download;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_version))
        .routes(routes!(get_version_stats))
        .routes(routes!(version_task))
        .routes(routes!(list_samples))
        .routes(routes!(get_sample))
        .routes(routes!(download_version))
        .routes(routes!(skipped_lines))
        .routes(routes!(import_report))
        .routes(routes!(start_count_tokens))
}

pub(super) async fn find(db: &PgPool, project: ProjectId, version: VersionId) -> Result<Version, Problem> {
    store::versions::get(db, project, version).await?.ok_or_else(Problem::not_found)
}

/// One version: origin, parent and statistics.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = Version)))]
async fn get_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<Version>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, version).await?))
}

/// A version's statistics alone.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/stats", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = VersionStats)))]
async fn get_version_stats(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<VersionStats>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, version).await?.stats))
}

/// The task file that a version's samples were made of, as JSON.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/task", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = serde_json::Value), (status = NOT_FOUND, description = "the samples come from another kind of file")))]
async fn version_task(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<TaskFile>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let task = store::versions::task(&db, project, version).await?;
    Ok(Json(task.ok_or_else(Problem::not_found)?))
}

/// Which samples to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SampleQuery {
    /// Text that some message contains, whatever its case.
    search: Option<String>,
    split: Option<Split>,
    label: Option<String>,
    /// Only samples that correct another one.
    #[serde(default)]
    corrected: bool,
    /// Samples of the sealed test split too, as with `split=test`. The look is counted, and is on record with your name.
    #[serde(default)]
    include_test: bool,
}

/// Whether test rows are asked for; then the look is put on record before any is sent.
async fn looks_at_test(
    db: &PgPool,
    caller: &Caller,
    version: &Version,
    asked: bool,
    how: LookedBy,
) -> Result<bool, Problem> {
    if asked {
        store::explore::looks::record(db, version.id, caller.user_id, how).await?;
    }
    Ok(asked)
}

/// A version's samples in order, without the sealed test split unless it is asked for.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/samples", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), SampleQuery, PageQuery), responses((status = OK, body = Page<SampleRow>)))]
async fn list_samples(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Query(query): Query<SampleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SampleRow>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find(&db, project, version).await?;
    let asked = query.include_test || query.split == Some(Split::Test);
    let with_test = looks_at_test(&db, &caller, &version, asked, LookedBy::Api).await?;
    let filter = SampleFilter {
        search: query.search,
        split: query.split,
        label: query.label,
        corrected: query.corrected,
        with_test,
    };
    Ok(Json(store::samples::page(&db, version.id, &filter, page.after()?, page.limit()).await?))
}

/// How to read one sample.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OneSampleQuery {
    /// Also when it is of the sealed test split. The look is counted, and is on record with your name.
    #[serde(default)]
    include_test: bool,
}

/// One sample of a version. 409 for one of the sealed test split, unless `include_test` is true.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/samples/{sample}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ("sample" = SampleId, Path), OneSampleQuery), responses((status = OK, body = SampleRow)))]
async fn get_sample(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version, sample)): Path<(ProjectId, VersionId, SampleId)>,
    Query(query): Query<OneSampleQuery>,
) -> Result<Json<SampleRow>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find(&db, project, version).await?;
    Ok(Json(open_sample(&db, &caller, &version, sample, &query).await?))
}

/// A sample of the version. One of the sealed test split must be asked for, and the look is put on record.
pub(super) async fn open_sample(
    db: &PgPool,
    caller: &Caller,
    version: &Version,
    sample: SampleId,
    query: &OneSampleQuery,
) -> Result<SampleRow, Problem> {
    let row = store::samples::get(db, version.id, sample).await?.ok_or_else(Problem::not_found)?;
    if row.split == Split::Test && !looks_at_test(db, caller, version, query.include_test, LookedBy::Api).await? {
        return Err(Problem::conflict(
            "this sample is of the sealed test split: send include_test=true to look at it, which is put on record",
        ));
    }
    Ok(row)
}

/// How to download a version.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DownloadQuery {
    /// JSON Lines when absent.
    #[serde(default)]
    #[param(inline)]
    format: download::Format,
    /// This split only.
    split: Option<Split>,
    /// The sealed test split too, as with `split=test`. The look is counted, and is on record with your name.
    #[serde(default)]
    include_test: bool,
    /// In CSV: write cells as they are. Else a `'` stands before those that a spreadsheet would run as a formula.
    #[serde(default)]
    keep_formulas: bool,
}

/// Download a version's samples, without the sealed test split unless it is asked for.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/download", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), DownloadQuery), responses((status = OK, content_type = "application/jsonl", body = String)))]
async fn download_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find(&db, project, version).await?;
    let asked = query.include_test || query.split == Some(Split::Test);
    let with_test = looks_at_test(&db, &caller, &version, asked, LookedBy::Download).await?;
    let formulas = if query.keep_formulas { Formulas::Keep } else { Formulas::Neutralise };
    let split = query.split.map_or_else(String::new, |s| format!("-{}", s.as_str()));
    let name = format!("{}-v{}{split}.{}", version.dataset_name, version.number, query.format.extension());
    let what = download::Download {
        version: version.id,
        split: query.split,
        with_test,
        format: query.format,
        formulas,
        has_pairs: version.stats.pairs > 0,
    };
    let body = Body::from_stream(download::stream(db, what));
    Ok(attachment(&name, query.format.media_type(), body))
}

/// How to download a report.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    /// JSON Lines when absent.
    #[serde(default)]
    #[param(inline)]
    format: download::Format,
}

/// The lines that an import left out, each with its reason; the first 10,000 of them.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/skipped-lines", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ReportQuery), responses((status = OK, content_type = "application/jsonl", body = String)))]
async fn skipped_lines(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find(&db, project, version).await?;
    let sha256 = version.skipped_report_sha256.ok_or_else(Problem::not_found)?;
    let name = format!("{}-v{}-skipped.{}", version.dataset_name, version.number, query.format.extension());
    report(&artifacts, &sha256, &name, query.format).await
}

/// The bad lines for which an import failed, each with its reason; the first 10,000 of them.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/bad-lines", tag = "datasets", params(("project" = ProjectId, Path), ("job" = JobId, Path), ReportQuery), responses((status = OK, content_type = "application/jsonl", body = String)))]
async fn import_report(
    State(db): State<PgPool>,
    State(artifacts): State<Artifacts>,
    caller: Caller,
    Path((project, job)): Path<(ProjectId, JobId)>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let job = store::jobs::get(&db, project, job).await?.ok_or_else(Problem::not_found)?;
    let sha256 = job.result.as_ref().and_then(|r| r.get("report_sha256")?.as_str()).ok_or_else(Problem::not_found)?;
    report(&artifacts, sha256, &format!("bad-lines.{}", query.format.extension()), query.format).await
}

async fn report(
    artifacts: &Artifacts,
    sha256: &str,
    name: &str,
    format: download::Format,
) -> Result<Response, Problem> {
    let chunks: Vec<Bytes> = artifacts.get(sha256).await?.try_collect().await?;
    let jsonl = chunks.concat();
    let body = match format {
        download::Format::Jsonl => jsonl,
        download::Format::Csv => {
            let lines = serde_json::Deserializer::from_slice(&jsonl).into_iter::<LineError>();
            let errors = lines.collect::<Result<Vec<_>, _>>().map_err(Problem::internal)?;
            download::errors_as_csv(&errors).map_err(Problem::internal)?
        }
    };
    Ok(attachment(name, format.media_type(), Body::from(body)))
}

/// Count a version's tokens with a model's tokenizer and chat template.
///
/// Answers with a job; afterwards the statistics hold `tokens` for this model.
#[utoipa::path(post, path = "/projects/{project}/token-counts", tag = "datasets", params(("project" = ProjectId, Path)), request_body = CountTokens, responses((status = ACCEPTED, body = Job)))]
async fn start_count_tokens(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<CountTokens>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    find(&db, project, request.version_id).await?;
    if store::models::get(&db, project, request.model_id).await?.is_none() {
        return Err(Problem::invalid("model_id", "this project has no such model"));
    }
    let id = store::jobs::enqueue(&db, project, count_tokens::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
