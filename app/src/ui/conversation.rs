//! A sample shown as a conversation.

use crate::{text::lang, ui::format::gist};
use domain::{
    diff::{Piece, PieceKind, TextDiff},
    sample::{Message, Sample, Speaker, choice_letter},
};
use leptos::prelude::*;

crate::texts! {
    system = "System", "系统";
    user = "User", "用户";
    assistant = "Assistant", "助手";
    rejected = "Rejected answer", "被拒绝的回答";
    rejected_or_choice = "Rejected answer or choice", "被拒绝的回答或选项";
    choices = "Choices", "选项";
    right_choice = "right", "正确";
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

/// The answer that was not preferred, where a sample is a preference pair.
#[component]
pub fn Rejected(text: Option<String>) -> impl IntoView {
    text.map(|text| view! { <div class="sample"><Turn who=rejected(lang()) text bad=true/></div> })
}

/// What a multiple-choice question lets choose from, the right one marked; nothing for other samples.
#[component]
pub fn ChoiceList(sample: Sample) -> impl IntoView {
    choice_list(&sample)
}

fn choice_list(sample: &Sample) -> Option<AnyView> {
    let l = lang();
    let right = sample.right_choice();
    let items = sample.choices.iter().enumerate().map(|(place, text)| {
        let is_right = right == Some(place);
        let badge = is_right.then(|| view! { " " <span class="badge badge-good">{right_choice(l)}</span> });
        let letter = choice_letter(place).map_or_else(|| (place + 1).to_string(), String::from);
        view! { <li><span class="muted">{letter}". "</span><span dir="auto">{text.clone()}</span>{badge}</li> }
    });
    let items = items.collect_view();
    let list = view! {
        <div class="sample">
            <div class="turn"><span class="turn-who">{choices(l)}</span><ul class="turn-text choice-list">{items}</ul></div>
        </div>
    };
    (!sample.choices.is_empty()).then(|| list.into_any())
}

/// A sample as one line that tells it from others, which opens to the whole conversation and what belongs to it.
#[component]
pub fn Folded(sample: Sample, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let summary = sample.prompt().last().map(|m| gist(&m.content));
    let choices = choice_list(&sample);
    view! {
        <details class="fold">
            <summary><span class="clip" dir="auto">{summary}</span></summary>
            <Conversation messages=sample.messages/>
            {choices}
            <Rejected text=sample.rejected/>
            {children.map(|children| children())}
        </details>
    }
}

/// The texts of a sample before and after, word by word.
#[component]
pub fn Compared(texts: Vec<TextDiff>) -> impl IntoView {
    let l = lang();
    let turns = texts.into_iter().map(|text| {
        let (class, who) = match text.role {
            Some(Speaker::System) => ("turn turn-system", system(l)),
            Some(Speaker::User) => ("turn turn-user", user(l)),
            Some(Speaker::Assistant) => ("turn turn-assistant", assistant(l)),
            None => ("turn turn-bad", rejected_or_choice(l)),
        };
        view! { <div class=class><span class="turn-who">{who}</span><div class="turn-text" dir="auto">{pieces(text.pieces)}</div></div> }
    });
    view! { <div class="sample">{turns.collect_view()}</div> }
}

/// A text with what was added and removed marked.
pub fn pieces(pieces: Vec<Piece>) -> impl IntoView {
    let pieces = pieces.into_iter().map(|piece| match piece.kind {
        PieceKind::Same => piece.text.into_any(),
        PieceKind::Added => view! { <ins>{piece.text}</ins> }.into_any(),
        PieceKind::Removed => view! { <del>{piece.text}</del> }.into_any(),
    });
    pieces.collect_view()
}

/// One more turn with a name of its own, such as what a model answered.
#[component]
pub fn Turn(#[prop(into)] who: String, #[prop(into)] text: String, #[prop(optional)] bad: bool) -> impl IntoView {
    let class = if bad { "turn turn-bad" } else { "turn" };
    view! { <div class=class><span class="turn-who">{who}</span><div class="turn-text" dir="auto">{text}</div></div> }
}
