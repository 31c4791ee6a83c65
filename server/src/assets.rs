//! The built browser files: which names they have, and how they are served.
//!
//! The build gives every file in `pkg/` a name with its content's hash and writes the hashes to
//! `hash.txt` (`everyday: …`, `charts: …`, `css: …`), so such a file may be cached for ever.

use app::shell::BrowserFiles;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use leptos::config::LeptosOptions;
use std::{net::SocketAddr, path::Path, sync::Arc};
use tower_http::services::{ServeDir, ServeFile};

/// Name of the browser part, as it was compiled in.
pub const OUTPUT_NAME: &str = "lathe";

/// What the pages need to know of the browser files.
#[derive(Clone, Debug)]
pub struct Site {
    pub options: LeptosOptions,
    pub files: BrowserFiles,
}

impl Site {
    /// Looks at the built site. One without `hash.txt` has plain names.
    #[must_use]
    pub fn open(root: &Path, listen: SocketAddr) -> Self {
        let hashes = std::fs::read_to_string(root.join("hash.txt")).unwrap_or_default();
        let options = LeptosOptions::builder()
            .output_name(OUTPUT_NAME)
            .site_root(Arc::from(root.to_string_lossy()))
            .site_pkg_dir("pkg")
            .site_addr(listen)
            .build();
        let name = |kind: &str| match hash_of(&hashes, kind) {
            Some(hash) => format!("{kind}.{hash}"),
            None => kind.to_owned(),
        };
        let files = BrowserFiles {
            stylesheet: format!("/pkg/{}.css", name("css")),
            everyday: name("everyday"),
            charts: name("charts"),
        };
        Self { options, files }
    }
}

fn hash_of<'a>(hashes: &'a str, kind: &str) -> Option<&'a str> {
    hashes.lines().filter_map(|l| l.split_once(':')).find(|(k, _)| k.trim() == kind).map(|(_, hash)| hash.trim())
}

/// Serves `pkg/`, precompressed where the browser understands it.
pub fn package<S: Clone + Send + Sync + 'static>(root: &Path) -> Router<S> {
    let files = ServeDir::new(root.join("pkg")).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(files).layer(middleware::from_fn(cache))
}

/// Serves the files of `public/` from the root, precompressed where the browser understands it.
pub fn public<S: Clone + Send + Sync + 'static>(root: &Path) -> Router<S> {
    let icon = ServeFile::new(root.join("favicon.svg")).precompressed_br().precompressed_gzip();
    Router::new().route_service("/favicon.svg", icon)
}

async fn cache(request: Request, next: Next) -> Response {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    let lasting = if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = next.run(request).await;
    if matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(lasting));
    }
    response
}

/// `charts.HASH.js`, `charts.HASH.wasm`, `css.HASH.css`.
fn is_hashed(name: &str) -> bool {
    let mut parts = name.split('.');
    matches!((parts.next(), parts.next(), parts.next(), parts.next()), (Some(_), Some(hash), Some(_), None) if hash.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names() {
        assert!(is_hashed("charts.Ab3dEf9hIjKl.wasm"));
        assert!(!is_hashed("charts.js"));
        assert!(!is_hashed("inline0.js"));
    }

    #[test]
    fn hashes_are_found() {
        let text = "everyday: AAA\ncharts: BBB\ncss: CCC\n";
        assert_eq!(hash_of(text, "css"), Some("CCC"));
        assert_eq!(hash_of(text, "manifest"), None);
    }
}
