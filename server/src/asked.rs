//! A page that is asked for by a posted form: what somebody looks for there is a secret, and addresses are kept in logs and
//! histories. The form is handed to the page, which is then made as if it had been got.

use crate::refusals;
use app::{error::AppError, forget::Asked};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::Method,
    middleware::Next,
    response::Response,
};

/// The page that rows are forgotten on.
pub const FORGET: &str = "/p/{project}/datasets/forget";
/// Longest form: what may be looked for, in four bytes a character and all of them escaped, with room to spare.
const LIMIT_BYTES: usize = 1 << 17;

/// The middleware of such a page.
pub async fn take(request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let Ok(form) = to_bytes(body, LIMIT_BYTES).await else {
        return refusals::refusal(&AppError::TooLarge);
    };
    let texts = url::form_urlencoded::parse(&form).find(|(name, _)| name == "secret_texts");
    head.extensions.insert(Asked(texts.map(|(_, value)| value.into_owned()).unwrap_or_default()));
    head.method = Method::GET;
    next.run(Request::from_parts(head, Body::empty())).await
}
