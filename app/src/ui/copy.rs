//! A secret or command to copy, with a button that does it.

use crate::text::lang;
use leptos::prelude::*;

crate::texts! {
    copy = "Copy", "复制";
    copied = "Copied", "已复制";
}

/// Text to select, and a button that copies it. Without JavaScript the text selects itself as one.
#[component]
pub fn CopyText(#[prop(into)] id: String, #[prop(into)] text: String) -> impl IntoView {
    view! {
        <div class="copy">
            <code class="copy-text" id=id.clone()>{text}</code>
            <CopyButton id/>
        </div>
    }
}

#[island]
fn CopyButton(id: String) -> impl IntoView {
    view! { <CopyOf id/> }
}

/// Copies the text of the element with this id. For use inside an island.
#[component]
pub fn CopyOf(#[prop(into)] id: String) -> impl IntoView {
    let done = RwSignal::new(false);
    let click = move |_| {
        #[cfg(feature = "hydrate")]
        if let Some(text) = document().get_element_by_id(&id).and_then(|e| e.text_content()) {
            // The promise fails where the page may not use the clipboard; the text can be selected then.
            let _ = window().navigator().clipboard().write_text(&text);
            done.set(true);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = &id;
    };
    let label = move || if done.get() { copied(lang()) } else { copy(lang()) };
    view! { <button type="button" class="button button-small" on:click=click>{label}</button> }
}
