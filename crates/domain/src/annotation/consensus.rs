//! What several judgements of an item come to, by the kind of each question. Where people differ too much there is no
//! answer, and somebody must decide.

mod categories;

pub use categories::{answer_of, category, dawid_skene, has_categories};

use super::{
    answer::{Answer, Judgement, Relation},
    design::{Design, Question, QuestionKind},
};
use crate::metrics::text::edit_distance;
use crate::sample::Span;
use std::collections::{BTreeMap, BTreeSet};

/// How much of two long texts is compared, in characters: the time grows with its square.
const COMPARED_CHARS: usize = 1000;

/// An answer and how sure it is, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreed {
    pub answer: Answer,
    pub confidence: f64,
}

/// What the judgements of an item come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// By the question's name.
    pub agreed: BTreeMap<String, Agreed>,
    /// Questions that somebody answered and that have no consensus.
    pub open: BTreeSet<String>,
    /// Most say that the item cannot be judged.
    pub cannot_judge: bool,
}

impl Outcome {
    /// Whether nothing is left to decide.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.open.is_empty()
    }
}

/// The majority's answer to every question, or that of a way of its own: median of ratings, Borda count of orders, the text
/// most like the others.
#[must_use]
pub fn majority(design: &Design, judgements: &[&Judgement]) -> Outcome {
    let by_question = |q: &Question| {
        let answers: Vec<&Answer> =
            judgements.iter().filter(|j| !j.cannot_judge).filter_map(|j| j.answers.get(&q.name)).collect();
        (!answers.is_empty()).then(|| of_answers(q, &answers))
    };
    let found = design.questions.iter().filter_map(|q| Some((q.name.clone(), by_question(q)?))).collect();
    outcome(design, judgements, found)
}

/// Puts answers together, those alone that are asked after the others.
#[must_use]
pub fn outcome(design: &Design, judgements: &[&Judgement], found: BTreeMap<String, Option<Agreed>>) -> Outcome {
    let unable = judgements.iter().filter(|j| j.cannot_judge).count();
    if unable * 2 > judgements.len() {
        return Outcome { cannot_judge: true, ..Outcome::default() };
    }
    let answers = found.iter().filter_map(|(name, agreed)| Some((name.clone(), agreed.as_ref()?.answer.clone())));
    let together = Judgement { answers: answers.collect(), ..Judgement::default() };
    let mut outcome = Outcome::default();
    for q in &design.questions {
        let Some(agreed) = found.get(&q.name) else { continue };
        // A question below one that is open may be asked or not: it is decided with it.
        if !design.is_asked(q, &together) {
            continue;
        }
        match agreed {
            Some(agreed) => {
                outcome.agreed.insert(q.name.clone(), agreed.clone());
            }
            None => {
                outcome.open.insert(q.name.clone());
            }
        }
    }
    // As many cannot judge it as can: that, too, somebody must decide.
    if unable > 0 && unable * 2 == judgements.len() {
        let first = design.questions.first().map(|q| q.name.clone());
        outcome.open.extend(first);
    }
    outcome
}

/// What answers to one question come to; `None` where they differ too much.
#[must_use]
pub fn of_answers(question: &Question, answers: &[&Answer]) -> Option<Agreed> {
    match &question.kind {
        QuestionKind::Choice { .. } | QuestionKind::Tree { .. } | QuestionKind::Preference { .. } => {
            let (answer, confidence) = most(answers.iter().copied(), |a, b| a == b)?;
            Some(Agreed { answer: answer.clone(), confidence })
        }
        QuestionKind::Choices { .. } => choices(answers),
        QuestionKind::Spans { .. } => spans(answers),
        QuestionKind::Text { .. } => text(answers),
        QuestionKind::Rating { min, max, .. } => rating(*min, *max, answers),
        QuestionKind::Ranking => ranking(answers),
        QuestionKind::Turns { .. } => turns(answers),
    }
}

/// What is there most often with its share; `None` for a tie.
fn most<T: Copy>(values: impl Iterator<Item = T>, same: impl Fn(&T, &T) -> bool) -> Option<(T, f64)> {
    let values: Vec<T> = values.collect();
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in &values {
        match counts.iter_mut().find(|(known, _)| same(known, value)) {
            Some((_, count)) => *count += 1,
            None => counts.push((*value, 1)),
        }
    }
    let top = counts.iter().map(|(_, count)| *count).max()?;
    let mut first = counts.iter().filter(|(_, count)| *count == top);
    let (value, _) = first.next()?;
    first.next().is_none().then_some((*value, top as f64 / values.len() as f64))
}

/// Each of these things by how many of `n` people say it: what more than half say, and how sure that is in the mean.
/// `None` where one half says it and the other does not.
fn by_half<T: Ord + Clone>(counts: &BTreeMap<T, usize>, n: usize) -> Option<(Vec<T>, f64)> {
    if counts.values().any(|count| count * 2 == n) {
        return None;
    }
    let said = counts.iter().filter(|(_, count)| **count * 2 > n).map(|(thing, _)| thing.clone()).collect();
    let shares = counts.values().map(|count| (*count).max(n - *count) as f64 / n as f64);
    let confidence = if counts.is_empty() { 1.0 } else { shares.sum::<f64>() / counts.len() as f64 };
    Some((said, confidence))
}

fn choices(answers: &[&Answer]) -> Option<Agreed> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for answer in answers {
        if let Answer::Choices { values } = answer {
            values.iter().for_each(|value| *counts.entry(value).or_default() += 1);
        }
    }
    let (said, confidence) = by_half(&counts, answers.len())?;
    Some(Agreed { answer: Answer::Choices { values: said.into_iter().cloned().collect() }, confidence })
}

/// A span as something with an order.
type Place<'a> = (u32, u32, &'a str);

fn place(span: &Span) -> Place<'_> {
    (span.start, span.end, &span.label)
}

/// The spans that more than half marked in just that place, and of their relations those that more than half drew.
fn spans(answers: &[&Answer]) -> Option<Agreed> {
    let mut counts: BTreeMap<Place, usize> = BTreeMap::new();
    let mut links: BTreeMap<(Place, Place, &str), usize> = BTreeMap::new();
    for answer in answers {
        let Answer::Spans { spans, relations } = answer else { continue };
        // The same span twice is one person's word all the same.
        let once: BTreeSet<Place> = spans.iter().map(place).collect();
        once.into_iter().for_each(|span| *counts.entry(span).or_default() += 1);
        let ends = |r: &Relation| Some((place(spans.get(r.from as usize)?), place(spans.get(r.to as usize)?)));
        let once: BTreeSet<(Place, Place, &str)> =
            relations.iter().filter_map(|r| ends(r).map(|(from, to)| (from, to, r.label.as_str()))).collect();
        once.into_iter().for_each(|link| *links.entry(link).or_default() += 1);
    }
    let (said, confidence) = by_half(&counts, answers.len())?;
    let (linked, _) = by_half(&links, answers.len())?;
    let at = |span: &Place| said.iter().position(|s| s == span).map(|at| at as u32);
    let relations = linked
        .iter()
        .filter_map(|(from, to, label)| Some(Relation { from: at(from)?, to: at(to)?, label: (*label).to_owned() }))
        .collect();
    let spans = said.iter().map(|(start, end, label)| Span { start: *start, end: *end, label: (*label).to_owned() });
    Some(Agreed { answer: Answer::Spans { spans: spans.collect(), relations }, confidence })
}

/// The median; `None` where the two in the middle are more than one step apart. Sure as far as the ratings are near it.
fn rating(min: i32, max: i32, answers: &[&Answer]) -> Option<Agreed> {
    let mut values: Vec<i32> =
        answers.iter().filter_map(|a| if let Answer::Rating { value } = a { Some(*value) } else { None }).collect();
    values.sort_unstable();
    let (low, high) = (*values.get((values.len().max(1) - 1) / 2)?, *values.get(values.len() / 2)?);
    if high - low > 1 {
        return None;
    }
    let range = f64::from((max - min).max(1));
    let away: f64 = values.iter().map(|v| f64::from((v - low).abs()) / range).sum();
    Some(Agreed { answer: Answer::Rating { value: low }, confidence: 1.0 - away / values.len() as f64 })
}

/// The order by Borda's count; `None` where two things have the same count. Sure as far as the orders are alike.
fn ranking(answers: &[&Answer]) -> Option<Agreed> {
    let orders: Vec<&[u32]> = answers
        .iter()
        .filter_map(|a| if let Answer::Ranking { order } = a { Some(order.as_slice()) } else { None })
        .collect();
    let n = orders.first()?.len();
    let mut sums: Vec<(usize, u32)> = (0..n as u32).map(|thing| (0, thing)).collect();
    for order in &orders {
        for (rank, thing) in order.iter().enumerate() {
            sums.get_mut(*thing as usize)?.0 += rank;
        }
    }
    sums.sort_unstable();
    if sums.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    let confidence = crate::agreement::kendall_w(&orders).unwrap_or(1.0);
    Some(Agreed { answer: Answer::Ranking { order: sums.into_iter().map(|(_, thing)| thing).collect() }, confidence })
}

/// The option that most say of each turn; `None` with a tie at any of them.
fn turns(answers: &[&Answer]) -> Option<Agreed> {
    let mut by_turn: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for answer in answers {
        if let Answer::Turns { values } = answer {
            values.iter().for_each(|(turn, value)| by_turn.entry(*turn).or_default().push(value));
        }
    }
    let (mut values, mut sure) = (BTreeMap::new(), 0.0);
    for (turn, said) in &by_turn {
        let (value, share) = most(said.iter().copied(), |a, b| a == b)?;
        values.insert(*turn, value.to_owned());
        sure += share;
    }
    let confidence = if by_turn.is_empty() { 1.0 } else { sure / by_turn.len() as f64 };
    Some(Agreed { answer: Answer::Turns { values }, confidence })
}

/// The text that is most like the others; `None` where two people wrote two texts. Sure as far as they are alike.
fn text(answers: &[&Answer]) -> Option<Agreed> {
    let texts: Vec<&str> =
        answers.iter().filter_map(|a| if let Answer::Text { text } = a { Some(text.as_str()) } else { None }).collect();
    if texts.len() == 2 && texts[0] != texts[1] {
        return None;
    }
    let likeness = |at: usize| {
        let others = texts.iter().enumerate().filter(|(other, _)| *other != at);
        let sum: f64 = others.map(|(_, text)| text_likeness(texts[at], text)).sum();
        if texts.len() < 2 { 1.0 } else { sum / (texts.len() - 1) as f64 }
    };
    let best =
        (0..texts.len()).map(|at| (likeness(at), at)).fold(None, |best: Option<(f64, usize)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
    let (confidence, at) = best?;
    Some(Agreed { answer: Answer::Text { text: texts[at].to_owned() }, confidence })
}

/// How alike two texts are, 0 to 1; of long ones the beginnings are compared.
#[must_use]
pub fn text_likeness(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let beginning = |text: &str| text.chars().take(COMPARED_CHARS).collect::<String>();
    1.0 - edit_distance(&beginning(a), &beginning(b))
}

#[cfg(test)]
mod tests;
