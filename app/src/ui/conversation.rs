//! A sample shown as a conversation.

use crate::text::lang;
use domain::sample::{Message, Speaker};
use leptos::prelude::*;

crate::texts! {
    system = "System", "系统";
    user = "User", "用户";
    assistant = "Assistant", "助手";
}

/// The turns of a conversation, one below the other.
#[component]
pub fn Conversation(messages: Vec<Message>) -> impl IntoView {
    let turns = messages.into_iter().map(|m| {
        let (class, who) = match m.role {
            Speaker::System => ("turn turn-system", system(lang())),
            Speaker::User => ("turn turn-user", user(lang())),
            Speaker::Assistant => ("turn turn-assistant", assistant(lang())),
        };
        view! { <div class=class><span class="turn-who">{who}</span><div class="turn-text" dir="auto">{m.content}</div></div> }
    });
    view! { <div class="sample">{turns.collect_view()}</div> }
}

/// One more turn with a name of its own, such as what a model answered.
#[component]
pub fn Turn(#[prop(into)] who: String, #[prop(into)] text: String, #[prop(optional)] bad: bool) -> impl IntoView {
    let class = if bad { "turn turn-bad" } else { "turn" };
    view! { <div class=class><span class="turn-who">{who}</span><div class="turn-text" dir="auto">{text}</div></div> }
}
