//! ROUGE as Google's rouge-score 0.1.2 computes it (Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004).
//!
//! It works on words. [`words`] are those of rouge-score, which knows no letters but a to z; for Chinese pass words of a
//! tokenizer of your own and name it beside the score.

pub use super::ngrams::Overlap;
use super::{ngrams, porter};
use std::collections::{BTreeSet, HashMap};

/// The words of rouge-score's default tokenizer: runs of a–z and 0–9 in lower case; with `stems`, those of more than three
/// letters by their Porter stem.
#[must_use]
pub fn words(text: &str, stems: bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let runs = lower.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).filter(|run| !run.is_empty());
    let word = |run: &str| if stems && run.len() > 3 { porter::stem(run) } else { run.to_owned() };
    runs.map(word).filter(|word| !word.is_empty()).collect()
}

/// Sentences as ROUGE-Lsum takes them: one a line.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.is_empty())
}

/// ROUGE-N: n-grams in common, each as often as both have it.
#[must_use]
pub fn rouge_n(candidate: &[String], reference: &[String], order: usize) -> Overlap {
    let (a, b) = (ngrams::counts(candidate, order), ngrams::counts(reference, order));
    let (predicted, expected): (usize, usize) = (a.values().sum(), b.values().sum());
    Overlap::of(ngrams::matches(&a, &b) as f64, predicted as f64, expected as f64)
}

/// ROUGE-L: the longest common subsequence of words.
#[must_use]
pub fn rouge_l(candidate: &[String], reference: &[String]) -> Overlap {
    let common = ngrams::longest_common_subsequence(candidate, reference);
    Overlap::of(common as f64, candidate.len() as f64, reference.len() as f64)
}

/// ROUGE-Lsum: for each sentence of the reference, the words that are in its longest common subsequence with any sentence of
/// the candidate; no word counts more often than either text has it.
#[must_use]
pub fn rouge_l_sum(candidate: &[Vec<String>], reference: &[Vec<String>]) -> Overlap {
    let (mut left, mut wanted) = (occurrences(candidate), occurrences(reference));
    let mut hits = 0.0;
    for sentence in reference {
        let union: BTreeSet<usize> = candidate.iter().flat_map(|c| common_places(sentence, c)).collect();
        for word in union.into_iter().map(|place| sentence[place].as_str()) {
            let (Some(left), Some(wanted)) = (left.get_mut(word), wanted.get_mut(word)) else { continue };
            if *left > 0 && *wanted > 0 {
                hits += 1.0;
                *left -= 1;
                *wanted -= 1;
            }
        }
    }
    let length = |text: &[Vec<String>]| text.iter().map(Vec::len).sum::<usize>() as f64;
    Overlap::of(hits, length(candidate), length(reference))
}

fn occurrences(text: &[Vec<String>]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for word in text.iter().flatten() {
        *counts.entry(word.as_str()).or_insert(0) += 1;
    }
    counts
}

/// Places in the reference of one longest common subsequence: of several, the one that rouge-score's way back through the
/// table finds.
fn common_places(reference: &[String], candidate: &[String]) -> Vec<usize> {
    let (rows, columns) = (reference.len(), candidate.len());
    let mut table = vec![vec![0usize; columns + 1]; rows + 1];
    for (i, wanted) in reference.iter().enumerate() {
        for (j, word) in candidate.iter().enumerate() {
            table[i + 1][j + 1] = if wanted == word { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
        }
    }
    let (mut i, mut j, mut places) = (rows, columns, Vec::new());
    while i > 0 && j > 0 {
        if reference[i - 1] == candidate[j - 1] {
            places.push(i - 1);
            (i, j) = (i - 1, j - 1);
        } else if table[i][j - 1] > table[i - 1][j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(actual: Overlap, precision: f64, recall: f64) {
        let expected = Overlap::from_shares(precision, recall);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(
            close(actual.precision, precision) && close(actual.recall, recall) && close(actual.f1, expected.f1),
            "{actual:?}"
        );
    }

    /// The example of rouge-score's documentation, and Lin's on page 5.
    #[test]
    fn published_examples() {
        let reference = words("The quick brown fox jumps over the lazy dog", true);
        let candidate = words("The quick brown dog jumps on the log.", true);
        near(rouge_n(&candidate, &reference, 1), 0.75, 2.0 / 3.0);
        near(rouge_l(&candidate, &reference), 0.625, 5.0 / 9.0);
        let lin = |text: &str| words(text, false);
        near(rouge_l(&lin("police kill the gunman"), &lin("police killed the gunman")), 0.75, 0.75);
        near(rouge_l(&lin("police kills the gunman"), &lin("police killed the gunman")), 0.75, 0.75);
        near(rouge_n(&words("police kills", true), &words("police killed", true), 2), 1.0, 1.0);
    }

    /// Lin 2004, section 3.2: a reference sentence w1…w5 against w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5 has 4 of 5 words.
    #[test]
    fn the_union_of_subsequences() {
        let of = |text: &str| sentences(text).map(|s| words(s, false)).collect::<Vec<_>>();
        let candidate = of("w1 w2 w6 w7 w8\n\nw1 w3 w8 w9 w5");
        near(rouge_l_sum(&candidate, &of("w1 w2 w3 w4 w5")), 0.4, 0.8);
        near(rouge_l_sum(&of(""), &of("a")), 0.0, 0.0);
        near(rouge_l_sum(&of("！？"), &of("a")), 0.0, 0.0);
    }

    #[test]
    fn words_are_ascii() {
        assert_eq!(words("Naïve 中文 Running's 3,5_x", true), ["na", "ve", "run", "s", "3", "5", "x"]);
        assert!(words("你好。", false).is_empty());
    }
}
