//! BLEU as sacreBLEU counts it (Papineni et al., BLEU: a Method for Automatic Evaluation of Machine Translation, 2002; Post,
//! A Call for Clarity in Reporting BLEU Scores, 2018).
//!
//! Scores are from 0 to 100, and equal those of sacreBLEU 2.6 with the same signature. (`metrics::text` has a BLEU in
//! [0, 1] on words of its own, which scores what is generated during training.)

pub mod tokenizer;

use super::ngrams;
use std::ops::AddAssign;
use tokenizer::Tokenizer;

/// The release of sacreBLEU whose figures these are.
pub const SACREBLEU_VERSION: &str = "2.6.0";

/// Longest n-gram.
const MAX_ORDER: usize = 4;

/// What an n-gram precision of 0 becomes (Chen & Cherry, A Systematic Comparison of Smoothing Techniques for Sentence-Level
/// BLEU, 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Smoothing {
    /// It stays 0, and so does BLEU.
    None,
    /// This many matches (method 1; sacreBLEU's default is 0.1).
    Floor(f64),
    /// From 2-grams on, this is added to matches and totals of all (method 2; sacreBLEU's default is 1).
    AddK(f64),
    /// 1/2 of a match, the next such order 1/4, and so on (method 3, of NIST).
    #[default]
    Exp,
}

/// How BLEU is computed. The default is sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bleu {
    pub tokenizer: Tokenizer,
    pub smoothing: Smoothing,
    /// Whether upper and lower case are the same.
    pub lowercase: bool,
    /// Whether orders that no candidate is long enough for are left out: for sentences.
    pub effective_order: bool,
}

/// What BLEU counts of one text or, added up, of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BleuCounts {
    /// Words of the candidate and of the reference whose length is nearest.
    pub candidate_length: usize,
    pub reference_length: usize,
    /// Clipped matches of the candidate's n-grams, by order from 1.
    pub matches: [usize; MAX_ORDER],
    /// The candidate's n-grams.
    pub totals: [usize; MAX_ORDER],
}

impl AddAssign<&Self> for BleuCounts {
    fn add_assign(&mut self, other: &Self) {
        self.candidate_length += other.candidate_length;
        self.reference_length += other.reference_length;
        for i in 0..MAX_ORDER {
            self.matches[i] += other.matches[i];
            self.totals[i] += other.totals[i];
        }
    }
}

impl Bleu {
    /// Counts of one candidate against its references. Without references nothing matches.
    #[must_use]
    pub fn counts<S: AsRef<str>>(&self, candidate: &str, references: &[S]) -> BleuCounts {
        let candidate = self.words(candidate);
        let references: Vec<Vec<String>> = references.iter().map(|r| self.words(r.as_ref())).collect();
        let nearest = references.iter().map(Vec::len).min_by_key(|n| (n.abs_diff(candidate.len()), *n));
        let mut counts = BleuCounts {
            candidate_length: candidate.len(),
            reference_length: nearest.unwrap_or(0),
            ..BleuCounts::default()
        };
        for i in 0..MAX_ORDER {
            let grams = ngrams::counts(&candidate, i + 1);
            let allowed: Vec<_> = references.iter().map(|r| ngrams::counts(r, i + 1)).collect();
            for (gram, n) in grams {
                let most = allowed.iter().filter_map(|counts| counts.get(gram).copied()).max().unwrap_or(0);
                counts.totals[i] += n;
                counts.matches[i] += n.min(most);
            }
        }
        counts
    }

    /// BLEU of counts: exp(min(0, 1 − r/c) + Σ ln pₙ / N) · 100 for lengths c and r and precisions p of the orders 1..=N.
    #[must_use]
    pub fn score(&self, counts: &BleuCounts) -> f64 {
        if counts.matches.iter().all(|n| *n == 0) {
            return 0.0;
        }
        let (mut precisions, mut halving) = (Vec::with_capacity(MAX_ORDER), 1.0);
        for i in 0..MAX_ORDER {
            let plus = match self.smoothing {
                Smoothing::AddK(k) if i > 0 => k,
                _ => 0.0,
            };
            let (matches, total) = (counts.matches[i] as f64 + plus, counts.totals[i] as f64 + plus);
            if total == 0.0 {
                break;
            }
            precisions.push(match self.smoothing {
                _ if matches > 0.0 => matches / total,
                Smoothing::Exp => {
                    halving *= 2.0;
                    1.0 / (halving * total)
                }
                Smoothing::Floor(floor) => floor / total,
                Smoothing::None | Smoothing::AddK(_) => 0.0,
            });
        }
        if precisions.len() < MAX_ORDER && !self.effective_order {
            return 0.0;
        }
        let logs = precisions.iter().map(|p: &f64| p.ln()).sum::<f64>() / precisions.len() as f64;
        let brevity = (1.0 - counts.reference_length as f64 / counts.candidate_length as f64).min(0.0);
        100.0 * (brevity + logs).exp()
    }

    /// BLEU of a whole set: counts are added up first. Each item is a candidate and its references.
    #[must_use]
    pub fn corpus<S: AsRef<str>>(&self, items: &[(S, Vec<S>)]) -> f64 {
        let mut sum = BleuCounts::default();
        for (candidate, references) in items {
            sum += &self.counts(candidate.as_ref(), references);
        }
        self.score(&sum)
    }

    /// BLEU of one text; `effective_order` is advised.
    #[must_use]
    pub fn sentence<S: AsRef<str>>(&self, candidate: &str, references: &[S]) -> f64 {
        self.score(&self.counts(candidate, references))
    }

    /// sacreBLEU's signature; `references` is how many each text has, `None` where that differs.
    #[must_use]
    pub fn signature(&self, references: Option<usize>) -> String {
        let smoothing = match self.smoothing {
            Smoothing::None => "none".to_owned(),
            Smoothing::Floor(value) => format!("floor[{value:.2}]"),
            Smoothing::AddK(value) => format!("add-k[{value:.2}]"),
            Smoothing::Exp => "exp".to_owned(),
        };
        format!(
            "nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{smoothing}|version:{SACREBLEU_VERSION}",
            reference_count(references),
            if self.lowercase { "lc" } else { "mixed" },
            if self.effective_order { "yes" } else { "no" },
            self.tokenizer.as_str(),
        )
    }

    fn words(&self, text: &str) -> Vec<String> {
        if self.lowercase { self.tokenizer.words(&text.to_lowercase()) } else { self.tokenizer.words(text) }
    }
}

/// As signatures give it.
pub(crate) fn reference_count(references: Option<usize>) -> String {
    references.map_or_else(|| "var".to_owned(), |n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CANDIDATE: &str = "The dog bit the man.";
    const GUIDE: &str =
        "It is a guide to action which ensures that the military always obeys the commands of the party.";
    const REFERENCE: &str = "It is a guide to action that ensures that the military will forever heed Party commands.";

    fn near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
    }

    /// The example of sacreBLEU's documentation: BLEU = 48.5308…
    #[test]
    fn the_documented_example() {
        let items = [
            (CANDIDATE, vec!["The dog bit the man.", "The dog had bit the man."]),
            ("It wasn't surprising.", vec!["It was not unexpected.", "No one was surprised."]),
            ("The man had just bitten him.", vec!["The man bit him first.", "The man had bitten the dog."]),
        ];
        near(Bleu::default().corpus(&items), 48.530_827_009_929_865);
        assert_eq!(Bleu::default().signature(Some(2)), "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
    }

    /// sacreBLEU 2.6.0.
    #[test]
    fn smoothing_and_order() {
        let of = |smoothing, effective_order| Bleu { smoothing, effective_order, ..Bleu::default() };
        let sentence = |bleu: Bleu, a: &str, b: &str| bleu.sentence(a, &[b]);
        near(sentence(of(Smoothing::Exp, true), GUIDE, REFERENCE), 39.67088290836578);
        near(sentence(of(Smoothing::Exp, false), "a b", "a c"), 0.0);
        near(sentence(of(Smoothing::Exp, true), "a b", "a c"), 49.99999999999999);
        near(sentence(of(Smoothing::Floor(0.1), true), "a b c d", "a c b d"), 11.362193664674995);
        near(sentence(of(Smoothing::AddK(1.0), false), "a b c d", "a c b d"), 45.18010018049227);
        near(sentence(of(Smoothing::None, true), "a b c d", "a c b d"), 0.0);
        near(sentence(of(Smoothing::Exp, true), "", "a"), 0.0);
        near(sentence(of(Smoothing::Exp, true), "", ""), 0.0);
    }

    proptest! {
        #[test]
        fn scores_stay_in_range_and_equal_texts_score_most(a in "\\PC{0,30}", b in "[a-c 中.]{1,20}") {
            for tokenizer in Tokenizer::ALL {
                for smoothing in [Smoothing::Exp, Smoothing::Floor(0.1), Smoothing::AddK(1.0), Smoothing::None] {
                    let bleu = Bleu { tokenizer, smoothing, effective_order: true, ..Bleu::default() };
                    let (other, same) = (bleu.sentence(&a, &[&b]), bleu.sentence(&b, &[&b]));
                    prop_assert!((0.0..=100.0 + 1e-9).contains(&other), "{other}");
                    prop_assert!(same > 100.0 - 1e-9 || tokenizer.words(&b).is_empty(), "{same}");
                }
            }
        }
    }

    #[test]
    fn settings_are_in_the_signature() {
        let bleu =
            Bleu { tokenizer: Tokenizer::Zh, smoothing: Smoothing::Floor(0.1), lowercase: true, effective_order: true };
        assert_eq!(bleu.signature(None), "nrefs:var|case:lc|eff:yes|tok:zh|smooth:floor[0.10]|version:2.6.0");
        assert!(bleu.sentence("你好", &["你好"]) > 99.999);
    }
}
