//! The splits of a version: how alike they are, what leaks, dividing anew.

use crate::{
    jobs::splits::{self, CheckSplits, DivideVersion},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use domain::{
    access::Action,
    id::{ProjectId, VersionId},
    job::Job,
    split::{BenchmarkReport, LeakCheck, LeakCheckError, LeakReport, SplitReport, SplitRule, SplitRuleError},
};
use serde::Serialize;
use store::{PgPool, access::authorise};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_split_check, start_split_check))
        .routes(routes!(divide_version))
        .routes(routes!(remove_leaks))
}

/// What was found out about a version's splits.
#[derive(Serialize, ToSchema)]
struct SplitCheck {
    /// How alike the splits are.
    splits: SplitReport,
    /// What of validation and test is in training.
    leaks: LeakReport,
    /// What of each benchmark that the version was held against is in training.
    benchmarks: Vec<BenchmarkReport>,
}

impl From<LeakCheckError> for Problem {
    fn from(e: LeakCheckError) -> Self {
        let field = match e {
            LeakCheckError::Ngram => "ngram",
            LeakCheckError::Overlap => "overlap",
            LeakCheckError::Similarity => "similarity",
        };
        Self::invalid(field, e)
    }
}

impl From<SplitRuleError> for Problem {
    fn from(e: SplitRuleError) -> Self {
        let field = match &e {
            SplitRuleError::Shares | SplitRuleError::NothingHeldOut | SplitRuleError::TooFew { .. } => "amounts",
            SplitRuleError::StratifiedTime => "stratify",
            SplitRuleError::Similarity => "group.similarity",
            SplitRuleError::NoField { field }
            | SplitRuleError::FieldMissing { field, .. }
            | SplitRuleError::NoTime { field, .. } => return Self::invalid(field, &e),
        };
        Self::invalid(field, e)
    }
}

/// The last check of a version's splits, under the usual settings; 404 before there was one.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/split-check", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = SplitCheck)))]
async fn get_split_check(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<SplitCheck>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    let found = store::split_checks::get(&db, version, &LeakCheck::default()).await?;
    let (splits, leaks) = found.ok_or_else(Problem::not_found)?;
    let benchmarks = store::benchmarks::checks(&db, version, &LeakCheck::default()).await?;
    Ok(Json(SplitCheck { splits, leaks, benchmarks }))
}

/// Check a version's splits.
///
/// Compares their distributions, and looks for validation and test samples, and those of the project's benchmarks, in training. Answers with a job. A launch
/// does the same with the usual settings, and is refused where test or validation samples are in training.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/split-check", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = LeakCheck, responses((status = ACCEPTED, body = Job)))]
async fn start_split_check(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(check): Json<LeakCheck>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    check.check()?;
    enqueue(&db, &caller, project, splits::CHECK_KIND, &CheckSplits { version_id: version, check }).await
}

/// Divide a version's samples anew: makes the dataset's next version. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/divide", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = SplitRule, responses((status = ACCEPTED, body = Job)))]
async fn divide_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(rule): Json<SplitRule>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    rule.check()?;
    enqueue(&db, &caller, project, splits::DIVIDE_KIND, &DivideVersion { version_id: version, rule }).await
}

/// Remove the training samples that give validation or test samples away: makes the dataset's next version. Answers
/// with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/without-leaks", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = LeakCheck, responses((status = ACCEPTED, body = Job)))]
async fn remove_leaks(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(check): Json<LeakCheck>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    check.check()?;
    enqueue(&db, &caller, project, splits::WITHOUT_LEAKS_KIND, &CheckSplits { version_id: version, check }).await
}

async fn enqueue(
    db: &PgPool,
    caller: &Caller,
    project: ProjectId,
    kind: &str,
    request: &impl Serialize,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let id = store::jobs::enqueue(db, project, kind, request, caller.user_id).await?;
    let job = store::jobs::get(db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}
