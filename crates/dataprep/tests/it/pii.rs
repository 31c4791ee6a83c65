//! How much of the personal data of a labelled set is found, and how much of what is found is none.
//!
//! `pii/make.py` makes the set. A finding counts where it begins and ends as marked; of an address seven tenths of the
//! characters that either covers have to be common to both, since where one begins is a matter of taste.

use dataprep::pii;
use domain::steps::{PersonalKind, Pii, Words};
use serde::Deserialize;
use std::ops::Range;

#[derive(Deserialize)]
struct Sentence {
    text: String,
    /// Characters, and the word for the kind.
    spans: Vec<(usize, usize, String)>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    marked: u32,
    found: u32,
    right: u32,
}

impl Count {
    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.marked.max(1))
    }

    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.found.max(1))
    }

    fn is_below(self, (recall, precision): (f64, f64)) -> bool {
        self.marked > 0 && (self.recall() < recall || self.precision() < precision)
    }

    fn shown(self) -> String {
        if self.marked == 0 {
            return "0 | | ".to_owned();
        }
        format!("{} | {:.2} | {:.2}", self.marked, self.recall(), self.precision())
    }
}

/// The languages, each with the sentences that the rules were made with and those that were written afterwards.
const SETS: [(&str, [&str; 2]); 2] = [
    ("zh", [include_str!("../pii/zh.jsonl"), include_str!("../pii/unseen-zh.jsonl")]),
    ("en", [include_str!("../pii/en.jsonl"), include_str!("../pii/unseen-en.jsonl")]),
];

/// Least recall and precision in the first set, a little below what is reached.
fn floors(kind: PersonalKind, language: &str) -> (f64, f64) {
    match (kind, language) {
        (PersonalKind::Name, "zh") => (0.8, 0.8),
        (PersonalKind::Name, _) => (0.85, 0.9),
        (PersonalKind::Address, _) => (0.9, 0.9),
        _ => (0.97, 0.97),
    }
}

/// The same for what the rules were not made with.
fn unseen_floors(kind: PersonalKind) -> (f64, f64) {
    match kind {
        PersonalKind::Name | PersonalKind::Address => (0.5, 0.5),
        _ => (0.8, 0.8),
    }
}

fn same(kind: PersonalKind, marked: &Range<usize>, found: &Range<usize>) -> bool {
    if kind != PersonalKind::Address {
        return marked == found;
    }
    let common = marked.end.min(found.end).saturating_sub(marked.start.max(found.start));
    let all = marked.end.max(found.end) - marked.start.min(found.start);
    10 * common >= 7 * all
}

#[test]
fn personal_data_is_found_as_well_as_the_documentation_says() {
    let mut table = String::from(
        "| kind | language | marked | recall | precision | unseen | recall | precision |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut misses = String::new();
    let mut below = Vec::new();
    for (language, sets) in SETS {
        let [seen, unseen] = sets.map(|lines| counted(lines, &mut misses));
        for (i, kind) in PersonalKind::ALL.iter().enumerate() {
            let (seen, unseen) = (seen[i], unseen[i]);
            if seen.marked + unseen.marked == 0 {
                continue;
            }
            let line = format!("| {} | {language} | {} | {} |\n", kind.as_str(), seen.shown(), unseen.shown());
            if seen.is_below(floors(*kind, language)) || unseen.is_below(unseen_floors(*kind)) {
                below.push(line.clone());
            }
            table += &line;
        }
    }
    println!("{table}{misses}");
    assert!(below.is_empty(), "below their floor: {below:?}\n{misses}");
}

fn counted(lines: &str, misses: &mut String) -> Vec<Count> {
    let mut counts = vec![Count::default(); PersonalKind::ALL.len()];
    for line in lines.lines() {
        count(&serde_json::from_str(line).unwrap(), &mut counts, misses);
    }
    counts
}

/// Adds one sentence to the counts, and what went wrong in it to `misses`.
fn count(sentence: &Sentence, counts: &mut [Count], misses: &mut String) {
    let text = &sentence.text;
    let place = |range: Range<usize>| text[..range.start].chars().count()..text[..range.end].chars().count();
    let all: Vec<_> = pii::find(text, &Pii::default()).into_iter().map(|f| (f.kind, place(f.range))).collect();
    for (kind, count) in PersonalKind::ALL.iter().zip(counts) {
        let marked = || sentence.spans.iter().filter(|s| s.2 == kind.as_str()).map(|s| s.0..s.1);
        let found = || all.iter().filter(|(k, _)| k == kind).map(|(_, range)| range.clone());
        count.marked += marked().count() as u32;
        count.found += found().count() as u32;
        count.right += marked().filter(|m| found().any(|f| same(*kind, m, &f))).count() as u32;
        let shown = |range: Range<usize>| text.chars().skip(range.start).take(range.len()).collect::<String>();
        for missed in marked().filter(|m| !found().any(|f| same(*kind, m, &f))) {
            *misses += &format!("missed {} {:?} in {text:?}\n", kind.as_str(), shown(missed));
        }
        for wrong in found().filter(|f| !marked().any(|m| same(*kind, &m, f))) {
            *misses += &format!("wrong {} {:?} in {text:?}\n", kind.as_str(), shown(wrong));
        }
    }
}
