//! Datasets: list, upload and import, versions and their samples.

use leptos::prelude::*;

/// Page.
#[component]
pub fn DatasetListPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn NewDatasetPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn DatasetPage() -> impl IntoView {
    view! { <p></p> }
}
