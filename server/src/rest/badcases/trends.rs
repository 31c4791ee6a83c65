//! Counts of bad cases over runs or months.

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
    },
    state::AppState,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    badcase::{
        BadCaseStatus, Cause, Severity, Source,
        trend::{TrendBy, TrendCell, TrendOver, TrendQuery},
    },
    id::{DatasetId, ProjectId},
};
use serde::Deserialize;
use store::{PgPool, access::authorise, badcases::trends};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(count_trends))
}

/// What is counted, and of which cases.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TrendFilter {
    /// `cause` when absent.
    #[param(inline)]
    by: Option<TrendBy>,
    /// `run` when absent.
    #[param(inline)]
    over: Option<TrendOver>,
    /// The field of the data, for `by=slice`.
    slice: Option<String>,
    dataset: Option<DatasetId>,
    cause: Option<Cause>,
    status: Option<BadCaseStatus>,
    severity: Option<Severity>,
    source: Option<Source>,
}

/// How many bad cases each run or month has, by cause, status, severity or slice.
///
/// Dismissed ones do not count; a duplicate counts with the cause of the one that is kept.
#[utoipa::path(get, path = "/projects/{project}/bad-case-trends", tag = "bad cases", params(("project" = ProjectId, Path), TrendFilter, ExportQuery), responses((status = OK, body = Vec<TrendCell>)))]
async fn count_trends(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(filter): Query<TrendFilter>,
    Query(export): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let query = TrendQuery {
        by: filter.by.unwrap_or_default(),
        over: filter.over.unwrap_or_default(),
        slice: filter.slice,
        dataset: filter.dataset,
        cause: filter.cause,
        status: filter.status,
        severity: filter.severity,
        source: filter.source,
    };
    let cells = trends::count(&db, project, &query).await?;
    Ok(match export.format {
        Some(format) => export::items("bad-case-trends", format, export.formulas(), cells),
        None => Json(cells).into_response(),
    })
}

impl Record for TrendCell {
    const COLUMNS: &'static [&'static str] = &["column", "value", "cases"];

    fn cells(&self) -> Vec<String> {
        vec![self.column.clone(), self.value.clone(), self.cases.to_string()]
    }
}
