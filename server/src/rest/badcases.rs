//! Bad cases: listed, judged, corrected, and turned into the next dataset version; what people and scripts do beside that is
//! in the modules.

mod bulk;
mod causes;
mod clusters;
mod nearest;
mod regressions;
mod talk;
mod trends;

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
        paging::PageQuery,
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    badcase::{
        BadCaseStatus, Cause, Severity, Source,
        evidence::{Evidence, Finding},
        view::{BadCase, BadCaseCounts, BadCaseEdit, BadCaseQuery, BadCaseSort, BadCaseSummary, NewBadCase},
    },
    dataset::Version,
    id::{BadCaseId, CauseId, ClusterId, DatasetId, ProjectId, RunId, UserId, VersionId},
    page::{MAX_LIMIT, Page},
};
use serde::{Deserialize, Serialize};
use store::{PgPool, access::authorise};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_bad_cases, add_bad_case))
        .routes(routes!(count_bad_cases))
        .routes(routes!(get_bad_case, edit_bad_case))
        .routes(routes!(get_evidence))
        .routes(routes!(add_corrections))
        .merge(bulk::routes())
        .merge(talk::routes())
        .merge(causes::routes())
        .merge(clusters::routes())
        .merge(nearest::routes())
        .merge(regressions::routes())
        .merge(trends::routes())
}

/// Which bad cases to list or count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BadCaseFilter {
    status: Option<BadCaseStatus>,
    cause: Option<Cause>,
    /// A cause of the project's own, with those below it.
    own_cause: Option<CauseId>,
    severity: Option<Severity>,
    /// Who looks after them.
    owner: Option<UserId>,
    cluster: Option<ClusterId>,
    source: Option<Source>,
    run: Option<RunId>,
    dataset: Option<DatasetId>,
    /// Part of the sample's text, output or note.
    search: Option<String>,
    /// `found` when absent.
    #[param(inline)]
    sort: Option<BadCaseSort>,
}

impl BadCaseFilter {
    fn query(self) -> BadCaseQuery {
        BadCaseQuery {
            status: self.status,
            cause: self.cause,
            own_cause: self.own_cause,
            severity: self.severity,
            owner: self.owner,
            cluster: self.cluster,
            source: self.source,
            run: self.run,
            dataset: self.dataset,
            search: self.search.filter(|s| !s.is_empty()),
            sort: self.sort.unwrap_or_default(),
            cursor: None,
            limit: None,
        }
    }
}

/// A project's bad cases.
///
/// With `format` everything that matches comes as one file.
#[utoipa::path(get, path = "/projects/{project}/bad-cases", tag = "bad cases", params(("project" = ProjectId, Path), BadCaseFilter, PageQuery, ExportQuery), responses((status = OK, body = Page<BadCaseSummary>)))]
async fn list_bad_cases(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(filter): Query<BadCaseFilter>,
    Query(page): Query<PageQuery>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let cursor = page.after::<BadCaseId>()?.map(|id| id.to_string());
    let query = BadCaseQuery { cursor, limit: page.limit, ..filter.query() };
    let Some(format) = export.format else {
        return Ok(Json(store::badcases::list(&db, project, &query).await?).into_response());
    };
    Ok(export::list("bad-cases", format, export.formulas(), move |cursor| {
        let (db, query) = (db.clone(), BadCaseQuery { cursor, limit: Some(MAX_LIMIT), ..query.clone() });
        Box::pin(async move { store::badcases::list(&db, project, &query).await })
    }))
}

impl Record for BadCaseSummary {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "run",
        "run_name",
        "dataset",
        "prompt",
        "expected",
        "output",
        "status",
        "cause",
        "correction",
        "updated_at",
        "source",
        "own_cause",
        "severity",
        "owner",
        "duplicate_of",
        "resolved_in",
        "broken_in",
    ];

    fn cells(&self) -> Vec<String> {
        let updated_at = self.updated_at.format(&time::format_description::well_known::Rfc3339);
        vec![
            self.id.to_string(),
            number(self.run_number),
            self.run_name.clone().unwrap_or_default(),
            self.dataset_name.clone(),
            self.prompt.clone(),
            self.expected.clone(),
            self.output.clone(),
            self.status.as_str().to_owned(),
            self.cause.map(Cause::as_str).unwrap_or_default().to_owned(),
            self.correction.clone().unwrap_or_default(),
            updated_at.unwrap_or_default(),
            self.source.as_str().to_owned(),
            self.cause_name.clone().unwrap_or_default(),
            self.severity.map(Severity::as_str).unwrap_or_default().to_owned(),
            self.owner.clone().unwrap_or_default(),
            self.duplicate_of.map(|id| id.to_string()).unwrap_or_default(),
            number(self.resolved_in),
            number(self.broken_in),
        ]
    }
}

/// A number as a cell.
fn number(number: Option<i32>) -> String {
    number.map(|n| n.to_string()).unwrap_or_default()
}

/// Send a bad case that no evaluation has found, such as what a user of the model complained about.
///
/// Its source is `feedback`. The sample is kept with the dataset but in none of its versions; a correction adds it to the next
/// one.
#[utoipa::path(post, path = "/projects/{project}/bad-cases", tag = "bad cases", params(("project" = ProjectId, Path)), request_body = NewBadCase, responses((status = CREATED, body = BadCase)))]
async fn add_bad_case(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(new): Json<NewBadCase>,
) -> Result<(StatusCode, Json<BadCase>), Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    new.check().map_err(|e| Problem::invalid(e.field(), e))?;
    let id = store::badcases::create::create(&db, project, &new, Source::Feedback, caller.user_id)
        .await?
        .ok_or_else(|| Problem::invalid("dataset_id", "the project has no such dataset"))?;
    let case = store::badcases::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(case)))
}

/// What is known of a bad case, what that says, and the cause it points to.
#[derive(Serialize, ToSchema)]
struct Suggested {
    #[serde(flatten)]
    evidence: Evidence,
    findings: Vec<Finding>,
    suggestion: Option<Cause>,
}

/// Evidence on why the model was wrong: training rows like it, its label and slices in training, the model's own probability.
#[utoipa::path(get, path = "/projects/{project}/bad-cases/{bad_case}/evidence", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), responses((status = OK, body = Suggested)))]
async fn get_evidence(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, BadCaseId)>,
) -> Result<Json<Suggested>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let evidence = store::badcases::evidence::gather(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    let (findings, suggestion) = (evidence.findings(), evidence.suggestion());
    Ok(Json(Suggested { evidence, findings, suggestion }))
}

/// How many bad cases have each status. The filter's own `status` is ignored.
#[utoipa::path(get, path = "/projects/{project}/bad-case-counts", tag = "bad cases", params(("project" = ProjectId, Path), BadCaseFilter), responses((status = OK, body = BadCaseCounts)))]
async fn count_bad_cases(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(filter): Query<BadCaseFilter>,
) -> Result<Json<BadCaseCounts>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::badcases::counts(&db, project, &filter.query()).await?))
}

/// One bad case with its sample.
#[utoipa::path(get, path = "/projects/{project}/bad-cases/{bad_case}", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), responses((status = OK, body = BadCase)))]
async fn get_bad_case(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, BadCaseId)>,
) -> Result<Json<BadCase>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    store::badcases::get(&db, project, id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Judge a bad case: cause, note, corrected answer, or dismissal.
///
/// What the body does not name is cleared. 409 when somebody else has edited it since `revision`,
/// or when its correction is part of a dataset version already.
#[utoipa::path(patch, path = "/projects/{project}/bad-cases/{bad_case}", tag = "bad cases", params(("project" = ProjectId, Path), ("bad_case" = BadCaseId, Path)), request_body = BadCaseEdit, responses((status = OK, body = BadCase)))]
async fn edit_bad_case(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, id)): Path<(ProjectId, BadCaseId)>,
    Json(edit): Json<BadCaseEdit>,
) -> Result<Json<BadCase>, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    if !store::badcases::edit(&db, project, id, &edit, caller.user_id).await? {
        return Err(Problem::not_found());
    }
    store::badcases::get(&db, project, id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Corrections for the next version of a dataset.
#[derive(Deserialize, ToSchema)]
struct Corrections {
    /// The version to start from.
    version: VersionId,
    /// Bad cases in status `corrected`; others are left out.
    bad_cases: Vec<BadCaseId>,
    /// Also learn from corrected samples of the validation and test split, which they then leave.
    #[serde(default)]
    move_to_train: bool,
    #[serde(default)]
    note: String,
}

/// Make the next version of a dataset from corrected bad cases.
///
/// 409 when none of them has a correction that waits, or when a corrected sample is not in the
/// version.
#[utoipa::path(post, path = "/projects/{project}/datasets/{dataset}/corrections", tag = "bad cases", params(("project" = ProjectId, Path), ("dataset" = DatasetId, Path)), request_body = Corrections, responses((status = CREATED, body = Version)))]
async fn add_corrections(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, dataset)): Path<(ProjectId, DatasetId)>,
    Json(new): Json<Corrections>,
) -> Result<(StatusCode, Json<Version>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    let parent = store::versions::get(&db, project, new.version).await?;
    if parent.is_none_or(|v| v.dataset_id != dataset) {
        return Err(Problem::invalid("version", "this dataset has no such version"));
    }
    if new.note.chars().count() > 2000 {
        return Err(Problem::invalid("note", "at most 2000 characters"));
    }
    let (ids, note) = (&new.bad_cases, new.note.trim());
    let made = store::badcases::add_to_version(&db, project, new.version, ids, new.move_to_train, caller.user_id, note)
        .await?
        .ok_or_else(Problem::not_found)?;
    let version = store::versions::get(&db, project, made.version_id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(version)))
}
