//! Comparing runs.

use leptos::prelude::*;

/// Page.
#[component]
pub fn ComparePage() -> impl IntoView {
    view! { <p></p> }
}
