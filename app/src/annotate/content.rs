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
    sample::Message,
};
use leptos::prelude::*;

crate::texts! {
    answer_of(letter) = "Answer {letter}", "回答 {letter}";
}

/// The letter of an answer by its place: A, B and so on; whatever is behind Z reads as Z.
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
    let messages = item.messages.clone();
    let conversation = (!is_marked_alone(design, item)).then(|| view! { <Conversation messages/> });
    let answers = (design.show == Show::Answers && !item.answers.is_empty()).then(|| {
        let turns = shown_order(item, order).into_iter().enumerate().map(|(at, place)| {
            let text = item.answers.get(place as usize).cloned().unwrap_or_default();
            view! { <Turn who=answer_of(lang(), letter(at)) text/> }
        });
        view! { <div class="answers">{turns.collect_view()}</div> }
    });
    view! { {conversation}{answers} }
}

/// Whether all that would be shown is the text in which spans are marked: it stands with its question then.
fn is_marked_alone(design: &Design, item: &ItemContent) -> bool {
    let marks = design.questions.first().is_some_and(|q| matches!(q.kind, QuestionKind::Spans { .. }));
    marks
        && !item.span_text.is_empty()
        && matches!(item.messages.as_slice(), [Message { content, .. }] if *content == item.span_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_fits_no_longer_is_left_aside() {
        let item = ItemContent { answers: vec![String::new(), String::new()], ..ItemContent::default() };
        assert_eq!(shown_order(&item, &[1, 0]), [1, 0]);
        assert_eq!(shown_order(&item, &[1]), [0, 1]);
        assert_eq!(shown_order(&item, &[1, 2]), [0, 1]);
    }
}
