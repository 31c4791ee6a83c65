//! The data card of a version, as JSON and as Markdown.

use crate::{
    config::Config,
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use domain::{
    access::Action,
    card::DataCard,
    id::{ProjectId, VersionId},
};
use std::sync::Arc;
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(card_json)).routes(routes!(card_markdown))
}

async fn find(db: &PgPool, project: ProjectId, version: VersionId) -> Result<DataCard, Problem> {
    let version = super::versions::find(db, project, version).await?;
    Ok(store::cards::get(db, project, &version).await?)
}

/// What is known of a version: sources, licence, how it was made, statistics, checks, and the runs on it.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/card.json", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = DataCard)))]
async fn card_json(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<DataCard>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(find(&db, project, version).await?))
}

/// The same as a Markdown file with the front matter of Hugging Face's dataset cards, in the language of
/// `Accept-Language`.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/card.md", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, content_type = "text/markdown", body = String)))]
async fn card_markdown(
    State(db): State<PgPool>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let card = find(&db, project, version).await?;
    let site = config.public_address();
    let text = app::card::markdown::markdown(app::text::of_headers(&headers), site, project, &card);
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text))
}
