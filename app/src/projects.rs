//! Projects: list, frame with navigation, overview, settings.

use leptos::prelude::*;

/// Page.
#[component]
pub fn ProjectListPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn SettingsPage() -> impl IntoView {
    view! { <p></p> }
}

/// Frame.
#[component]
pub fn ProjectLayout() -> impl IntoView {
    view! { <leptos_router::components::Outlet/> }
}
