//! Texts that repeat themselves: the share of characters in repeated word sequences, and of repeated lines.
//!
//! After Rae et al. 2021 ("Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv:2112.11446,
//! appendix A.1.1): a sequence counts from its second occurrence on, each character once.

use super::{Item, RowStep, Verdict, text::texts};
use crate::similar::{hash, normal_form, words};
use domain::steps::{self, Reason};
use std::collections::HashSet;

pub(super) struct Repetition(pub(super) steps::Repetition);

impl RowStep for Repetition {
    fn judge(&self, item: &Item) -> Verdict {
        let text = texts(&item.sample, self.0.within);
        let lines = repeated_lines(&text);
        if lines >= self.0.lines {
            return Verdict::Remove(Reason::RepeatedLines { share: lines });
        }
        let share = repeated_share(&text, self.0.ngram as usize);
        if share >= self.0.share { Verdict::Remove(Reason::Repeats { share }) } else { Verdict::Keep }
    }
}

/// Share of the lines with text that stood there before.
fn repeated_lines(text: &str) -> f64 {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let different: HashSet<&str> = lines.iter().copied().collect();
    if lines.len() < 3 { 0.0 } else { (lines.len() - different.len()) as f64 / lines.len() as f64 }
}

/// Share of the characters that lie in a sequence of `n` words that stood there before.
fn repeated_share(text: &str, n: usize) -> f64 {
    let normal = normal_form(text);
    let words: Vec<&str> = words(&normal).collect();
    // A text of a few words repeats nothing worth the name.
    if words.len() < 2 * n {
        return 0.0;
    }
    let mut repeated = vec![false; words.len()];
    let mut seen = HashSet::new();
    for (start, window) in words.windows(n).enumerate() {
        let sequence = hash(window.iter().flat_map(|w| w.bytes().map(u64::from).chain([256])));
        if !seen.insert(sequence) {
            repeated[start..start + n].fill(true);
        }
    }
    let characters = |keep: &dyn Fn(usize) -> bool| -> usize {
        words.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, w)| w.chars().count()).sum()
    };
    characters(&|i| repeated[i]) as f64 / characters(&|_| true).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_told_from_prose() {
        assert!(repeated_share(&"I am sorry about that. ".repeat(20), 4) > 0.8);
        let prose = "The committee met on Monday to look at the plan, and after a long talk about its cost it was put off until \
            the autumn, when the new figures of the harbour will be known to all members of the board.";
        assert!(repeated_share(prose, 4) < 0.05);
        assert!(repeated_share(&"不错".repeat(30), 4) > 0.8);
        assert!(repeated_lines("a\nb\na\na") >= 0.5);
        assert_eq!(repeated_lines("a\na"), 0.0);
    }
}
