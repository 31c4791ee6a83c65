//! The evaluation of a run: base against tuned.

use leptos::prelude::*;

/// Page.
#[component]
pub fn EvaluationPage() -> impl IntoView {
    view! { <p></p> }
}
