//! The words of a text, for search: in lower case, Chinese cut by jieba's dictionary, all else at Unicode's word boundaries
//! (UAX 29). Words are not stemmed: what is found is what was typed, in any language; `begin*` finds what begins so.
//!
//! jieba runs without its model for unknown words: that one cuts the same characters differently beside different
//! neighbours, and a word must be cut alike in the text and in what is searched.

use domain::explore::is_han;
use jieba_rs::Jieba;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

/// Longest word, in characters: a longer one counts as its first ones.
const MAX_WORD_CHARS: usize = 64;

/// 5 MB of words, unpacked when the first Chinese text comes.
pub(crate) static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Hands every word of a text to `each`, in order; of long Chinese words also the words in them.
pub fn each_word(text: &str, mut each: impl FnMut(&str)) {
    cut(text, true, &mut each);
}

/// The words of a Chinese text as metrics count them: as Python's `jieba.cut` finds them, without white space.
#[must_use]
pub fn chinese_words(text: &str) -> Vec<String> {
    JIEBA.cut(text, true).iter().map(|token| token.word).filter(|w| !w.trim().is_empty()).map(str::to_owned).collect()
}

fn cut(text: &str, inner: bool, each: &mut impl FnMut(&str)) {
    let lower = text.to_lowercase();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let han = is_han(first);
        let end = rest.char_indices().find(|(_, c)| is_han(*c) != han).map_or(rest.len(), |(at, _)| at);
        let (run, behind) = rest.split_at(end);
        if !han {
            run.unicode_words().for_each(|word| each(shorten(word)));
        } else if inner {
            JIEBA.cut_for_search(run, false).iter().for_each(|token| each(token.word));
        } else {
            JIEBA.cut(run, false).iter().for_each(|token| each(token.word));
        }
        rest = behind;
    }
}

fn shorten(word: &str) -> &str {
    word.char_indices().nth(MAX_WORD_CHARS).map_or(word, |(at, _)| &word[..at])
}

/// A part of what is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub kind: TermKind,
    /// The samples that have it are left out.
    pub excluded: bool,
}

/// How a term is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// All these words, anywhere.
    Words(Vec<String>),
    /// A word that begins so.
    Prefix(String),
    /// This text, whose words these are.
    Phrase { text: String, words: Vec<String> },
}

/// Reads what a person searches: words, `"phrases"`, `begin*`, and `-` before what must not be there.
#[must_use]
pub fn parse_search(search: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = search.trim_start();
    while !rest.is_empty() {
        let (excluded, term) = match rest.strip_prefix('-') {
            Some(term) => (true, term),
            None => (false, rest),
        };
        let (text, behind, quoted) = match term.strip_prefix('"') {
            Some(phrase) => {
                let end = phrase.find('"').unwrap_or(phrase.len());
                (&phrase[..end], phrase.get(end + 1..).unwrap_or_default(), true)
            }
            None => {
                let end = term.find(char::is_whitespace).unwrap_or(term.len());
                (&term[..end], &term[end..], false)
            }
        };
        rest = behind.trim_start();
        if let Some(kind) = kind_of(text, quoted) {
            terms.push(Term { kind, excluded });
        }
    }
    terms
}

/// `None` for what holds no word.
fn kind_of(text: &str, quoted: bool) -> Option<TermKind> {
    let mut words = Vec::new();
    cut(text, false, &mut |word| words.push(word.to_owned()));
    match (words.len(), quoted) {
        (0, _) => None,
        (_, true) => Some(TermKind::Phrase { text: text.to_lowercase(), words }),
        (1, false) if text.ends_with('*') => words.pop().map(TermKind::Prefix),
        (_, false) => Some(TermKind::Words(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each_word(text, |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn words_of_both_scripts() {
        assert_eq!(words("Don't panic: GPT-4 costs 3.5$!"), ["don't", "panic", "gpt", "4", "costs", "3.5"]);
        let chinese = words("我在中国科学院学习Rust语言");
        for word in ["中国", "科学院", "中国科学院", "学习", "rust", "语言"] {
            assert!(chinese.iter().any(|w| w == word), "{word}: {chinese:?}");
        }
        assert_eq!(words(&"x".repeat(100))[0].len(), MAX_WORD_CHARS);
        assert_eq!(words("…!？"), Vec::<String>::new());
    }

    #[test]
    fn a_search_is_read() {
        let terms = parse_search("Hello -\"very bad\" 科学院 run* \"open");
        let kinds: Vec<_> = terms.iter().map(|t| (&t.kind, t.excluded)).collect();
        let word = |w: &str| TermKind::Words(vec![w.to_owned()]);
        let phrase = |text: &str, words: &[&str]| TermKind::Phrase {
            text: text.to_owned(),
            words: words.iter().map(|w| (*w).to_owned()).collect(),
        };
        assert_eq!(
            kinds,
            [
                (&word("hello"), false),
                (&phrase("very bad", &["very", "bad"]), true),
                (&word("科学院"), false),
                (&TermKind::Prefix("run".to_owned()), false),
                (&phrase("open", &["open"]), false),
            ]
        );
        assert_eq!(parse_search(" - \"\" !! "), []);
    }
}
