//! The tokenizers of sacreBLEU, quirks included: a figure without the name of its tokenizer says nothing (Post, A Call for
//! Clarity in Reporting BLEU Scores, 2018).

use crate::metrics::unicode::{is_punctuation, is_python_space, is_symbol};

/// How a text becomes words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokenizer {
    /// mteval-v13a, for languages with spaces.
    #[default]
    V13a,
    /// Chinese by character, the rest as 13a.
    Zh,
    /// Every character by itself.
    Char,
    /// mteval-v14 "international": splits at all Unicode punctuation and symbols.
    Intl,
    /// Words are what white space separates.
    None,
}

impl Tokenizer {
    pub const ALL: [Self; 5] = [Self::V13a, Self::Zh, Self::Char, Self::Intl, Self::None];

    /// The name in sacreBLEU's signature.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::Zh => "zh",
            Self::Char => "char",
            Self::Intl => "intl",
            Self::None => "none",
        }
    }

    /// The words of a text.
    #[must_use]
    pub fn words(self, text: &str) -> Vec<String> {
        let text = text.trim_end_matches(is_python_space);
        match self {
            Self::V13a => western(unescape(text).chars().collect()),
            Self::Zh => western(apart(text.trim_start_matches(is_python_space).chars(), is_chinese)),
            Self::Char => text.chars().filter(|c| !is_python_space(*c)).map(String::from).collect(),
            Self::Intl => international(text.chars().collect()),
            Self::None => split(text.chars()),
        }
    }
}

/// The part of 13a that does not depend on the language.
fn unescape(text: &str) -> String {
    let mut line = text.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    for (escaped, plain) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
        line = line.replace(escaped, plain);
    }
    format!(" {line} ")
}

/// The part of 13a for Western languages: punctuation apart, but `.` and `,` between digits and `-` that follows none.
fn western(line: Vec<char>) -> Vec<String> {
    let stops = |c: char| matches!(c, '.' | ',');
    let line = apart(line.into_iter(), is_ascii_mark);
    let line = pairs(&line, |a, b| !a.is_ascii_digit() && stops(b), |a, b| [a, ' ', b, ' ']);
    let line = pairs(&line, |a, b| stops(a) && !b.is_ascii_digit(), |a, b| [' ', a, ' ', b]);
    split(pairs(&line, |a, b| a.is_ascii_digit() && b == '-', |a, b| [a, ' ', b, ' ']).into_iter())
}

/// ASCII punctuation and symbols but `'`, `,`, `-` and `.`; the space, too.
fn is_ascii_mark(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

fn international(line: Vec<char>) -> Vec<String> {
    let line = pairs(&line, |a, b| !a.is_numeric() && is_punctuation(b), |a, b| [a, ' ', b, ' ']);
    let line = pairs(&line, |a, b| is_punctuation(a) && !b.is_numeric(), |a, b| [' ', a, ' ', b]);
    split(apart(line.into_iter(), is_symbol).into_iter())
}

/// Spaces around each of `which`.
fn apart(line: impl Iterator<Item = char>, which: impl Fn(char) -> bool) -> Vec<char> {
    let mut out = Vec::new();
    for c in line {
        if which(c) { out.extend([' ', c, ' ']) } else { out.push(c) }
    }
    out
}

/// Writes pairs of neighbours anew, from left to right, none of them overlapping another: what a regular expression of two
/// groups replaces.
fn pairs(line: &[char], is: impl Fn(char, char) -> bool, write: impl Fn(char, char) -> [char; 4]) -> Vec<char> {
    let (mut out, mut i) = (Vec::with_capacity(line.len()), 0);
    while i < line.len() {
        match line.get(i + 1).filter(|next| is(line[i], **next)) {
            Some(next) => {
                out.extend(write(line[i], *next));
                i += 2;
            }
            None => {
                out.push(line[i]);
                i += 1;
            }
        }
    }
    out
}

fn split(line: impl Iterator<Item = char>) -> Vec<String> {
    let line: String = line.collect();
    crate::metrics::unicode::python_words(&line).map(str::to_owned).collect()
}

/// What sacreBLEU takes for Chinese. Two of its ranges are meant for the planes beyond the first, but are written with four
/// digits of escape and a fifth as text; so they hold other characters, among them “ and —, and not those planes.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fbb}' | '\u{f900}'..='\u{fa2d}' | '\u{fa30}'..='\u{fa6a}'
        | '\u{fa70}'..='\u{fad9}' | '\u{2001}'..='\u{2a6d}' | '\u{2f81}'..='\u{2fa1}' | '\u{ff00}'..='\u{ffef}'
        | '\u{2e80}'..='\u{2eff}' | '\u{3000}'..='\u{303f}' | '\u{31c0}'..='\u{31ef}' | '\u{2f00}'..='\u{2fdf}'
        | '\u{2ff0}'..='\u{2fff}' | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{fe10}'..='\u{fe1f}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{3200}'..='\u{33ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// sacreBLEU 2.6.0.
    #[test]
    fn words_are_those_of_sacrebleu() {
        let text = "Hello, \"world\" &amp; co.: 3,000.50 or 1-2 (it's 5.)... 你好，世界！ 😀 \u{201c}a-b\u{201d}";
        let words = |tokenizer: Tokenizer| tokenizer.words(text).join(" ");
        assert_eq!(
            words(Tokenizer::V13a),
            "Hello , \" world \" & co . : 3,000.50 or 1 - 2 ( it's 5 . ) . . . 你好，世界！ 😀 “a-b”"
        );
        assert_eq!(
            words(Tokenizer::Zh),
            "Hello , \" world \" & amp ; co . : 3,000.50 or 1 - 2 ( it's 5 . ) . . . 你 好 ， 世 界 ！ 😀 “ a-b ”"
        );
        assert_eq!(
            words(Tokenizer::Intl),
            "Hello , \" world \" & amp ; co . : 3,000.50 or 1-2 ( it ' s 5 . ) . . . 你好 ， 世界 ！ 😀 “ a - b ”"
        );
        assert_eq!(Tokenizer::Char.words("a 中\u{3000}!"), ["a", "中", "!"]);
        assert_eq!(Tokenizer::None.words(" a-b  c. "), ["a-b", "c."]);
        assert!(Tokenizer::ALL.iter().all(|t| t.words(" \n").is_empty()));
    }
}
