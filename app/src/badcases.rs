//! Bad cases: filter, judge, correct, make the next dataset version.

use leptos::prelude::*;

/// Page.
#[component]
pub fn BadCaseListPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn BadCasePage() -> impl IntoView {
    view! { <p></p> }
}
