//! A text with full-width letters, digits and the signs of numbers and addresses in their ordinary forms, and where each
//! byte of it stands in the text.

use std::{borrow::Cow, ops::Range};

pub(super) struct Narrow<'a> {
    text: Cow<'a, str>,
    /// Of each byte of `text`, and of its end, the byte in the original; empty where they are the same.
    places: Vec<u32>,
}

impl<'a> Narrow<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        if !text.chars().any(|c| narrowed(c) != c) {
            return Self { text: Cow::Borrowed(text), places: Vec::new() };
        }
        let mut out = String::with_capacity(text.len());
        let mut places = Vec::with_capacity(text.len() + 1);
        for (at, c) in text.char_indices() {
            let c = narrowed(c);
            out.push(c);
            places.extend(std::iter::repeat_n(at as u32, c.len_utf8()));
        }
        places.push(text.len() as u32);
        Self { text: Cow::Owned(out), places }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a stretch of whole characters stands in the original.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        if self.places.is_empty() {
            return range;
        }
        self.places[range.start] as usize..self.places[range.end] as usize
    }
}

/// Punctuation that parts sentences stays, since Chinese text is written with it.
fn narrowed(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff10}'..='\u{ff19}'
        | '\u{ff21}'..='\u{ff3a}'
        | '\u{ff41}'..='\u{ff5a}'
        | '（'
        | '）'
        | '＋'
        | '－'
        | '．'
        | '＠'
        | '＿' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_found_again_in_the_original() {
        let text = "好１３８a，é";
        let narrow = Narrow::new(text);
        assert_eq!(narrow.text(), "好138a，é");
        let place = |part: &str| {
            let start = narrow.text().find(part).unwrap_or_default();
            &text[narrow.place(start..start + part.len())]
        };
        assert_eq!((place("138"), place("8a，"), place("é"), place("好")), ("１３８", "８a，", "é", "好"));
    }
}
