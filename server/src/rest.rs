//! The REST API: a door for scripts, `/api/v1`, over the same store functions and the same
//! authorisation as the pages.
//!
//! One module per noun, each with `routes()`. Deny by default: [`router`] answers 401 to whoever
//! brings neither a session nor a token; only the OpenAPI document and the page that shows it are
//! open. Errors are RFC 9457 problems, lists are cursor pages.

pub mod annotation;
pub mod annotation_files;
pub mod annotation_items;
pub mod annotation_results;
pub mod auth;
pub mod badcases;
pub mod benchmarks;
pub mod card;
pub mod clean;
pub mod compare;
pub mod datasets;
pub mod diff;
pub mod docs;
pub mod edit;
pub mod evals;
pub mod explore;
pub mod export;
pub mod extract;
pub mod forget;
pub mod groups;
pub mod jobs;
pub mod judges;
pub mod lineage;
pub mod models;
pub mod overlay;
pub mod paging;
pub mod paraphrase;
pub mod people;
pub mod problem;
pub mod projects;
pub mod reports;
pub mod runs;
pub mod sample_project;
pub mod scores;
pub mod splits;
pub mod suites;
pub mod sweeps;
pub mod table;
pub mod tus;
pub mod uploads;
pub mod versions;

pub use extract::{Json, Path, Query};
pub use problem::Problem;

use crate::state::AppState;
use axum::{Extension, Router, middleware::from_fn, routing::get};
use std::sync::Arc;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

/// Where the API lives.
pub const PREFIX: &str = "/api/v1";

/// What the document says before any operation does.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lathe REST API",
        description = "From an uploaded file to a fine-tuned model, by script. Send an API token as `Authorization: Bearer lathe_…`; \
            tokens are made on the account page. Errors are `application/problem+json` (RFC 9457). Lists take `limit` and `cursor` and \
            answer with `items` and, unless it was the last page, `next_cursor`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(("token" = []), ("session" = [])),
    components(schemas(Problem, domain::id::PartialUploadId)),
    modifiers(&Doors)
)]
struct Document;

/// The two ways to say who asks.
struct Doors;

impl Modify for Doors {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let components = doc.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token from the account page."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("lathe"))));
    }
}

/// Every noun, without the prefix.
fn nouns() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(people::routes())
        .merge(projects::routes())
        .merge(jobs::routes())
        .merge(uploads::routes())
        .merge(tus::routes())
        .merge(datasets::routes())
        .merge(versions::routes())
        .merge(card::routes())
        .merge(diff::routes())
        .merge(explore::routes())
        .merge(splits::routes())
        .merge(benchmarks::routes())
        .merge(clean::routes())
        .merge(paraphrase::routes())
        .merge(scores::routes())
        .merge(lineage::routes())
        .merge(edit::routes())
        .merge(forget::routes())
        .merge(models::routes())
        .merge(sample_project::routes())
        .merge(runs::routes())
        .merge(sweeps::routes())
        .merge(table::routes())
        .merge(evals::routes())
        .merge(suites::routes())
        .merge(compare::routes())
        .merge(overlay::routes())
        .merge(badcases::routes())
        .merge(reports::routes())
        .merge(annotation::routes())
        .merge(annotation_items::routes())
        .merge(annotation_results::routes())
        .merge(groups::routes())
        .merge(judges::routes())
}

/// The API's routes and the document that describes them.
fn assemble() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let nouns = nouns().fallback(|| async { Problem::not_found() }).layer(from_fn(auth::require_caller));
    let (router, mut doc) = OpenApiRouter::with_openapi(Document::openapi()).nest(PREFIX, nouns).split_for_parts();
    add_problem_to_every_operation(&mut doc);
    (router, doc)
}

/// Each operation may answer with a problem; said once here instead of at each handler.
fn add_problem_to_every_operation(doc: &mut utoipa::openapi::OpenApi) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new().description("What went wrong").content(problem::CONTENT_TYPE, content).build();
    for item in doc.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    assemble().1
}

/// The API, its document and the page that shows it. The session layer, the CSRF check and
/// [`crate::caller::identify`] must lie around it.
pub fn router() -> Router<AppState> {
    let (api, doc) = assemble();
    let json = serde_json::to_value(&doc).unwrap_or_default();
    let page = Arc::new(json.clone());
    api.route(&format!("{PREFIX}/openapi.json"), get(move || async move { axum::Json(json) }))
        .route("/api/docs", get(docs::page).layer(Extension(page)))
}
