//! chrF and chrF++ as sacreBLEU computes them (Popović, chrF: character n-gram F-score for automatic MT evaluation, 2015;
//! chrF++: words helping character n-grams, 2017). From 0 to 100; no tokenizer is needed, which suits Chinese.

use super::bleu::{SACREBLEU_VERSION, reference_count};
use super::ngrams;
use super::unicode::python_words;
use std::hash::Hash;

/// Longest n-gram of characters.
const CHARACTER_ORDER: usize = 6;
/// How much more recall weighs than precision.
const BETA: f64 = 2.0;

/// How chrF is computed. The default is plain chrF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chrf {
    /// Longest n-gram of words: 0 for chrF, 2 for chrF++.
    pub word_order: usize,
    /// Whether upper and lower case are the same.
    pub lowercase: bool,
}

/// n-grams of one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OrderCounts {
    candidate: usize,
    reference: usize,
    matches: usize,
}

/// What chrF counts of one text or, added up, of many: characters from order 1, then words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChrfCounts(Vec<OrderCounts>);

impl ChrfCounts {
    /// Adds those of another text, computed in the same way.
    pub fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), OrderCounts::default());
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            sum.candidate += more.candidate;
            sum.reference += more.reference;
            sum.matches += more.matches;
        }
    }
}

impl Chrf {
    /// chrF++.
    #[must_use]
    pub fn plus_plus() -> Self {
        Self { word_order: 2, lowercase: false }
    }

    /// Counts of one candidate against the reference with which it scores best; nothing without references.
    #[must_use]
    pub fn counts<S: AsRef<str>>(&self, candidate: &str, references: &[S]) -> ChrfCounts {
        let candidate = self.cased(candidate);
        let mut best: Option<(f64, ChrfCounts)> = None;
        for reference in references {
            let counts = self.counts_of_one(&candidate, &self.cased(reference.as_ref()));
            let score = self.score(&counts);
            if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                best = Some((score, counts));
            }
        }
        best.map(|(_, counts)| counts).unwrap_or_default()
    }

    fn counts_of_one(&self, candidate: &str, reference: &str) -> ChrfCounts {
        let (a, b) = (characters(candidate), characters(reference));
        let mut orders: Vec<OrderCounts> = (1..=CHARACTER_ORDER).map(|order| order_counts(&a, &b, order)).collect();
        if self.word_order > 0 {
            let (a, b) = (words(candidate), words(reference));
            orders.extend((1..=self.word_order).map(|order| order_counts(&a, &b, order)));
        }
        ChrfCounts(orders)
    }

    /// F of counts: (1 + β²)·P·R / (β²·P + R), P and R being means over the orders that both texts have n-grams of.
    #[must_use]
    pub fn score(&self, counts: &ChrfCounts) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for order in counts.0.iter().filter(|o| o.candidate > 0 && o.reference > 0) {
            precision += order.matches as f64 / order.candidate as f64;
            recall += order.matches as f64 / order.reference as f64;
            orders += 1.0;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall, factor) = (precision / orders, recall / orders, BETA * BETA);
        100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
    }

    /// chrF of a whole set: counts are added up first. Each item is a candidate and its references.
    #[must_use]
    pub fn corpus<S: AsRef<str>>(&self, items: &[(S, Vec<S>)]) -> f64 {
        let mut sum = ChrfCounts::default();
        for (candidate, references) in items {
            sum.add(&self.counts(candidate.as_ref(), references));
        }
        self.score(&sum)
    }

    /// chrF of one text.
    #[must_use]
    pub fn sentence<S: AsRef<str>>(&self, candidate: &str, references: &[S]) -> f64 {
        self.score(&self.counts(candidate, references))
    }

    /// sacreBLEU's signature; `references` is how many each text has, `None` where that differs.
    #[must_use]
    pub fn signature(&self, references: Option<usize>) -> String {
        format!(
            "nrefs:{}|case:{}|eff:yes|nc:{CHARACTER_ORDER}|nw:{}|space:no|version:{SACREBLEU_VERSION}",
            reference_count(references),
            if self.lowercase { "lc" } else { "mixed" },
            self.word_order,
        )
    }

    fn cased(&self, text: &str) -> String {
        if self.lowercase { text.to_lowercase() } else { text.to_owned() }
    }
}

fn order_counts<T: Eq + Hash>(candidate: &[T], reference: &[T], order: usize) -> OrderCounts {
    let (a, b) = (ngrams::counts(candidate, order), ngrams::counts(reference, order));
    OrderCounts {
        // An order that the reference has nothing of does not count.
        candidate: if b.is_empty() { 0 } else { a.values().sum() },
        reference: b.values().sum(),
        matches: ngrams::matches(&a, &b),
    }
}

/// All but white space.
fn characters(text: &str) -> Vec<char> {
    python_words(text).flat_map(str::chars).collect()
}

/// Words with one ASCII punctuation mark cut off: the last character, else the first.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in python_words(text) {
        let mark = |c: &char| c.is_ascii_punctuation();
        let (first, last) = (word.chars().next().filter(mark), word.chars().next_back().filter(mark));
        let cut = match (first, last) {
            (_, Some(last)) => word.len() - last.len_utf8(),
            (Some(first), None) => first.len_utf8(),
            (None, None) => 0,
        };
        let (head, tail) = word.split_at(cut);
        words.extend([head, tail].into_iter().filter(|part| !part.is_empty()).map(str::to_owned));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
    }

    /// sacreBLEU 2.6.0.
    #[test]
    fn equals_sacrebleu() {
        let items =
            [("The dog bit (the man).", vec!["The dog had bit the man."]), ("你好，世界 a", vec!["你好世界 b"])];
        near(Chrf::default().corpus(&items), 44.13463283107036);
        near(Chrf::plus_plus().corpus(&items), 41.83115230314648);
        near(Chrf::default().sentence("abc", &["xyz", "abd"]), 38.888888888888886);
        for (a, b) in [("", ""), ("", "a"), ("a", ""), ("a", "b")] {
            near(Chrf::plus_plus().sentence(a, &[b]), 0.0);
        }
        near(Chrf::default().sentence("a", &["a"]), 100.0);
    }

    #[test]
    fn the_signature_is_sacrebleus() {
        assert_eq!(Chrf::plus_plus().signature(Some(1)), "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0");
        assert_eq!(words("(hi) a, ! !!"), ["(hi", ")", "a", ",", "!", "!", "!"]);
    }
}
