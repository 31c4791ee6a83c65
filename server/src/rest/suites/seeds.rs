//! Runs that differ only in their seed, each group as one candidate.

use super::{answers::asker, find};
use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::Action,
    id::{ProjectId, RunId, SuiteId},
    suite::SeedTable,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    suites::{
        self,
        ask::{self, SeedGroups},
    },
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_seeds))
}

/// Which groups.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SeedQuery {
    /// Of the suite; the newest when absent.
    version: Option<u32>,
    /// A group that you put together: ids of 2 to 20 runs with commas between them, each with a seed of its own.
    runs: Option<String>,
    /// A run of the group that the others are held against; the first group when absent.
    against: Option<RunId>,
}

/// Runs that differ only in their seed as one candidate: mean and standard deviation over the seeds, a 95 % interval of the mean,
/// and how each group differs from another.
///
/// Groups are found by their recipes, such as the arms of an ablation. Intervals and p values allow for other seeds and other
/// samples: the variance of the seeds and that of a bootstrap over samples are added, with Satterthwaite's degrees of freedom. While a
/// job computes figures, `pending` says how many are missing; their groups have no differences until then. 409 where you wait for as
/// many groups as may be at a time.
#[utoipa::path(get, path = "/projects/{project}/suites/{suite}/seeds", tag = "suites", params(("project" = ProjectId, Path), ("suite" = SuiteId, Path), SeedQuery), responses((status = OK, body = SeedTable)))]
async fn get_seeds(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, suite)): Path<(ProjectId, SuiteId)>,
    Query(query): Query<SeedQuery>,
) -> Result<Json<SeedTable>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let suite = find(&db, project, suite, query.version).await?;
    let texts = query.runs.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
    let runs: Result<Vec<RunId>, _> = texts.map(str::parse::<RunId>).collect();
    let runs = runs.map_err(|_| Problem::invalid("runs", "expected ids of runs"))?;
    let found = suites::seeds::of_suite(&db, project, &suite, &runs, query.against).await?;
    let table = found.map_err(|problem| Problem::invalid("runs", problem))?;
    if table.pending > 0 {
        ask::seeds(&db, asker(&caller, project), &SeedGroups::of(&suite, &table)).await?;
    }
    Ok(Json(table))
}
