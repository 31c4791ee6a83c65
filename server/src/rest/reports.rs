//! Reports of runs, and digests of weeks. Approving is a signature, which needs the person's password: there is a page for it
//! alone.

use crate::{
    config::Config,
    reports::{self, PdfError},
    rest::{Json, Path, Problem, Query, auth::Caller, export::attachment, paging::PageQuery},
    state::AppState,
};
use axum::{body::Body as HttpBody, extract::State, http::StatusCode, response::Response};
use domain::{
    access::Action,
    id::{ProjectId, ReportId, RunId},
    lang::Lang,
    page::Page,
    report::{
        Body, BodyProblem, MAX_REASON_CHARS, MAX_RUNS,
        digest::Digest,
        view::{ReportDetail, ReportSummary, ReportVersion},
        week::Week,
    },
};
use serde::Deserialize;
use std::sync::Arc;
use store::{
    PgPool,
    access::authorise,
    reports::{Edit, NewReport, digests},
};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_reports, create_report))
        .routes(routes!(get_report))
        .routes(routes!(next_version))
        .routes(routes!(get_version, edit_version))
        .routes(routes!(submit_version))
        .routes(routes!(return_version))
        .routes(routes!(version_html))
        .routes(routes!(version_pdf))
        .routes(routes!(list_digests))
        .routes(routes!(get_digest))
}

/// A project's reports, newest first.
#[utoipa::path(get, path = "/projects/{project}/reports", tag = "reports", params(("project" = ProjectId, Path), PageQuery), responses((status = OK, body = Page<ReportSummary>)))]
async fn list_reports(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ReportSummary>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::reports::list(&db, project, page.after()?, page.limit()).await?))
}

/// What a report is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportRequest {
    title: String,
    /// Of the whole report.
    lang: Lang,
    /// 1 to 10 runs of the project.
    runs: Vec<RunId>,
}

/// Begin a report with a draft that has every block.
#[utoipa::path(post, path = "/projects/{project}/reports", tag = "reports", params(("project" = ProjectId, Path)), request_body = ReportRequest, responses((status = CREATED, body = ReportDetail)))]
async fn create_report(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(request): Json<ReportRequest>,
) -> Result<(StatusCode, Json<ReportDetail>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let body = Body::new(request.title).check().map_err(problem)?;
    let mut runs = request.runs;
    runs.sort_unstable();
    runs.dedup();
    if !(1..=MAX_RUNS).contains(&runs.len()) {
        return Err(Problem::invalid("runs", format!("name 1 to {MAX_RUNS} runs by id")));
    }
    let new = NewReport { project, by: caller.user_id, lang: request.lang, title: body.title, runs: &runs };
    let report = store::reports::create(&db, &new).await?;
    Ok((StatusCode::CREATED, Json(find(&db, project, report).await?)))
}

fn problem(problem: BodyProblem) -> Problem {
    Problem::invalid(&problem.field(), problem)
}

async fn find(db: &PgPool, project: ProjectId, report: ReportId) -> Result<ReportDetail, Problem> {
    store::reports::get(db, project, report).await?.ok_or_else(Problem::not_found)
}

/// A report with its versions and its record.
#[utoipa::path(get, path = "/projects/{project}/reports/{report}", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path)), responses((status = OK, body = ReportDetail)))]
async fn get_report(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report)): Path<(ProjectId, ReportId)>,
) -> Result<Json<ReportDetail>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, report).await?))
}

/// Begin the next version of a report whose newest is approved or returned.
#[utoipa::path(post, path = "/projects/{project}/reports/{report}/versions", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path)), responses((status = CREATED, body = ReportVersion)))]
async fn next_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report)): Path<(ProjectId, ReportId)>,
) -> Result<(StatusCode, Json<ReportVersion>), Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let next = store::reports::next_version(&db, project, report, caller.user_id).await?;
    let next = next.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(find_version(&db, project, report, next).await?)))
}

async fn find_version(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    number: u32,
) -> Result<ReportVersion, Problem> {
    let version = store::reports::version(db, project, report, Some(number), OffsetDateTime::now_utc()).await?;
    version.ok_or_else(Problem::not_found)
}

/// A version with its content, facts, risks and signature. Of a draft the facts are those of now.
#[utoipa::path(get, path = "/projects/{project}/reports/{report}/versions/{number}", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), responses((status = OK, body = ReportVersion)))]
async fn get_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
) -> Result<Json<ReportVersion>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find_version(&db, project, report, number).await?))
}

/// New content of a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftEdit {
    /// The revision that this is an edit of: 409 where somebody else was faster.
    revision: i32,
    body: Body,
}

/// Replace the content of a draft.
#[utoipa::path(put, path = "/projects/{project}/reports/{report}/versions/{number}", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), request_body = DraftEdit, responses((status = OK, body = ReportVersion)))]
async fn edit_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
    Json(edit): Json<DraftEdit>,
) -> Result<Json<ReportVersion>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let edit = Edit { version: number, revision: edit.revision, body: edit.body.check().map_err(problem)? };
    let kept = store::reports::edit(&db, project, report, &edit, caller.user_id).await?;
    kept.ok_or_else(Problem::not_found)?;
    Ok(Json(find_version(&db, project, report, number).await?))
}

/// Which draft is submitted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubmitRequest {
    /// The revision that the person saw.
    revision: i32,
}

/// Submit a draft: its content is frozen with what is known now, and waits for a decision.
#[utoipa::path(post, path = "/projects/{project}/reports/{report}/versions/{number}/submit", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), request_body = SubmitRequest, responses((status = OK, body = ReportVersion)))]
async fn submit_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
    Json(request): Json<SubmitRequest>,
) -> Result<Json<ReportVersion>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let (seen, now) = ((number, request.revision), OffsetDateTime::now_utc());
    if !store::reports::submit(&db, project, report, seen, caller.user_id, now).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(find_version(&db, project, report, number).await?))
}

/// Why a version is returned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnRequest {
    reason: String,
}

/// Return a submitted version to its authors.
#[utoipa::path(post, path = "/projects/{project}/reports/{report}/versions/{number}/return", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), request_body = ReturnRequest, responses((status = OK, body = ReportVersion)))]
async fn return_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
    Json(request): Json<ReturnRequest>,
) -> Result<Json<ReportVersion>, Problem> {
    authorise(&db, &caller, project, Action::Approve).await?;
    let reason = request.reason.trim();
    if !(1..=MAX_REASON_CHARS).contains(&reason.chars().count()) {
        return Err(Problem::invalid("reason", format!("1 to {MAX_REASON_CHARS} characters")));
    }
    let now = OffsetDateTime::now_utc();
    if !store::reports::send_back(&db, project, report, (number, reason), caller.user_id, now).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(find_version(&db, project, report, number).await?))
}

/// A version as one HTML file that needs nothing else.
#[utoipa::path(get, path = "/projects/{project}/reports/{report}/versions/{number}/report.html", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), responses((status = OK, content_type = "text/html", body = String)))]
async fn version_html(
    State(db): State<PgPool>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find_version(&db, project, report, number).await?;
    let name = file_name(&version, "html");
    let document = app::reports::compose::document(project, &version);
    let file = app::reports::standalone::html(config.public_address(), document);
    Ok(attachment(&name, "text/html; charset=utf-8", HttpBody::from(file)))
}

/// A version as a PDF.
///
/// It is tagged for readers of screens, and claims PDF/UA-1 where every letter has a font.
/// 503 where the fonts of the server's system lack more than one in fifty letters of the report: the answer says what to install.
#[utoipa::path(get, path = "/projects/{project}/reports/{report}/versions/{number}/report.pdf", tag = "reports", params(("project" = ProjectId, Path), ("report" = ReportId, Path), ("number" = u32, Path)), responses((status = OK, content_type = "application/pdf", body = Vec<u8>)))]
async fn version_pdf(
    State(db): State<PgPool>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Path((project, report, number)): Path<(ProjectId, ReportId, u32)>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let version = find_version(&db, project, report, number).await?;
    let name = file_name(&version, "pdf");
    let made_at = version.head.decided_at.or(version.head.submitted_at).unwrap_or(version.facts.gathered_at);
    let document = app::reports::compose::document(project, &version).reaching(config.public_address());
    let file = reports::pdf(document, made_at).await.map_err(|error| match error {
        PdfError::NoGlyphs { .. } => Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        PdfError::Internal(_) => Problem::internal(error),
    })?;
    Ok(attachment(&name, "application/pdf", HttpBody::from(file)))
}

fn file_name(version: &ReportVersion, ending: &str) -> String {
    format!("report-{}-v{}.{ending}", version.report_number, version.head.number)
}

/// The digests of the weeks that are over, newest first.
#[utoipa::path(get, path = "/projects/{project}/digests", tag = "reports", params(("project" = ProjectId, Path), PageQuery), responses((status = OK, body = Page<Digest>)))]
async fn list_digests(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Digest>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let limit = page.limit();
    let items = digests::list(&db, project, page.after()?, limit).await?;
    let next_cursor = items.last().filter(|_| items.len() == limit as usize).map(|digest| digest.week.to_string());
    Ok(Json(Page { items, next_cursor }))
}

/// What a week brought: as it was told when it was over, or so far. Weeks are written as `2026-W31`.
#[utoipa::path(get, path = "/projects/{project}/digests/{week}", tag = "reports", params(("project" = ProjectId, Path), ("week" = String, Path)), responses((status = OK, body = Digest)))]
async fn get_digest(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, week)): Path<(ProjectId, String)>,
) -> Result<Json<Digest>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let week: Week = week.parse().map_err(|_| Problem::not_found())?;
    let digest = digests::get(&db, project, week, OffsetDateTime::now_utc()).await?;
    Ok(Json(digest.ok_or_else(Problem::not_found)?))
}
