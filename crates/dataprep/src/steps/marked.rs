//! Spans of a text that is rewritten in places: they move along with what they mark.

use crate::mapping::answer_of_spans;
use domain::sample::{Sample, Span, Speaker};
use std::ops::Range;

/// A stretch of the old text that was replaced: its characters, and how many stand there now.
pub(super) struct Replaced {
    pub(super) old: Range<u32>,
    pub(super) length: u32,
}

/// Puts the spans of `old` into `new`, the same sample with the last user turn rewritten in these places (lowest first, none
/// within another). An answer that says the spans in words says the new ones. A span goes whose text was but a part of what
/// was replaced; all go where nobody can tell which part of the turn they are about.
pub(super) fn follow(old: &Sample, new: &mut Sample, replaced: &[Replaced]) {
    new.spans.clear();
    let Some(turn) = turn(old) else { return };
    let Some((start, is_said)) = start(old, &old.messages[turn].content) else { return };
    let from = characters(&old.messages[turn].content[..start]);
    let begins = place(from, replaced);
    if begins.start != begins.end {
        return;
    }
    new.spans = old.spans.iter().filter_map(|span| moved(span, from, begins.start, replaced)).collect();
    if is_said {
        let text: String = new.messages[turn].content.chars().skip(begins.start as usize).collect();
        let answer = answer_of_spans(&text, &new.spans);
        if let Some(last) = new.messages.last_mut() {
            last.content = answer;
        }
    }
}

/// The turn that spans are about: the user's last.
pub(super) fn turn(sample: &Sample) -> Option<usize> {
    sample.messages.iter().rposition(|message| message.role == Speaker::User)
}

/// The byte at which the text begins that the spans are about, behind an instruction if there is one, and whether the answer
/// says the spans in words; `None` where that cannot be told.
fn start(sample: &Sample, turn: &str) -> Option<(usize, bool)> {
    let mut starts = std::iter::once(0).chain(turn.match_indices("\n\n").map(|(at, gap)| at + gap.len()));
    let says = |at: &usize| {
        sample.answer().is_some_and(|answer| answer == answer_of_spans(&turn[*at..], &sample.spans).as_str())
    };
    match starts.find(says) {
        Some(at) => Some((at, true)),
        None => (!turn.contains("\n\n")).then_some((0, false)),
    }
}

/// The span in the new text, whose part that is marked begins at `begins` instead of `from`.
fn moved(span: &Span, from: u32, begins: u32, replaced: &[Replaced]) -> Option<Span> {
    let (start, end) = (from.saturating_add(span.start), from.saturating_add(span.end));
    let is_within = |r: &Replaced| r.old.start <= start && end <= r.old.end && r.old != (start..end);
    if replaced.iter().any(is_within) {
        return None;
    }
    let (start, end) = (place(start, replaced).start, place(end, replaced).end);
    Some(Span { start: start.checked_sub(begins)?, end: end.checked_sub(begins)?, label: span.label.clone() })
}

/// Where a place of the old text is in the new one: exactly there, or within what stands for the stretch that it was in.
fn place(at: u32, replaced: &[Replaced]) -> Range<u32> {
    // Both texts are the same from these places to the next stretch.
    let (mut old, mut new) = (0, 0);
    for r in replaced {
        if at <= r.old.start {
            break;
        }
        let begin = new + (r.old.start - old);
        if at < r.old.end {
            return begin..begin + r.length;
        }
        (old, new) = (r.old.end, begin + r.length);
    }
    let place = new + (at - old);
    place..place
}

/// Characters (Unicode scalar values) of a text.
pub(super) fn characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sample::Message;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end, label: "X".to_owned() }
    }

    #[test]
    fn spans_move_grow_and_go_with_what_they_mark() {
        // "abcdefghij", in which "cde" became seven characters and "h" another one.
        let replaced = [Replaced { old: 2..5, length: 7 }, Replaced { old: 7..8, length: 1 }];
        let new = |start, end| moved(&span(start, end), 0, 0, &replaced).map(|s| (s.start, s.end));
        assert_eq!(new(0, 2), Some((0, 2)), "before");
        assert_eq!(new(5, 7), Some((9, 11)), "between");
        assert_eq!(new(8, 10), Some((12, 14)), "behind");
        assert_eq!(new(2, 5), Some((2, 9)), "what was replaced itself");
        assert_eq!(new(1, 6), Some((1, 10)), "around");
        assert_eq!(new(4, 7), Some((2, 11)), "a part of it and more");
        assert_eq!(new(2, 4), None, "a part of it alone");
    }

    #[test]
    fn an_answer_that_says_the_spans_tells_where_their_text_begins() {
        let sample = |turn: &str, answer: &str| {
            let messages = vec![Message::new(Speaker::User, turn), Message::new(Speaker::Assistant, answer)];
            Sample { messages, spans: vec![span(0, 2)], ..Sample::default() }
        };
        let found = |turn: &str, answer: &str| start(&sample(turn, answer), turn);
        let said = r#"[{"label":"X","text":"李雷"}]"#;
        assert_eq!(found("Find names.\n\n李雷 runs", said), Some((13, true)));
        assert_eq!(found("李雷\n\nruns", said), Some((0, true)));
        assert_eq!(found("李雷 runs", "yes"), Some((0, false)));
        assert_eq!(found("Find names.\n\n李雷 runs", "yes"), None);
    }
}
