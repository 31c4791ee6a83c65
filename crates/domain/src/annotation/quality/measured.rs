//! The measure of a question over any of its items, made ready so that resamples are quick.

use super::{Row, alike_in};
use crate::agreement::{
    Distance, Interval, Marked, Ratings, SetDistance, SetRatings, alpha_u, interval_of, kendall_w, krippendorff,
};
use crate::annotation::{agreement_view::Measure, answer::Answer, consensus::category, design::QuestionKind};
use crate::sample::Span;
use std::collections::BTreeMap;

/// Seed of nothing but the interval, so that a question's intervals do not move together with another's draws.
const STREAM: u64 = 0x616c_7068;
/// Pairs of texts times labels up to which an interval of αᵤ is drawn.
const MAX_UNIT_WORK: usize = 5000;
/// Different sets up to which an interval is drawn: their distances are a square.
const MAX_SETS: usize = 1000;

/// Two people's spans of one text, and which pair they are.
struct Two<'a> {
    pair: (usize, usize),
    length: u32,
    first: &'a [Span],
    second: &'a [Span],
}

enum Kind<'a> {
    /// Of each item its units (one, or one a turn), of each the ratings.
    Numbers(Vec<Vec<Vec<Option<f64>>>>, Distance),
    Sets(SetRatings),
    Units(Vec<Vec<Two<'a>>>),
    Means(Vec<Option<f64>>),
}

/// A measure with what it measures.
pub(super) struct Measured<'a> {
    measure: Measure,
    kind: Kind<'a>,
    /// Whether resampling takes too long.
    is_large: bool,
}

impl<'a> Measured<'a> {
    pub(super) fn new(question: &QuestionKind, rows: &[Row<'a>]) -> Self {
        let (measure, kind) = match question {
            QuestionKind::Choice { .. } | QuestionKind::Tree { .. } | QuestionKind::Preference { .. } => {
                (Measure::AlphaNominal, Kind::Numbers(numbers(question, rows), Distance::Nominal))
            }
            QuestionKind::Rating { .. } => {
                (Measure::AlphaOrdinal, Kind::Numbers(numbers(question, rows), Distance::Ordinal))
            }
            QuestionKind::Turns { .. } => {
                (Measure::AlphaNominal, Kind::Numbers(turns(question, rows), Distance::Nominal))
            }
            QuestionKind::Choices { .. } => {
                (Measure::AlphaSets, Kind::Sets(SetRatings::new(&sets(question, rows), SetDistance::Masi)))
            }
            QuestionKind::Spans { .. } => (Measure::AlphaUnits, Kind::Units(rows.iter().map(twos).collect())),
            QuestionKind::Ranking => (Measure::KendallW, Kind::Means(rows.iter().map(concordance).collect())),
            QuestionKind::Text { .. } => {
                (Measure::Similarity, Kind::Means(rows.iter().map(|row| Some(alike_in(question, row))).collect()))
            }
        };
        let is_large = match &kind {
            Kind::Units(texts) => texts.iter().map(Vec::len).sum::<usize>() * question.options().len() > MAX_UNIT_WORK,
            Kind::Sets(sets) => sets.kinds() > MAX_SETS,
            Kind::Numbers(..) | Kind::Means(_) => false,
        };
        Self { measure, kind, is_large }
    }

    pub(super) fn measure(&self) -> Measure {
        self.measure
    }

    /// The measure of these items, as often as each is named.
    pub(super) fn value(&self, items: &[usize]) -> Option<f64> {
        match &self.kind {
            Kind::Numbers(units, distance) => {
                let drawn = items.iter().flat_map(|item| units[*item].iter().cloned());
                krippendorff(&Ratings::new(drawn.collect()), *distance)
            }
            Kind::Sets(sets) => sets.alpha(items),
            Kind::Units(texts) => alpha_of_pairs(items.iter().flat_map(|item| texts[*item].iter())),
            Kind::Means(values) => super::mean(items.iter().filter_map(|item| values[*item])),
        }
    }

    /// With its interval; `None` where nothing was measured, or where it would take too long.
    pub(super) fn interval(&self, items: usize, seed: u64) -> Option<Interval> {
        if self.is_large {
            return None;
        }
        interval_of(items, seed ^ STREAM, |drawn| self.value(drawn))
    }
}

fn numbers(question: &QuestionKind, rows: &[Row]) -> Vec<Vec<Vec<Option<f64>>>> {
    let of_row = |row: &Row| vec![row.said.iter().map(|(_, a)| category(question, a).map(f64::from)).collect()];
    rows.iter().map(of_row).collect()
}

fn turns(question: &QuestionKind, rows: &[Row]) -> Vec<Vec<Vec<Option<f64>>>> {
    let of_row = |row: &Row| {
        let mut by_turn: BTreeMap<u32, Vec<Option<f64>>> = BTreeMap::new();
        for (_, answer) in &row.said {
            let Answer::Turns { values } = answer else { continue };
            for (turn, value) in values {
                let place = question.options().iter().position(|o| o.value == *value);
                by_turn.entry(*turn).or_default().push(place.map(|p| p as f64));
            }
        }
        by_turn.into_values().collect()
    };
    rows.iter().map(of_row).collect()
}

fn sets(question: &QuestionKind, rows: &[Row]) -> Vec<Vec<Vec<u32>>> {
    let set = |answer: &Answer| {
        let Answer::Choices { values } = answer else { return Vec::new() };
        let options = question.options().iter().zip(0..);
        options.filter(|(option, _)| values.contains(&option.value)).map(|(_, place)| place).collect()
    };
    rows.iter().map(|row| row.said.iter().map(|(_, answer)| set(answer)).collect()).collect()
}

fn twos<'a>(row: &Row<'a>) -> Vec<Two<'a>> {
    let mut found = Vec::new();
    for (at, (p, a)) in row.said.iter().enumerate() {
        for (q, b) in &row.said[..at] {
            let (Answer::Spans { spans: a, .. }, Answer::Spans { spans: b, .. }) = (*a, *b) else { continue };
            let pair = (*p.min(q), *p.max(q));
            let (first, second) = if p < q { (a, b) } else { (b, a) };
            found.push(Two { pair, length: row.item.span_chars, first, second });
        }
    }
    found
}

fn concordance(row: &Row) -> Option<f64> {
    let orders: Vec<&[u32]> = row
        .said
        .iter()
        .filter_map(|(_, answer)| if let Answer::Ranking { order } = answer { Some(order.as_slice()) } else { None })
        .collect();
    kendall_w(&orders)
}

/// The mean of αᵤ of all pairs of people, each by the texts that both have seen.
fn alpha_of_pairs<'t, 'a: 't>(twos: impl Iterator<Item = &'t Two<'a>>) -> Option<f64> {
    let mut by_pair: BTreeMap<(usize, usize), Vec<Marked<'a>>> = BTreeMap::new();
    for two in twos {
        let marked = Marked { length: two.length, first: two.first, second: two.second };
        by_pair.entry(two.pair).or_default().push(marked);
    }
    let (mut sum, mut texts) = (0.0, 0.0);
    for marked in by_pair.values() {
        if let Some(alpha) = alpha_u(marked.iter().cloned()) {
            sum += alpha * marked.len() as f64;
            texts += marked.len() as f64;
        }
    }
    (texts > 0.0).then(|| sum / texts)
}
