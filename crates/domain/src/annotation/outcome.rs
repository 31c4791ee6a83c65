//! What becomes of an item once its judgements are there, and whether two answers say the same.
//!
//! | all that are wanted | nobody could judge | differing | the same |
//! |---|---|---|---|
//! | not yet there: open | excluded | adjudication; where nothing is reviewed, judged | review, if all or this one is drawn, else judged |
//!
//! Written texts are left out of the comparison unless nothing else is asked: two people never write the same.

use super::{
    ItemStatus,
    answer::{Answer, Judgement},
    design::{Design, QuestionKind},
    distribution::Review,
};
use crate::sample::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of an item when its judgements are counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Judgements that it wants.
    pub wanted: u32,
    pub review: Review,
    /// Whether it is in the drawn share.
    pub drawn: bool,
}

/// How far an item is with these judgements of its annotators.
#[must_use]
pub fn outcome(design: &Design, item: Counted, judgements: &[&Judgement]) -> ItemStatus {
    if judgements.len() < item.wanted as usize {
        return ItemStatus::Open;
    }
    if judgements.iter().all(|j| j.cannot_judge) {
        return ItemStatus::Excluded;
    }
    let differ = judgements.windows(2).any(|pair| !is_agreed(design, pair[0], pair[1]));
    match (differ, item.review) {
        (true, Review::Nothing) => ItemStatus::Judged,
        (true, _) => ItemStatus::Adjudication,
        (false, Review::All) => ItemStatus::Review,
        (false, Review::Share) if item.drawn => ItemStatus::Review,
        (false, _) => ItemStatus::Judged,
    }
}

/// Whether two judgements say the same, written texts aside where anything else is asked.
#[must_use]
pub fn is_agreed(design: &Design, one: &Judgement, other: &Judgement) -> bool {
    if one.cannot_judge || other.cannot_judge {
        return one.cannot_judge == other.cannot_judge;
    }
    let is_text = |kind: &QuestionKind| matches!(kind, QuestionKind::Text { .. });
    let only_texts = design.questions.iter().all(|q| is_text(&q.kind));
    let mut compared = design.questions.iter().filter(|q| only_texts || !is_text(&q.kind));
    compared.all(|q| match (one.answers.get(&q.name), other.answers.get(&q.name)) {
        (Some(a), Some(b)) => is_same(a, b),
        (None, None) => true,
        _ => false,
    })
}

/// Whether a judgement gives the right answer to every question whose answer is known.
#[must_use]
pub fn is_right(right: &BTreeMap<String, Answer>, judgement: &Judgement) -> bool {
    let gives = |(name, answer): (&String, &Answer)| judgement.answers.get(name).is_some_and(|a| is_same(a, answer));
    !judgement.cannot_judge && right.iter().all(gives)
}

/// Whether two answers say the same: spans in whatever order, texts without blank ends.
#[must_use]
pub fn is_same(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Answer::Spans { .. }, Answer::Spans { .. }) => marked(one) == marked(other),
        (Answer::Text { text: a }, Answer::Text { text: b }) => a.trim() == b.trim(),
        _ => one == other,
    }
}

/// A span as it is compared.
type Place<'a> = (u32, u32, &'a str);

/// Spans and relations without their order.
fn marked(answer: &Answer) -> (BTreeSet<Place<'_>>, BTreeSet<(Place<'_>, Place<'_>, &str)>) {
    fn place(span: &Span) -> Place<'_> {
        (span.start, span.end, span.label.as_str())
    }
    let Answer::Spans { spans, relations } = answer else { return <_>::default() };
    let at = |i: u32| spans.get(i as usize).map_or((0, 0, ""), place);
    let links = relations.iter().map(|r| (at(r.from), at(r.to), r.label.as_str()));
    (spans.iter().map(place).collect(), links.collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::annotation::answer::Relation;

    fn design() -> Design {
        serde_json::from_str(
            r#"{"questions": [
                {"name": "tone", "title": "T", "kind": "choice", "options": [{"value": "good"}, {"value": "bad"}]},
                {"name": "why", "title": "W", "kind": "text", "required": false}]}"#,
        )
        .unwrap()
    }

    fn said(tone: &str, why: &str) -> Judgement {
        let answers = [
            ("tone".to_owned(), Answer::Choice { value: tone.to_owned() }),
            ("why".to_owned(), Answer::Text { text: why.to_owned() }),
        ];
        Judgement { answers: answers.into(), ..Judgement::default() }
    }

    fn status(wanted: u32, review: Review, drawn: bool, judgements: &[&Judgement]) -> ItemStatus {
        outcome(&design(), Counted { wanted, review, drawn }, judgements)
    }

    #[test]
    fn an_item_goes_where_its_judgements_send_it() {
        let (good, too, bad) = (said("good", "a"), said("good", "b"), said("bad", "a"));
        let nothing = Judgement { cannot_judge: true, ..Judgement::default() };
        let all = Review::All;
        assert_eq!(status(2, all, false, &[&good]), ItemStatus::Open);
        assert_eq!(status(2, all, false, &[&good, &too]), ItemStatus::Review);
        assert_eq!(status(2, Review::Disagreement, false, &[&good, &too]), ItemStatus::Judged);
        assert_eq!(status(2, Review::Disagreement, false, &[&good, &bad]), ItemStatus::Adjudication);
        assert_eq!(status(2, Review::Nothing, false, &[&good, &bad]), ItemStatus::Judged);
        assert_eq!(status(1, Review::Share, true, &[&good]), ItemStatus::Review);
        assert_eq!(status(1, Review::Share, false, &[&good]), ItemStatus::Judged);
        assert_eq!(status(2, all, false, &[&nothing, &nothing]), ItemStatus::Excluded);
        assert_eq!(status(2, all, false, &[&good, &nothing]), ItemStatus::Adjudication);
    }

    #[test]
    fn texts_alone_are_compared() {
        let design: Design =
            serde_json::from_str(r#"{"questions": [{"name": "why", "title": "W", "kind": "text"}]}"#).unwrap();
        assert!(is_agreed(&design, &said("good", "a "), &said("bad", "a")));
        assert!(!is_agreed(&design, &said("good", "a"), &said("good", "b")));
    }

    #[test]
    fn the_order_of_spans_means_nothing() {
        let span = |start, label: &str| Span { start, end: start + 2, label: label.to_owned() };
        let link = |from, to| vec![Relation { from, to, label: "of".to_owned() }];
        let one = Answer::Spans { spans: vec![span(0, "a"), span(5, "b")], relations: link(0, 1) };
        let same = Answer::Spans { spans: vec![span(5, "b"), span(0, "a")], relations: link(1, 0) };
        let other = Answer::Spans { spans: vec![span(5, "b"), span(0, "a")], relations: link(0, 1) };
        assert!(is_same(&one, &same) && !is_same(&one, &other));
        let right = [("s".to_owned(), one.clone())].into();
        let judgement = |answer| Judgement { answers: [("s".to_owned(), answer)].into(), ..Judgement::default() };
        assert!(is_right(&right, &judgement(same)) && !is_right(&right, &judgement(other)));
        assert!(!is_right(&right, &Judgement::default()));
    }
}
