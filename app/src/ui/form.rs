//! What a form says when its server function refuses.
//!
//! A plain page learns of a failed post by its address ([`posted`]). An island's form is answered
//! in place and keeps what was typed ([`failure`]); it must look the same on the server and at
//! first in the browser, so it never shows the failure of an earlier page itself.

use crate::{error::AppError, text::lang};
use leptos::{prelude::*, server_fn::ServerFn};

/// The failure of a post that led to this page.
pub fn posted<S>(action: ServerAction<S>) -> Option<AppError>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    action.value().with_untracked(|value| value.as_ref()?.as_ref().err().cloned())
}

/// The failure of the last submission of an island's form.
pub fn failure<S>(action: ServerAction<S>) -> Signal<Option<AppError>>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    let (version, value) = (action.version(), action.value());
    Signal::derive(move || {
        let answered = version.get() > 0;
        value.with(|value| value.as_ref()?.as_ref().err().filter(|_| answered).cloned())
    })
}

/// What is wrong with one field, below it. The control names `{field}-error` in
/// `aria-describedby`.
#[component]
pub fn FieldProblem(field: &'static str, #[prop(into)] error: Signal<Option<AppError>>) -> impl IntoView {
    move || {
        let error = error.get().filter(|e| concerns(e, field))?;
        Some(view! { <p class="error" id=format!("{field}-error")>{error.text(lang())}</p> })
    }
}

/// Whether an error is about this field.
#[must_use]
pub fn concerns(error: &AppError, wanted: &str) -> bool {
    matches!(error, AppError::Invalid { field, .. } if field == wanted)
}

/// A failure that is about none of the fields that show their own.
#[must_use]
pub fn general(error: Signal<Option<AppError>>) -> Signal<Option<AppError>> {
    Signal::derive(move || error.get().filter(|e| !matches!(e, AppError::Invalid { .. })))
}
