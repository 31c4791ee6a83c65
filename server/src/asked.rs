//! A page that is asked for by a posted form: what somebody looks for there is a secret, and addresses are kept in logs and
//! histories. The form is handed to the page, which is then made as if it had been got.
//!
//! The form that erases is posted there too: what it asks for is done by its server function, and where that refuses, the
//! answer is the page with what was found and typed, and the reason. No session keeps a secret, so that a way back would
//! lead to an empty page.

use crate::{refusals, state::AppState};
use app::{
    api::Services,
    error::AppError,
    forget::{Asked, api::ForgetRows},
    ui::form::{Refusal, address},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, Uri, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::{
    prelude::provide_context,
    server_fn::{ServerFn, error::SERVER_FN_ERROR_HEADER},
};
use leptos_axum::handle_server_fns_with_context;

/// The page that rows are forgotten on.
pub const FORGET: &str = "/p/{project}/datasets/forget";
/// Longest form: what may be looked for, in four bytes a character and all of them escaped, with room to spare.
const LIMIT_BYTES: usize = 1 << 17;

/// The middleware of such a page.
pub async fn take(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let Ok(form) = to_bytes(body, LIMIT_BYTES).await else {
        return refusals::refusal(&AppError::TooLarge);
    };
    if let Some(number) = field(&form, "confirm") {
        match erase(state.services(), head.clone(), form.clone()).await {
            Ok(done) => return done,
            Err(error) => {
                let typed = vec![("confirm".to_owned(), number)];
                head.extensions.insert(Refusal { address: address::<ForgetRows>(), error, typed });
            }
        }
    }
    head.extensions.insert(Asked(field(&form, "secret_texts").unwrap_or_default()));
    head.method = Method::GET;
    next.run(Request::from_parts(head, Body::empty())).await
}

fn field(form: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// What the server function answers, or why it refuses.
async fn erase(services: Services, head: Parts, form: Bytes) -> Result<Response, AppError> {
    let mut request = Request::from_parts(head, Body::from(form));
    *request.uri_mut() = Uri::from_static(ForgetRows::url());
    let context = move || provide_context(services.clone());
    let response = handle_server_fns_with_context(context, request).await.into_response();
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return Ok(response);
    }
    let reason = to_bytes(response.into_body(), LIMIT_BYTES).await.unwrap_or_default();
    Err(serde_json::from_slice(&reason).unwrap_or_else(AppError::internal_from))
}
