//! Conversations that no model can learn from: empty turns, an order that no chat has, no answer, an answer cut off.

use super::{Item, RowStep, Verdict};
use domain::{
    sample::{Message, Sample, Speaker},
    steps::{self, Mode, Reason},
};

pub(super) struct Turns(pub(super) steps::Turns);

impl RowStep for Turns {
    fn judge(&self, item: &Item) -> Verdict {
        let sample = &item.sample;
        let Some(problem) = problem(sample) else {
            let truncated = self.0.truncated && sample.label.is_none();
            let is_cut = truncated && sample.answer().is_some_and(is_cut_off);
            return if is_cut { Verdict::Remove(Reason::Truncated) } else { Verdict::Keep };
        };
        if self.0.mode == Mode::Repair
            && let Some(repaired) = repaired(sample)
        {
            return Verdict::Rewrite(repaired, problem);
        }
        Verdict::Remove(problem)
    }
}

/// The first thing wrong with a conversation.
fn problem(sample: &Sample) -> Option<Reason> {
    if sample.answer().is_none_or(|answer| answer.trim().is_empty()) {
        return Some(Reason::NoAnswer);
    }
    if sample.messages.iter().any(|m| m.content.trim().is_empty()) {
        return Some(Reason::EmptyTurn);
    }
    let mut before: Option<Speaker> = None;
    for (i, message) in sample.messages.iter().enumerate() {
        let fits = match message.role {
            Speaker::System => i == 0,
            Speaker::User => before != Some(Speaker::User),
            Speaker::Assistant => before == Some(Speaker::User) || (i == 0 && sample.messages.len() == 1),
            #[allow(unreachable_patterns, reason = "other speakers may follow anybody")]
            _ => true,
        };
        if !fits {
            return Some(Reason::WrongOrder);
        }
        before = Some(message.role);
    }
    None
}

/// The conversation without empty turns, turns of one speaker in a row put together, ending with an answer; `None` where
/// that does not make it right.
fn repaired(sample: &Sample) -> Option<Sample> {
    let mut messages: Vec<Message> = Vec::new();
    for message in sample.messages.iter().filter(|m| !m.content.trim().is_empty()) {
        match messages.last_mut() {
            Some(last) if last.role == message.role && message.role != Speaker::System => {
                last.content.push('\n');
                last.content.push_str(&message.content);
            }
            _ => messages.push(message.clone()),
        }
    }
    while messages.last().is_some_and(|m| m.role != Speaker::Assistant) {
        messages.pop();
    }
    let whole = Sample { messages, ..sample.clone() };
    // What a label or a rejected answer belongs to must still be there.
    let keeps_answer = (sample.label.is_none() && sample.rejected.is_none()) || whole.answer() == sample.answer();
    (keeps_answer && problem(&whole).is_none()).then_some(whole)
}

/// Whether a long answer stops where no sentence, list, code or formula ends.
fn is_cut_off(answer: &str) -> bool {
    let text = answer.trim_end();
    let last_line = text.lines().last().unwrap_or_default().trim();
    let fences = text.matches("```").count();
    if fences % 2 == 1 {
        return true;
    }
    let ends = text.ends_with(|c: char| {
        !c.is_alphanumeric() && !matches!(c, ',' | '，' | '、' | '-' | '–' | '(' | '（' | ':' | '：' | ';' | '；')
    });
    // Headings, list items and single lines often have no full stop.
    let is_prose = last_line.chars().count() > 60 && text.chars().count() > 200;
    is_prose && !ends
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use Speaker::{Assistant, System, User};

    fn sample(turns: &[(Speaker, &str)]) -> Sample {
        let messages = turns.iter().map(|(role, text)| Message::new(*role, *text)).collect();
        Sample { messages, ..Sample::default() }
    }

    #[test]
    fn each_problem_has_its_name() {
        for (turns, expected) in [
            (&[(User, "q"), (Assistant, "a")][..], None),
            (&[(System, "s"), (User, "q"), (Assistant, "a"), (User, "r"), (Assistant, "b")], None),
            (&[(Assistant, "text to go on")], None),
            (&[(User, "q")], Some(Reason::NoAnswer)),
            (&[(User, "q"), (Assistant, " ")], Some(Reason::NoAnswer)),
            (&[(User, " "), (Assistant, "a")], Some(Reason::EmptyTurn)),
            (&[(User, "q"), (User, "r"), (Assistant, "a")], Some(Reason::WrongOrder)),
            (&[(User, "q"), (System, "s"), (Assistant, "a")], Some(Reason::WrongOrder)),
        ] {
            assert_eq!(problem(&sample(turns)), expected, "{turns:?}");
        }
    }

    #[test]
    fn what_can_be_made_right_is() {
        let broken = sample(&[(User, "q"), (User, "more"), (Assistant, "a"), (User, "thanks"), (Assistant, "  ")]);
        assert_eq!(repaired(&broken).unwrap(), sample(&[(User, "q\nmore"), (Assistant, "a")]));
        assert_eq!(repaired(&sample(&[(User, "q")])), None);
    }

    #[test]
    fn an_answer_that_stops_in_the_middle_is_told_from_a_short_one() {
        let long = "word ".repeat(60);
        assert!(is_cut_off(&format!("{long}and then the")));
        assert!(!is_cut_off(&format!("{long}and then the end.")));
        assert!(!is_cut_off("Paris"));
        assert!(is_cut_off("```rust\nfn main() {"));
    }
}
