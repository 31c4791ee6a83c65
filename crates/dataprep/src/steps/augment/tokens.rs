//! A text cut into words and what stands between them: Chinese by jieba's dictionary, all else at Unicode's word boundaries.

use crate::{similar::is_han, words::JIEBA};
use unicode_segmentation::UnicodeSegmentation;

/// The pieces of a text; put together they are the text. `own` are Chinese words that count as words wherever they stand.
pub(super) fn tokens<'a>(text: &'a str, own: &[String]) -> Vec<&'a str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let han = is_han(first);
        let end = rest.char_indices().find(|(_, c)| is_han(*c) != han).map_or(rest.len(), |(at, _)| at);
        let (run, behind) = rest.split_at(end);
        if han {
            cut(run, own, &mut all);
        } else {
            all.extend(run.split_word_bounds());
        }
        rest = behind;
    }
    all
}

/// Cuts Chinese text: at the own words, and between them by the dictionary.
fn cut<'a>(run: &'a str, own: &[String], all: &mut Vec<&'a str>) {
    let (mut done, mut at) = (0, 0);
    let rest = |all: &mut Vec<&'a str>, part: &'a str| {
        all.extend(JIEBA.cut(part, false).iter().map(|token| token.word));
    };
    while let Some(first) = run[at..].chars().next() {
        match own.iter().filter(|word| run[at..].starts_with(word.as_str())).max_by_key(|word| word.len()) {
            Some(word) => {
                rest(all, &run[done..at]);
                all.push(&run[at..at + word.len()]);
                at += word.len();
                done = at;
            }
            None => at += first.len_utf8(),
        }
    }
    rest(all, &run[done..]);
}

/// Whether a piece is a word that may change: of letters alone, and not part of an address, a path, code or a mask.
pub(super) fn is_word(tokens: &[&str], i: usize) -> bool {
    let beside = |i: Option<usize>| {
        i.and_then(|i| tokens.get(i))
            .is_some_and(|t| t.ends_with(['@', '/', '\\', '_', '#', '[', ']', '`', '<', '>', '=', '{', '}']))
    };
    let word = tokens[i];
    word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’'))
        && !beside(i.checked_sub(1))
        && !beside(Some(i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_text_and_addresses_are_no_words() {
        let text = "我喜欢 Rust语言, don't 你? see https://a.example/b";
        let pieces = tokens(text, &["学习法".to_owned()]);
        assert_eq!(pieces.concat(), text);
        let words: Vec<_> = (0..pieces.len()).filter(|i| is_word(&pieces, *i)).map(|i| pieces[i]).collect();
        assert_eq!(words[..6], ["我", "喜欢", "Rust", "语言", "don't", "你"]);
        assert!(!words.contains(&"b"), "{words:?}");
    }
}
