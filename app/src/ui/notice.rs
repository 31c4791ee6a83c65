//! Messages: a problem, an empty list, a success.

use crate::{error::AppError, text::lang};
use leptos::prelude::*;

crate::texts! {
    problem_title = "This did not work", "操作未成功";
}

/// Why something did not work, in a box.
#[component]
pub fn Problem(error: AppError) -> impl IntoView {
    let text = error.text(lang());
    view! {
        <div class="notice notice-bad" role="alert">
            <strong>{problem_title(lang())}</strong>
            <p>{text}</p>
        </div>
    }
}

/// What to say where there is nothing yet, and what to do about it.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] hint: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{hint}</p>
            {children.map(|c| view! { <div class="actions">{c()}</div> })}
        </div>
    }
}
