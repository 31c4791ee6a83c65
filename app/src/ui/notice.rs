//! Messages: a problem, an empty list, a success.

use crate::{error::AppError, text::lang};
use leptos::prelude::*;

crate::texts! {
    problem_title = "This did not work", "操作未成功";
    not_understood(what) = "The address asks for {what}, which does not exist. It was left out.", "地址中的 {what} 不存在，已忽略。";
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

/// Says which filters of the address could not be understood, so that nobody takes the list for a
/// filtered one. Each is `name=value`.
pub fn not_applied<const N: usize>(filters: [Option<String>; N]) -> impl IntoView {
    let filters: Vec<_> = filters.into_iter().flatten().collect();
    (!filters.is_empty())
        .then(|| view! { <p class="notice notice-warn" role="status" dir="auto">{not_understood(lang(), filters.join(", "))}</p> })
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
