//! A text cut into words and what stands between them: Chinese by jieba's dictionary, all else at Unicode's word boundaries.

use crate::{similar::is_han, words::JIEBA};
use unicode_segmentation::UnicodeSegmentation;

/// The pieces of a text; put together they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let han = is_han(first);
        let end = rest.char_indices().find(|(_, c)| is_han(*c) != han).map_or(rest.len(), |(at, _)| at);
        let (run, behind) = rest.split_at(end);
        if han {
            all.extend(JIEBA.cut(run, false).iter().map(|token| token.word));
        } else {
            all.extend(run.split_word_bounds());
        }
        rest = behind;
    }
    all
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
        let pieces = tokens(text);
        assert_eq!(pieces.concat(), text);
        let words: Vec<_> = (0..pieces.len()).filter(|i| is_word(&pieces, *i)).map(|i| pieces[i]).collect();
        assert_eq!(words[..6], ["我", "喜欢", "Rust", "语言", "don't", "你"]);
        assert!(!words.contains(&"b"), "{words:?}");
    }
}
