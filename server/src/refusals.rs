//! What follows when a server function refuses.
//!
//! A plain form is led back to its page, which is told once, through the session, why it was
//! refused and what had been typed ([`Refusal`]); secrets are not kept. Of strangers only what they
//! may post is kept, so that they cannot fill the database; for anything else they sign in first.
//! For other callers, server functions answer with 500 whatever the reason: the response gets the status that fits, so
//! that a wrong value is no server fault to browsers, proxies and monitoring.

use app::{
    account::api::{AcceptInvitation, SignIn},
    error::AppError,
    ui::form::{Refusal, address, is_secret},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, REFERER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::Caller;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use tower_sessions::{Expiry, Session};

/// Reasons are short; a longer body is not one of ours.
const LIMIT_BYTES: usize = 1 << 16;
/// Longest form.
const FORM_LIMIT_BYTES: usize = 1 << 20;
/// Longest form of a stranger.
const STRANGER_FORM_LIMIT_BYTES: usize = 8 << 10;
/// Key of the refusal in the session's data.
const KEY: &str = "refusal";
/// In the query of a page that a refused form was led back to.
const MARK: &str = "refused";
/// Longest address of a form for strangers that is kept.
const STRANGER_ADDRESS_BYTES: usize = 256;
/// How long what a stranger had typed is kept.
const STRANGER_LIFE: time::Duration = time::Duration::minutes(10);

/// The middleware.
pub async fn answer(request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    match session {
        Some(session) if is_plain_form(&request) => lead_back(session, request, next).await,
        Some(session) if is_led_back(&request) => tell(session, request, next).await,
        _ => fit_status(next.run(request).await).await,
    }
}

/// What a handler answers that is no server function and refuses as one does: a plain form is led back to its page.
pub fn refusal(error: &AppError) -> Response {
    let reason = serde_json::to_vec(error).unwrap_or_default();
    (StatusCode::INTERNAL_SERVER_ERROR, [(SERVER_FN_ERROR_HEADER, "")], reason).into_response()
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn is_plain_form(request: &Request) -> bool {
    request.method() == Method::POST
        && text(request.headers(), ACCEPT).contains("text/html")
        && text(request.headers(), CONTENT_TYPE).starts_with("application/x-www-form-urlencoded")
}

fn is_led_back(request: &Request) -> bool {
    request.method() == Method::GET && request.uri().query().is_some_and(|q| q.split('&').any(|pair| pair == MARK))
}

/// Lets the server function work; if it refuses, keeps why and what was typed, and leads back.
async fn lead_back(session: Session, request: Request, next: Next) -> Response {
    let is_stranger = request.extensions().get::<Caller>().is_none();
    let posted_to = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let from = text(request.headers(), REFERER).to_owned();
    let (head, body) = request.into_parts();
    let limit = if is_stranger { STRANGER_FORM_LIMIT_BYTES } else { FORM_LIMIT_BYTES };
    let Ok(form) = to_bytes(body, limit).await else {
        // No form fills itself again with nothing.
        let refusal = Refusal { address: posted_to, error: AppError::TooLarge, typed: Vec::new() }.for_frame();
        return keep_and_lead(&session, is_stranger, &from, refusal).await;
    };
    let response = next.run(Request::from_parts(head, Body::from(form.clone()))).await;
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (head, body) = response.into_parts();
    let reason = to_bytes(body, LIMIT_BYTES).await.unwrap_or_default();
    let Ok(error) = serde_json::from_slice::<AppError>(&reason) else {
        return Response::from_parts(head, Body::from(reason));
    };
    let refusal = Refusal { address: posted_to, error, typed: typed(&form) };
    keep_and_lead(&session, is_stranger, &from, refusal).await
}

/// Keeps the refusal for the page that the form was on, and leads there; a stranger who must sign
/// in first is led to do so, and nothing is kept.
async fn keep_and_lead(session: &Session, is_stranger: bool, from: &str, mut refusal: Refusal) -> Response {
    let page = app::routes::safe_next(app::routes::path_of(from));
    if is_stranger && !may_stranger_post(&refusal.address) {
        return see_other(&app::routes::sign_in_then(page));
    }
    if from.is_empty() {
        refusal = refusal.for_frame();
    }
    if is_stranger {
        session.set_expiry(Some(Expiry::OnInactivity(STRANGER_LIFE)));
    }
    if let Err(error) = session.insert(KEY, refusal).await {
        tracing::error!(%error, "failed to keep why a form was refused");
    }
    see_other(&with_mark(page))
}

/// Whether this is the address of a form for people who are not signed in.
fn may_stranger_post(to: &str) -> bool {
    let path = to.split('?').next().unwrap_or_default();
    let forms = [address::<SignIn>(), address::<AcceptInvitation>()];
    to.len() < STRANGER_ADDRESS_BYTES && forms.iter().any(|form| form.split('?').next() == Some(path))
}

fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

/// Names and values of a form without its secrets.
fn typed(form: &Bytes) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().filter(|(name, _)| !is_secret(name)).collect()
}

/// A path of this site with the mark in its query.
fn with_mark(path: &str) -> String {
    let (path, query) = app::routes::safe_next(path).split_once('?').unwrap_or((app::routes::safe_next(path), ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && *pair != MARK).chain([MARK]);
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Tells the page of the refusal. It stays for the next page when this one only leads on: to the
/// sign-in page, and back from there.
async fn tell(session: Session, mut request: Request, next: Next) -> Response {
    if let Ok(Some(refusal)) = session.get::<Refusal>(KEY).await {
        request.extensions_mut().insert(refusal);
    }
    let response = next.run(request).await;
    if !response.status().is_redirection()
        && let Err(error) = session.remove_value(KEY).await
    {
        tracing::error!(%error, "failed to forget why a form was refused");
    }
    response
}

async fn fit_status(response: Response) -> Response {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_keeps_the_query_and_stays_here() {
        assert_eq!(with_mark("/p/1?x=2&refused&y"), "/p/1?x=2&y&refused");
        assert_eq!(with_mark("/p/1"), "/p/1?refused");
        assert_eq!(with_mark("//evil.example"), "/?refused");
    }

    #[test]
    fn secrets_are_not_kept() {
        let form = Bytes::from_static(b"email=a%40b&password=x&new_password=y&secret=z&edit%5Bnote%5D=1+2");
        let expected = [("email", "a@b"), ("edit[note]", "1 2")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(typed(&form), expected);
    }
}
