//! MLflow's REST API, so that scripts which track with the unmodified Python client track here:
//! `/api/2.0/mlflow/…` for a token that opens one project, `/mlflow/PROJECT/api/2.0/mlflow/…`
//! (the tracking address `http://…/mlflow/PROJECT`) for every other.
//!
//! Names, types and error codes are MLflow's (`mlflow/protos/service.proto`); what a request may do is
//! decided before its handler runs, by the action that its [`Endpoint`] names. What is not listed is
//! answered with `ENDPOINT_NOT_FOUND`: traces, the model registry and the rest have no place here.

mod access;
mod artifacts;
mod experiments;
mod inputs;
mod logging;
mod metrics;
mod models;
mod refusal;
mod runs;
mod search;
mod wire;

use crate::state::AppState;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware::from_fn_with_state,
    routing::{self, MethodRouter},
};
use domain::access::Action;
use refusal::Refusal;

/// Where the API begins: in the project of the token, or in the one that the address names.
pub const PLACES: [&str; 2] = ["/api/2.0", "/mlflow/{project}/api/2.0"];

/// Longest JSON body, in bytes: the profile of a dataset may have 16 MiB.
const BODY_BYTES: usize = 20 << 20;

/// One operation of the API.
pub struct Endpoint {
    pub method: &'static str,
    /// Below each of [`PLACES`].
    pub path: &'static str,
    /// What the caller must be allowed to do in the project.
    pub action: Action,
    handler: MethodRouter<AppState>,
}

impl Endpoint {
    /// Reads.
    fn get<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "GET", path, action: Action::Read, handler: routing::get(handler) }
    }

    /// Reads, though it is sent as a post.
    fn ask<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "POST", path, action: Action::Read, handler: routing::post(handler) }
    }

    /// Writes: who may launch runs may track them.
    fn post<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "POST", path, action: Action::Launch, handler: routing::post(handler) }
    }

    fn put<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "PUT", path, action: Action::Launch, handler: routing::put(handler) }
    }

    fn patch<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "PATCH", path, action: Action::Launch, handler: routing::patch(handler) }
    }

    fn delete<H: Handler<T, AppState>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self { method: "DELETE", path, action: Action::Launch, handler: routing::delete(handler) }
    }
}

/// Everything there is.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let nouns = [
        experiments::endpoints(),
        runs::endpoints(),
        search::endpoints(),
        logging::endpoints(),
        inputs::endpoints(),
        metrics::endpoints(),
        models::endpoints(),
        artifacts::endpoints(),
    ];
    nouns.into_iter().flatten().collect()
}

/// The API. [`crate::caller::identify`] must lie around it.
pub fn router(state: &AppState) -> Router<AppState> {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let gate = from_fn_with_state((state.clone(), endpoint.action), access::admit);
        let handler: MethodRouter<AppState> = endpoint.handler.layer(gate);
        for place in PLACES {
            router = router.route(&format!("{place}{}", endpoint.path), handler.clone());
        }
    }
    // Clients look for newer parts of the API and go without them when they are told so.
    for other in ["/api/2.0/{*rest}", "/api/3.0/{*rest}", "/mlflow/{project}/{*rest}"] {
        router = router.route(other, routing::any(|| async { Refusal::no_endpoint() }));
    }
    router.layer(DefaultBodyLimit::max(BODY_BYTES))
}
