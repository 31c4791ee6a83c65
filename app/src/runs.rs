//! Runs: list, launch form, live page.

use leptos::prelude::*;

/// Page.
#[component]
pub fn RunListPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn NewRunPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn RunPage() -> impl IntoView {
    view! { <p></p> }
}
