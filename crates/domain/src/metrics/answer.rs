//! Short answers: exact match and F1 of words, as SQuAD normalises them (Rajpurkar et al., SQuAD: 100,000+ Questions for
//! Machine Comprehension of Text, 2016), and for Chinese by character (after Cui et al., A Span-Extraction Dataset for
//! Chinese Machine Reading Comprehension, 2019).

use super::ngrams::{self, Overlap};
use super::text::is_cjk;
use super::unicode::{is_punctuation, python_words};

/// How answers become words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalisation {
    /// SQuAD: lower case, no ASCII punctuation, no articles, words between white space.
    #[default]
    English,
    /// Lower case, no punctuation of any script; Chinese, Japanese and Korean by character, the rest by word.
    Chinese,
}

impl Normalisation {
    /// What a score is named with.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "squad",
            Self::Chinese => "characters",
        }
    }

    /// The words of an answer that count.
    #[must_use]
    pub fn words(self, text: &str) -> Vec<String> {
        match self {
            Self::English => {
                let bare: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
                python_words(&without_articles(&bare)).map(str::to_owned).collect()
            }
            Self::Chinese => by_character(text),
        }
    }
}

/// Puts a space in the place of each whole word `a`, `an` or `the`.
fn without_articles(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        out.push_str(if matches!(run, "a" | "an" | "the") { " " } else { run });
        rest = tail;
    }
    out
}

fn by_character(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.to_lowercase().chars().filter(|c| !is_punctuation(*c) && !c.is_ascii_punctuation()) {
        if c.is_whitespace() || is_cjk(c) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if is_cjk(c) {
                words.push(c.to_string());
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the answer equals one of the references, normalised.
#[must_use]
pub fn exact_match<S: AsRef<str>>(answer: &str, references: &[S], normalisation: Normalisation) -> bool {
    let answer = normalisation.words(answer);
    references.iter().any(|reference| normalisation.words(reference.as_ref()) == answer)
}

/// F1 of the words in common with the reference where it is greatest. Two answers without any words are equal (as in SQuAD
/// 2.0).
#[must_use]
pub fn token_f1<S: AsRef<str>>(answer: &str, references: &[S], normalisation: Normalisation) -> f64 {
    let answer = normalisation.words(answer);
    let f1 = |reference: &S| {
        let reference = normalisation.words(reference.as_ref());
        if answer.is_empty() && reference.is_empty() {
            return 1.0;
        }
        let hits = ngrams::matches(&ngrams::counts(&answer, 1), &ngrams::counts(&reference, 1));
        Overlap::of(hits as f64, answer.len() as f64, reference.len() as f64).f1
    };
    references.iter().map(f1).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_normalised_as_in_squad() {
        let words = |text| Normalisation::English.words(text);
        assert_eq!(words("The  cat's an_a apple, A."), ["cats", "ana", "apple"]);
        assert_eq!(words("the—end theatre a"), ["—end", "theatre"]);
        assert!(exact_match("Denver Broncos!", &["the Denver Broncos"], Normalisation::English));
        assert!(!exact_match("Denver", &["Denver Broncos"], Normalisation::English));
    }

    #[test]
    fn f1_of_words() {
        let f1 = |a: &str, b: &[&str]| token_f1(a, b, Normalisation::English);
        assert!((f1("a red big dog", &["the big dog", "cat"]) - 0.8).abs() < 1e-12);
        assert!((f1("the", &["a"]) - 1.0).abs() < 1e-12, "both are empty");
        assert_eq!((f1("", &["x"]), f1("x", &[])), (0.0, 0.0));
    }

    #[test]
    fn chinese_is_compared_by_character() {
        let words = |text| Normalisation::Chinese.words(text);
        assert_eq!(words("北京，GPT-4 的首都。"), ["北", "京", "gpt4", "的", "首", "都"]);
        assert!(exact_match("北京。", &["北 京"], Normalisation::Chinese));
        let f1 = token_f1("在北京市", &["北京"], Normalisation::Chinese);
        assert!((f1 - 2.0 / 3.0).abs() < 1e-12, "{f1}");
    }
}
