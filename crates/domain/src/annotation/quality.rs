//! How well people agree on each question of a task, from what they said: overall, by pair, option, item, person and week.
//! The shapes are those of [`super::agreement_view`].

mod classes;
mod measured;
#[cfg(test)]
mod tests;

use super::{
    agreement_view::{ItemAgreement, LOWEST, PairAgreement, PersonAgreement, QuestionAgreement, WeekAgreement},
    answer::{Answer, Judgement},
    consensus::{category, has_categories, of_answers, text_likeness},
    design::{Question, QuestionKind},
    view::Person,
};
use crate::agreement::{Common, DawidSkene, Distance, Ratings, Weights, cohen, fleiss, krippendorff, spearman};
use crate::id::ItemId;
use measured::Measured;
use std::collections::BTreeMap;

/// Texts that are compared at most: the time grows with the square of their lengths.
const MAX_TEXTS: usize = 500;
/// Cells of the table of items by people up to which a model of raters is made.
const MAX_CELLS: usize = 2_000_000;

/// What people said of some items.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub people: Vec<Person>,
    pub items: Vec<TableItem>,
}

/// What people said of an item.
#[derive(Clone, Debug)]
pub struct TableItem {
    pub id: ItemId,
    pub rank: u32,
    /// The Monday of the week in which it was first judged, as `2026-05-25`.
    pub week: String,
    /// Characters of the text in which spans are marked; 0 where none are asked for.
    pub span_chars: u32,
    /// By the person's place in [`Table::people`].
    pub judgements: Vec<(usize, Judgement)>,
}

/// The answers to one question of an item that two people or more answered.
pub(super) struct Row<'a> {
    item: &'a TableItem,
    said: Vec<(usize, &'a Answer)>,
}

/// How well people agree on a question. The same seed gives the same intervals.
#[must_use]
pub fn of_question(question: &Question, table: &Table, seed: u64) -> QuestionAgreement {
    let mut rows = rows_of(question, table);
    let items = rows.len() as u64;
    if matches!(question.kind, QuestionKind::Text { .. }) && rows.len() > MAX_TEXTS {
        let step = rows.len().div_ceil(MAX_TEXTS);
        rows = rows.into_iter().step_by(step).collect();
    }
    let kind = &question.kind;
    let likeness: Vec<f64> = rows.iter().map(|row| alike_in(kind, row)).collect();
    let measured = Measured::new(kind, &rows);
    let interval = measured.interval(rows.len(), seed);
    let all: Vec<usize> = (0..rows.len()).collect();
    QuestionAgreement {
        question: question.name.clone(),
        title: question.title.clone(),
        kind: kind.word().to_owned(),
        items,
        measure: measured.measure(),
        value: interval.map_or_else(|| measured.value(&all), |i| Some(i.value)),
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        alpha_interval: alpha_interval(kind, &rows),
        fleiss: fleiss_of(kind, &rows),
        alike: mean(likeness.iter().copied()),
        pairs: pairs(kind, table, &rows),
        classes: classes::of(kind, &rows),
        lowest: lowest(&rows, &likeness),
        people: people(question, table, &rows),
        weeks: weeks(&measured, &rows, &likeness),
    }
}

fn rows_of<'a>(question: &Question, table: &'a Table) -> Vec<Row<'a>> {
    let of_item = |item: &'a TableItem| {
        let answers = item.judgements.iter().filter(|(_, j)| !j.cannot_judge);
        let said: Vec<(usize, &Answer)> =
            answers.filter_map(|(person, j)| Some((*person, j.answers.get(&question.name)?))).collect();
        (said.len() > 1).then_some(Row { item, said })
    };
    table.items.iter().filter_map(of_item).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_u64), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// How alike two answers to a question are, 0 to 1: the same or not for categories; by distance for ratings, texts and
/// orders; F1 for spans; the share in common for several options and for turns.
#[must_use]
pub fn alike(kind: &QuestionKind, a: &Answer, b: &Answer) -> f64 {
    match (a, b) {
        (Answer::Choices { values: a }, Answer::Choices { values: b }) => {
            share(a.intersection(b).count(), a.union(b).count())
        }
        (Answer::Spans { spans: a, .. }, Answer::Spans { spans: b, .. }) => Common::of(a, b).exact().unwrap_or(1.0),
        (Answer::Text { text: a }, Answer::Text { text: b }) => text_likeness(a, b),
        (Answer::Rating { value: a }, Answer::Rating { value: b }) => {
            let range =
                if let QuestionKind::Rating { min, max, .. } = kind { f64::from((max - min).max(1)) } else { 1.0 };
            (1.0 - f64::from((a - b).abs()) / range).max(0.0)
        }
        (Answer::Ranking { order: a }, Answer::Ranking { order: b }) => {
            spearman(a, b).map_or(0.0, |rho| f64::midpoint(rho, 1.0))
        }
        (Answer::Turns { values: a }, Answer::Turns { values: b }) => {
            let same = a.iter().filter(|(turn, value)| b.get(*turn) == Some(*value)).count();
            share(same, a.keys().chain(b.keys()).collect::<std::collections::BTreeSet<_>>().len())
        }
        _ => f64::from(u8::from(a == b)),
    }
}

/// How alike the judgements of an item are, over these questions that two people or more answered, in the mean; `None`
/// where there is none.
#[must_use]
pub fn of_item<'a>(questions: impl Iterator<Item = &'a Question>, judgements: &[&Judgement]) -> Option<f64> {
    let of_question = |q: &Question| {
        let said: Vec<&Answer> =
            judgements.iter().filter(|j| !j.cannot_judge).filter_map(|j| j.answers.get(&q.name)).collect();
        let pairs = said.iter().enumerate().flat_map(|(at, a)| said[..at].iter().map(move |b| (*a, *b)));
        mean(pairs.map(|(a, b)| alike(&q.kind, a, b)))
    };
    mean(questions.filter_map(of_question))
}

/// A share; of nothing all.
fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { part as f64 / of as f64 }
}

/// How alike the answers to an item are in the mean of all pairs.
fn alike_in(kind: &QuestionKind, row: &Row) -> f64 {
    let pairs = row.said.iter().enumerate().flat_map(|(at, (_, a))| row.said[..at].iter().map(move |(_, b)| (*a, *b)));
    mean(pairs.map(|(a, b)| alike(kind, a, b))).unwrap_or(1.0)
}

/// Categories by item, whoever said them.
fn ratings(kind: &QuestionKind, rows: &[Row]) -> Ratings {
    let number = |answer: &Answer| category(kind, answer).map(f64::from);
    Ratings::new(rows.iter().map(|row| row.said.iter().map(|(_, a)| number(a)).collect()).collect())
}

fn fleiss_of(kind: &QuestionKind, rows: &[Row]) -> Option<f64> {
    if has_categories(kind) { fleiss(&ratings(kind, rows)) } else { None }
}

fn alpha_interval(kind: &QuestionKind, rows: &[Row]) -> Option<f64> {
    let is_rating = matches!(kind, QuestionKind::Rating { .. });
    if is_rating { krippendorff(&ratings(kind, rows), Distance::Interval) } else { None }
}

/// What two people have in common so far.
#[derive(Default)]
struct Pair {
    alike: Vec<f64>,
    numbers: Vec<(f64, f64)>,
    common: Common,
}

fn pairs(kind: &QuestionKind, table: &Table, rows: &[Row]) -> Vec<PairAgreement> {
    let mut found: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    for row in rows {
        for (at, (p, a)) in row.said.iter().enumerate() {
            for (q, b) in &row.said[..at] {
                let ((first, a), (second, b)) = if p < q { ((p, a), (q, b)) } else { ((q, b), (p, a)) };
                let pair = found.entry((*first, *second)).or_default();
                pair.alike.push(alike(kind, a, b));
                if let (Some(a), Some(b)) = (category(kind, a), category(kind, b)) {
                    pair.numbers.push((f64::from(a), f64::from(b)));
                }
                if let (Answer::Spans { spans: a, .. }, Answer::Spans { spans: b, .. }) = (a, b) {
                    pair.common = pair.common.and(Common::of(a, b));
                }
            }
        }
    }
    let is_rating = matches!(kind, QuestionKind::Rating { .. });
    let weights = if is_rating { Weights::Quadratic } else { Weights::None };
    let shown = |((first, second), pair): ((usize, usize), Pair)| {
        Some(PairAgreement {
            first: table.people.get(first)?.clone(),
            second: table.people.get(second)?.clone(),
            items: pair.alike.len() as u64,
            alike: mean(pair.alike.into_iter())?,
            kappa: if pair.numbers.is_empty() { None } else { cohen(&pair.numbers, weights) },
            kappa_linear: if is_rating { cohen(&pair.numbers, Weights::Linear) } else { None },
            f1_exact: pair.common.exact(),
            f1_partial: pair.common.partial(),
        })
    };
    found.into_iter().filter_map(shown).collect()
}

fn lowest(rows: &[Row], likeness: &[f64]) -> Vec<ItemAgreement> {
    let items = rows.iter().zip(likeness).filter(|(_, alike)| **alike < 1.0).map(|(row, alike)| ItemAgreement {
        item_id: row.item.id,
        rank: row.item.rank,
        answers: row.said.len() as u32,
        alike: *alike,
    });
    let mut items: Vec<ItemAgreement> = items.collect();
    items.sort_by(|a, b| a.alike.total_cmp(&b.alike).then(a.rank.cmp(&b.rank)));
    items.truncate(LOWEST);
    items
}

fn people(question: &Question, table: &Table, rows: &[Row]) -> Vec<PersonAgreement> {
    let mut sums = vec![(0_u64, 0.0_f64); table.people.len()];
    for row in rows {
        for (at, (person, answer)) in row.said.iter().enumerate() {
            let others: Vec<&Answer> =
                row.said.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, (_, a))| *a).collect();
            if let (Some(agreed), Some(sum)) = (of_answers(question, &others), sums.get_mut(*person)) {
                sum.0 += 1;
                sum.1 += alike(&question.kind, answer, &agreed.answer);
            }
        }
    }
    let accuracy = accuracies(&question.kind, table.people.len(), rows);
    let shown = table.people.iter().zip(sums).enumerate().filter(|(_, (_, (items, _)))| *items > 0);
    shown
        .map(|(at, (person, (items, sum)))| PersonAgreement {
            person: person.clone(),
            items,
            alike: Some(sum / items as f64),
            accuracy: accuracy.as_ref().and_then(|a| a.get(at).copied()),
        })
        .collect()
}

/// How likely each person is right, of categories and not too many answers.
fn accuracies(kind: &QuestionKind, people: usize, rows: &[Row]) -> Option<Vec<f64>> {
    if !has_categories(kind) || rows.is_empty() || rows.len() * people > MAX_CELLS {
        return None;
    }
    let of_row = |row: &Row| {
        let mut ratings = vec![None; people];
        for (person, answer) in &row.said {
            if let Some(cell) = ratings.get_mut(*person) {
                *cell = category(kind, answer).map(f64::from);
            }
        }
        ratings
    };
    let model = DawidSkene::of(&Ratings::new(rows.iter().map(of_row).collect()));
    Some((0..people).map(|person| model.accuracy(person)).collect())
}

fn weeks(measured: &Measured, rows: &[Row], likeness: &[f64]) -> Vec<WeekAgreement> {
    let mut by_week: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        by_week.entry(&row.item.week).or_default().push(at);
    }
    let shown = by_week.into_iter().map(|(week, items)| WeekAgreement {
        week: week.to_owned(),
        items: items.len() as u64,
        value: measured.value(&items),
        alike: mean(items.iter().map(|at| likeness[*at])),
    });
    shown.collect()
}
