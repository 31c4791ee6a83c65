//! An item as it is judged: its conversation, and the answers to compare in the order in which this person sees them.

use crate::{
    text::lang,
    ui::conversation::{Conversation, Turn},
};
use domain::{
    annotation::{
        answer::ItemContent,
        design::{Design, QuestionKind, Show},
    },
    sample::{Message, Speaker},
};
use leptos::prelude::*;

crate::texts! {
    answer_of(letter) = "Answer {letter}", "回答 {letter}";
}

/// The letter of an answer by its place: A, B, … AA after Z is never reached in practice and reads as Z.
pub(super) fn letter(at: usize) -> char {
    char::from(b'A' + at.min(25) as u8)
}

/// The places of the answers in the order in which they are shown. An order that is not one of all answers is left aside.
pub(super) fn shown_order(item: &ItemContent, order: &[u32]) -> Vec<u32> {
    let natural = 0..item.answers.len() as u32;
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted.iter().copied().eq(natural.clone()) { order.to_vec() } else { natural.collect() }
}

/// What is shown above the questions.
pub(super) fn content(design: &Design, item: &ItemContent, order: &[u32]) -> impl IntoView + use<> {
    let messages = shown_messages(design, item).to_vec();
    let conversation = (!is_marked_alone(design, item, &messages)).then(|| view! { <Conversation messages/> });
    let answers = (design.show == Show::Answers && !item.answers.is_empty()).then(|| {
        let turns = shown_order(item, order).into_iter().enumerate().map(|(at, place)| {
            let text = item.answers.get(place as usize).cloned().unwrap_or_default();
            view! { <Turn who=answer_of(lang(), letter(at)) text/> }
        });
        view! { <div class="answers">{turns.collect_view()}</div> }
    });
    view! { {conversation}{answers} }
}

/// The turns that are shown: the last answer only where it is judged.
fn shown_messages<'a>(design: &Design, item: &'a ItemContent) -> &'a [Message] {
    let judges_turns = design.questions.iter().any(|q| matches!(q.kind, QuestionKind::Turns { .. }));
    match item.messages.split_last() {
        Some((last, rest)) if last.role == Speaker::Assistant && design.show != Show::Conversation && !judges_turns => {
            rest
        }
        _ => &item.messages,
    }
}

/// Whether all that would be shown is the text in which spans are marked: it stands with its question then.
fn is_marked_alone(design: &Design, item: &ItemContent, messages: &[Message]) -> bool {
    let marks = design.questions.first().is_some_and(|q| matches!(q.kind, QuestionKind::Spans { .. }));
    marks && !item.span_text.is_empty() && matches!(messages, [one] if one.content == item.span_text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_answer_is_hidden_where_only_the_prompt_is_judged() {
        let message = |role, text: &str| Message::new(role, text);
        let item = ItemContent {
            messages: vec![message(Speaker::User, "Why?"), message(Speaker::Assistant, "So.")],
            ..ItemContent::default()
        };
        let design = |show: &str, kind: &str| -> Design {
            let text = format!(
                r#"{{"show": "{show}", "questions": [{{"name": "q", "title": "Q", "kind": "{kind}", "options": []}}]}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(shown_messages(&design("prompt", "choice"), &item).len(), 1);
        assert_eq!(shown_messages(&design("answers", "choice"), &item).len(), 1);
        assert_eq!(shown_messages(&design("conversation", "choice"), &item).len(), 2);
        assert_eq!(shown_messages(&design("prompt", "turns"), &item).len(), 2);
    }

    #[test]
    fn an_order_that_fits_no_longer_is_left_aside() {
        let item = ItemContent { answers: vec![String::new(), String::new()], ..ItemContent::default() };
        assert_eq!(shown_order(&item, &[1, 0]), [1, 0]);
        assert_eq!(shown_order(&item, &[1]), [0, 1]);
        assert_eq!(shown_order(&item, &[1, 2]), [0, 1]);
    }
}
