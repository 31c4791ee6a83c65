//! What led to what.

use crate::{
    rest::{Json, Path, Problem, Query, auth::Caller},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::Action,
    id::ProjectId,
    lineage::{Lineage, NoNode, NodeId},
};
use serde::Deserialize;
use store::{PgPool, access::authorise};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_lineage))
}

/// Of what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LineageQuery {
    /// `KIND:ID`, where KIND is file (by its SHA-256), version, run, evaluation, `bad_case` or sample.
    of: String,
}

/// What a file, version, run, evaluation, bad case or sample came from, and what it led to.
///
/// At most 200 nodes, and 25 of a kind around one node: `is_cut` says whether more are there.
#[utoipa::path(get, path = "/projects/{project}/lineage", tag = "projects", params(("project" = ProjectId, Path), LineageQuery), responses((status = OK, body = Lineage)))]
async fn get_lineage(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<LineageQuery>,
) -> Result<Json<Lineage>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let item: NodeId = query.of.parse().map_err(|e: NoNode| Problem::invalid("of", e))?;
    Ok(Json(store::lineage::of(&db, project, &item).await?.ok_or_else(Problem::not_found)?))
}
