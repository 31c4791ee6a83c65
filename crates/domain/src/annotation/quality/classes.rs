//! Agreement on each option or label by itself.

use super::Row;
use crate::agreement::{Common, Distance, Ratings, krippendorff};
use crate::annotation::{
    agreement_view::ClassAgreement,
    answer::{Answer, Better},
    design::QuestionKind,
};
use crate::sample::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Every value that somebody said, in its own order.
pub(super) fn of(kind: &QuestionKind, rows: &[Row]) -> Vec<ClassAgreement> {
    match kind {
        QuestionKind::Text { .. } | QuestionKind::Ranking => Vec::new(),
        QuestionKind::Spans { .. } => labels(rows),
        _ => values(rows),
    }
}

/// What an answer says: of every unit (the item, or a turn of it) the values.
fn said(answer: &Answer) -> BTreeMap<u32, BTreeSet<String>> {
    let whole = |value: String| BTreeMap::from([(0, BTreeSet::from([value]))]);
    match answer {
        Answer::Choice { value } | Answer::Tree { value } => whole(value.clone()),
        Answer::Rating { value } => whole(value.to_string()),
        Answer::Preference { value } => whole(
            match value {
                Better::First => "first",
                Better::Second => "second",
                Better::Tie => "tie",
            }
            .to_owned(),
        ),
        Answer::Choices { values } => BTreeMap::from([(0, values.clone())]),
        Answer::Turns { values } => values.iter().map(|(turn, v)| (*turn, BTreeSet::from([v.clone()]))).collect(),
        Answer::Spans { .. } | Answer::Text { .. } | Answer::Ranking { .. } => BTreeMap::new(),
    }
}

fn values(rows: &[Row]) -> Vec<ClassAgreement> {
    // Of every unit that several answered: how many did, and how many said each value.
    let mut units: Vec<(usize, BTreeMap<String, usize>)> = Vec::new();
    for row in rows {
        let mut by_unit: BTreeMap<u32, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
        for (_, answer) in &row.said {
            for (unit, values) in said(answer) {
                let unit = by_unit.entry(unit).or_default();
                unit.0 += 1;
                values.into_iter().for_each(|value| *unit.1.entry(value).or_default() += 1);
            }
        }
        units.extend(by_unit.into_values().filter(|(n, _)| *n > 1));
    }
    let all: BTreeSet<&String> = units.iter().flat_map(|(_, counts)| counts.keys()).collect();
    let mut found: Vec<ClassAgreement> = all.into_iter().map(|value| class(value, &units)).collect();
    // Ratings by their number.
    found.sort_by_key(|class| class.value.parse::<i32>().unwrap_or(0));
    found
}

fn class(value: &str, units: &[(usize, BTreeMap<String, usize>)]) -> ClassAgreement {
    let (mut count, mut both, mut either) = (0, 0, 0);
    let mut table = Vec::with_capacity(units.len());
    for (n, counts) in units {
        let yes = counts.get(value).copied().unwrap_or(0);
        count += yes;
        both += yes * yes.saturating_sub(1);
        either += yes * (n - 1);
        table.push((0..*n).map(|at| Some(u32::from(at < yes))).collect());
    }
    ClassAgreement {
        value: value.to_owned(),
        said: count as u64,
        agreement: (either > 0).then(|| both as f64 / either as f64),
        alpha: krippendorff(&Ratings::of_categories(table), Distance::Nominal),
    }
}

/// Labels of spans: F1 of those in the same place.
fn labels(rows: &[Row]) -> Vec<ClassAgreement> {
    let mut found: BTreeMap<&str, (u64, Common)> = BTreeMap::new();
    for row in rows {
        let marked: Vec<BTreeMap<&str, Vec<Span>>> = row.said.iter().map(|(_, answer)| by_label(answer)).collect();
        let labels: BTreeSet<&str> = marked.iter().flat_map(|m| m.keys().copied()).collect();
        for label in labels {
            let entry = found.entry(label).or_default();
            for (at, a) in marked.iter().enumerate() {
                let of = |m: &BTreeMap<&str, Vec<Span>>| m.get(label).cloned().unwrap_or_default();
                let a = of(a);
                entry.0 += a.len() as u64;
                for b in &marked[..at] {
                    entry.1 = entry.1.and(Common::of(&a, &of(b)));
                }
            }
        }
    }
    let shown = found.into_iter().map(|(label, (said, common))| ClassAgreement {
        value: label.to_owned(),
        said,
        agreement: common.exact(),
        alpha: None,
    });
    shown.collect()
}

fn by_label(answer: &Answer) -> BTreeMap<&str, Vec<Span>> {
    let mut by_label: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    if let Answer::Spans { spans, .. } = answer {
        spans.iter().for_each(|span| by_label.entry(&span.label).or_default().push(span.clone()));
    }
    by_label
}
