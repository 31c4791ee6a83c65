//! A labelled form field with help text. The help is always visible: no hover needed.

use leptos::prelude::*;

/// Label, control (the children) and help. `id` is the control's id; the help's is `{id}-help`
/// for `aria-describedby`.
#[component]
pub fn Field(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] help: String,
    children: Children,
) -> impl IntoView {
    let help = (!help.is_empty()).then(|| view! { <p class="help" id=format!("{id}-help")>{help}</p> });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {children()}
            {help}
        </div>
    }
}

/// A button that needs a second click: a fold with the question and the real button inside a
/// form. Works without JavaScript. `danger` marks what takes something away from everybody.
#[component]
pub fn Confirm(
    #[prop(into)] label: String,
    #[prop(into)] question: String,
    #[prop(optional)] danger: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <details class="confirm">
            <summary class="button" class:button-danger=danger>{label}</summary>
            <div class="confirm-box">
                <p>{question}</p>
                {children()}
            </div>
        </details>
    }
}
