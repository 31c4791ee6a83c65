//! Which handler answers which address, and what every request passes on its way.

use crate::{asked, assets, caller, csrf, headers, preferences, refusals, sessions, state::AppState};
use axum::{Router, extract::State, http::StatusCode, middleware, routing};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};
use tower_http::trace::TraceLayer;

/// The whole site.
pub fn router(state: AppState) -> Router {
    let services = state.services();
    let context = move || provide_context(services.clone());
    let site = state.site.clone();
    let document = move |options| app::shell::document(options, site.files.clone());
    let page = {
        let options = state.leptos.clone();
        move || document(options.clone())
    };
    let asked = render_app_async_with_context(context.clone(), page.clone());
    let take = middleware::from_fn_with_state(state.clone(), asked::take);
    let own_host = csrf::OwnHost(state.config.public_url.authority().to_owned());
    let https = headers::Https(state.config.is_https());
    Router::new()
        .leptos_routes_with_context(&state, generate_route_list(app::App), context.clone(), page.clone())
        .route("/preferences", routing::post(preferences::set))
        .route(asked::FORGET, routing::post(asked).layer(take))
        .merge(crate::rest::router())
        .merge(crate::mlflow::router(&state))
        // The page of an unknown address says so. Files are not served from here: leptos_axum's own fallback for
        // them takes the contexts away from pages that are rendered on the same thread at that moment.
        .fallback(render_app_async_with_context(context, page))
        .layer(middleware::from_fn(refusals::answer))
        .layer(middleware::from_fn_with_state(state.db.clone(), caller::identify))
        .layer(sessions::layer(state.db.clone(), &state.config))
        .layer(middleware::from_fn_with_state(own_host, csrf::check))
        // Files and health need neither a session nor the database's opinion of the caller.
        .nest("/pkg", assets::package(&state.config.site))
        .merge(assets::public(&state.config.site))
        .route("/healthz", routing::get(|| async { "ok" }))
        .route("/readyz", routing::get(ready))
        .layer(middleware::from_fn_with_state(https, headers::secure))
        .layer(TraceLayer::new_for_http())
        .with_state(state)
}

/// Whether the database answers.
async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    match store::ping(&state.db).await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}
