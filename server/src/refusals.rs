//! Server functions that refuse answer with 500 by themselves, whatever the reason. This
//! middleware reads the reason and gives the response the status that fits, so that a wrong
//! password is no server fault to browsers, proxies and monitoring.

use app::error::AppError;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{StatusCode, header::CONTENT_LENGTH},
    middleware::Next,
    response::Response,
};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

/// Reasons are short; a longer body is not one of ours.
const LIMIT_BYTES: usize = 1 << 16;

/// The middleware.
pub async fn fit_status(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_refusal = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if !is_refusal {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, LIMIT_BYTES).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<AppError>(&bytes)
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        head.status = status;
    }
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(bytes))
}
