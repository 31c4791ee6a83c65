//! Overlap of a generated text with its reference: exact match, BLEU, ROUGE-L, edit distance.
//!
//! Scores are in [0, 1] and rest on [`tokenise`], which treats Chinese, Japanese and Korean per
//! character; they are therefore not comparable with figures made by another tokenizer.

use super::distance::levenshtein;
use super::ngrams::{counts, longest_common_subsequence};

/// Longest n-gram of BLEU.
const MAX_ORDER: usize = 4;

/// Cuts text into lower-case words and numbers, single CJK characters and single punctuation
/// marks; white space separates and vanishes.
#[must_use]
pub fn tokenise(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if is_word_char(c) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

/// Letters and digits outside CJK, with the combining marks that belong to them.
fn is_word_char(c: char) -> bool {
    (c.is_alphanumeric() && !is_cjk(c)) || c == '_' || matches!(c, '\u{300}'..='\u{36f}')
}

/// Ideographs, kana and hangul: scripts that are scored per character.
pub(crate) fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether both texts are the same apart from white space around them.
#[must_use]
pub fn exact_match(candidate: &str, reference: &str) -> bool {
    candidate.trim() == reference.trim()
}

/// ROUGE-L as F1: the harmonic mean of LCS length / candidate length and LCS length / reference
/// length, LCS being the longest common subsequence of tokens (Lin, ROUGE: A Package for Automatic
/// Evaluation of Summaries, 2004, with β = 1). Two empty texts score 1.
#[must_use]
pub fn rouge_l(candidate: &str, reference: &str) -> f64 {
    let (a, b) = (tokenise(candidate), tokenise(reference));
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    2.0 * longest_common_subsequence(&a, &b) as f64 / (a.len() + b.len()) as f64
}

/// BLEU of one sentence against one reference. Precisions of order 2 and above are smoothed by
/// adding 1 to matches and total (Lin & Och 2004; method 2 of Chen & Cherry, A Systematic
/// Comparison of Smoothing Techniques for Sentence-Level BLEU, 2014), so that an order the
/// candidate is too short for counts as 1. Two empty texts score 1.
#[must_use]
pub fn sentence_bleu(candidate: &str, reference: &str) -> f64 {
    let counts = BleuCounts::of(candidate, reference);
    let precisions = (0..MAX_ORDER).map(|i| {
        let plus = f64::from(i > 0);
        (counts.matches[i] as f64 + plus, counts.totals[i] as f64 + plus)
    });
    counts.score(precisions)
}

/// BLEU of a whole test set of `(candidate, reference)` pairs: matches, totals and lengths are
/// added up first, without smoothing (Papineni et al., BLEU: a Method for Automatic Evaluation of
/// Machine Translation, 2002). Orders for which no candidate is long enough are left out, so
/// that perfect one-word answers score 1. No pairs score 0.
#[must_use]
pub fn corpus_bleu<S: AsRef<str>>(pairs: &[(S, S)]) -> f64 {
    if pairs.is_empty() {
        return 0.0;
    }
    let mut sum = BleuCounts::default();
    for (candidate, reference) in pairs {
        sum.add(&BleuCounts::of(candidate.as_ref(), reference.as_ref()));
    }
    let precisions =
        (0..MAX_ORDER).filter(|i| *i == 0 || sum.totals[*i] > 0).map(|i| (sum.matches[i] as f64, sum.totals[i] as f64));
    sum.score(precisions)
}

/// What BLEU counts: per order, clipped matches and candidate n-grams; both lengths in tokens.
#[derive(Default)]
struct BleuCounts {
    matches: [usize; MAX_ORDER],
    totals: [usize; MAX_ORDER],
    candidate_length: usize,
    reference_length: usize,
}

impl BleuCounts {
    fn of(candidate: &str, reference: &str) -> Self {
        let (candidate, reference) = (tokenise(candidate), tokenise(reference));
        let mut found =
            Self { candidate_length: candidate.len(), reference_length: reference.len(), ..Self::default() };
        for i in 0..MAX_ORDER {
            let allowed = counts(&reference, i + 1);
            for (gram, n) in counts(&candidate, i + 1) {
                found.totals[i] += n;
                found.matches[i] += n.min(allowed.get(gram).copied().unwrap_or(0));
            }
        }
        found
    }

    fn add(&mut self, other: &Self) {
        for i in 0..MAX_ORDER {
            self.matches[i] += other.matches[i];
            self.totals[i] += other.totals[i];
        }
        self.candidate_length += other.candidate_length;
        self.reference_length += other.reference_length;
    }

    /// Brevity penalty times the geometric mean of the precisions (matches, total).
    fn score(&self, precisions: impl Iterator<Item = (f64, f64)>) -> f64 {
        if self.candidate_length == 0 || self.reference_length == 0 {
            return f64::from(self.candidate_length == self.reference_length);
        }
        let (mut log_sum, mut orders) = (0.0, 0.0);
        for (matches, total) in precisions {
            if matches == 0.0 {
                return 0.0;
            }
            log_sum += (matches / total).ln();
            orders += 1.0;
        }
        let brevity = (1.0 - self.reference_length as f64 / self.candidate_length as f64).min(0.0);
        (brevity + log_sum / orders).exp()
    }
}

/// Levenshtein distance in characters divided by the longer length: 0 for equal texts, 1 for
/// texts with nothing in common.
#[must_use]
pub fn edit_distance(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    levenshtein(&a, &b) as f64 / a.len().max(b.len()).max(1) as f64
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
