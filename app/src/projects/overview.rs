//! The overview of a project.

use crate::ui::frame::PageHeader;
use leptos::prelude::*;

/// The page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    view! { <PageHeader title=super::text::overview(crate::text::lang())/> }
}
