//! Comparing two versions.

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller, paging::PageQuery},
    state::AppState,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    diff::{DiffKind, VersionDiff},
    explore::LookedBy,
    id::{ProjectId, VersionId},
    job::Job,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    diffs::{Asker, Compared, DiffQuery, page_or_job},
    explore::looks,
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(diff_versions))
}

/// What to compare with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CompareQuery {
    /// The version to compare with; the one that this one was made from when absent.
    from: Option<VersionId>,
    /// Which samples to list; the first kind that there is when absent.
    #[param(inline)]
    kind: Option<DiffKind>,
    /// Samples of the test split too. The look is counted for both versions, and is on record with your name.
    #[serde(default)]
    include_test: bool,
}

/// How a version differs from another one of the project: counts, and the samples of one kind page by page.
///
/// Samples belong together that are the same or say the same; of the others, those that go back to one sample. Where
/// one of the versions has more than 20,000 samples, the first request answers 202 with the job that compares them: ask again
/// when it is over. Of such comparisons each person has one at a time in a project: 409 for another one until then.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/diff", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), CompareQuery, PageQuery), responses((status = OK, body = VersionDiff), (status = ACCEPTED, body = Job)))]
async fn diff_versions(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Query(query): Query<CompareQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let to = super::versions::find(&db, project, version).await?;
    let from = query.from.or(to.parent.map(|parent| parent.id));
    let from = from.ok_or_else(|| Problem::invalid("from", "this version was made from no other: name one"))?;
    let from = super::versions::find(&db, project, from).await?;
    let query =
        DiffQuery { kind: query.kind, with_test: query.include_test, after: page.after()?, limit: page.limit() };
    let asker = Asker { project, user: caller.user_id, again: true };
    let diff = match page_or_job(&db, asker, &from, &to, query).await? {
        Compared::Made(diff) => diff,
        Compared::By(job) => return Ok((StatusCode::ACCEPTED, Json(job)).into_response()),
    };
    if query.with_test {
        looks::record(&db, from.id, caller.user_id, LookedBy::Api).await?;
        looks::record(&db, to.id, caller.user_id, LookedBy::Api).await?;
    }
    Ok(Json(diff).into_response())
}
