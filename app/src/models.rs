//! Base models: list, register, card.

use leptos::prelude::*;

/// Page.
#[component]
pub fn ModelListPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn NewModelPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn ModelPage() -> impl IntoView {
    view! { <p></p> }
}
