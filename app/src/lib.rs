//! What the user sees: pages (rendered on the server) and islands (the interactive parts, which
//! also run in the browser), with the server functions behind them.
//!
//! One folder per feature; features do not import each other. They share `ui` (which knows no
//! domain), `routes`, `text`, `error` and the `domain` crate. Only `api.rs` files name `store`.
//!
//! The browser gets one of two bundles: the everyday islands (feature `hydrate`), or those and the
//! ones with curves (feature `charts`), but for islands of features that have no page with curves. Pages themselves are
//! compiled for the server alone.
#![recursion_limit = "512"]
#![cfg_attr(
    not(feature = "ssr"),
    allow(dead_code, reason = "pages, server functions and their texts are for the server")
)]
#![allow(unreachable_pub, reason = "the macro of a component makes its props public, also in a private module")]

pub mod account;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod annotate;
pub mod api;
#[cfg(feature = "ssr")]
pub mod augment;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod badcases;
#[cfg(feature = "ssr")]
pub mod card;
#[cfg(feature = "ssr")]
pub mod cleaning;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod compare;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod datasets;
#[cfg(feature = "ssr")]
pub mod diff;
#[cfg(feature = "ssr")]
pub mod edit;
pub mod error;
pub mod evals;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod explore;
#[cfg(feature = "ssr")]
pub mod forget;
#[cfg(feature = "ssr")]
pub mod judges;
#[cfg(feature = "ssr")]
pub mod lineage;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod models;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod overlay;
pub mod password;
pub mod projects;
#[cfg(feature = "ssr")]
pub mod reports;
pub mod role;
pub mod routes;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod runs;
pub mod session;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod splits;
#[cfg(feature = "ssr")]
pub mod suites;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod table;
pub mod text;
#[cfg(feature = "ssr")]
pub mod tracking;
pub mod ui;
pub mod words;

#[cfg(feature = "ssr")]
pub use shell::App;

/// Tells whoever watches the document that its islands answer now.
#[cfg(feature = "hydrate")]
fn mark_ready() {
    if let Some(root) = leptos::prelude::document().document_element() {
        let _ = root.set_attribute("data-ready", "");
    }
}

/// Starts the islands of the page in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    // The islands themselves follow at once, before any timer: from then on the page answers.
    leptos::prelude::set_timeout(mark_ready, std::time::Duration::ZERO);
    ui::format::local::show();
}
