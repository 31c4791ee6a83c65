//! Cross-site request forgery: a request that changes something must come from our own pages.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, or `Origin` in older ones), and a
//! page cannot forge either. A request with a bearer token needs no check: browsers attach
//! cookies by themselves, and what is behind `Basic`, but never such a token. <https://web.dev/articles/fetch-metadata>

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Host and port under which users reach us, for proxies that rewrite `Host`.
#[derive(Clone, Debug)]
pub struct OwnHost(pub String);

/// The middleware.
pub async fn check(State(own): State<OwnHost>, request: Request, next: Next) -> Response {
    if is_ours(request.method(), request.headers(), &own.0) {
        next.run(request).await
    } else {
        tracing::warn!(path = request.uri().path(), "refused a request from another site");
        (StatusCode::FORBIDDEN, "this request came from another site").into_response()
    }
}

fn is_ours(method: &Method, headers: &HeaderMap, own_host: &str) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let has_bearer = text(header::AUTHORIZATION).is_some_and(|value| value.starts_with("Bearer "));
    if method.is_safe() || has_bearer {
        return true;
    }
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match text(header::ORIGIN) {
        Some(origin) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some_and(|h| h == own_host || text(header::HOST) == Some(h))
        }
        // Neither header: not a browser. Without a cookie there is nothing to forge.
        None => !headers.contains_key(header::COOKIE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ours(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let headers =
            pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), HeaderValue::from_static(v))).collect();
        is_ours(method, &headers, "lathe.example")
    }

    #[test]
    fn reading_is_always_allowed() {
        assert!(ours(&Method::GET, &[("sec-fetch-site", "cross-site"), ("cookie", "lathe=1")]));
    }

    #[test]
    fn writing_needs_our_own_page() {
        let post = Method::POST;
        assert!(ours(&post, &[("sec-fetch-site", "same-origin"), ("cookie", "lathe=1")]));
        assert!(ours(&post, &[("origin", "https://lathe.example"), ("cookie", "lathe=1")]));
        assert!(ours(&post, &[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(ours(&post, &[("authorization", "Bearer x"), ("origin", "https://evil.example")]));
        assert!(ours(&post, &[("authorization", "Basic eDp5")]), "a script");
        assert!(!ours(&post, &[("authorization", "Basic eDp5"), ("origin", "https://evil.example")]));
        assert!(!ours(&post, &[("sec-fetch-site", "same-site"), ("cookie", "lathe=1")]));
        assert!(!ours(&post, &[("sec-fetch-site", "cross-site")]));
        assert!(!ours(&post, &[("origin", "https://evil.example"), ("cookie", "lathe=1")]));
        assert!(!ours(&post, &[("origin", "null"), ("cookie", "lathe=1")]));
        assert!(!ours(&post, &[("cookie", "lathe=1")]));
    }
}
