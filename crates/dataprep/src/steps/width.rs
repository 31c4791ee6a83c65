//! Full-width and half-width forms. U+FF01–U+FF5E are ASCII in full width, U+3000 is its space.

use super::{RowStep, text::Rewrite};
use crate::similar::is_han;
use domain::steps::Width;

pub(super) fn step(settings: &Width) -> Box<dyn RowStep> {
    let (letters, punctuation) = (settings.letters, settings.punctuation);
    let rule = move |text: &str| {
        let narrowed = if letters { narrow(text) } else { text.to_owned() };
        Some(if punctuation { widen_punctuation(&narrowed) } else { narrowed })
    };
    Box::new(Rewrite { within: settings.within, rule })
}

/// Full-width letters, digits and space as ASCII; punctuation stays, since Chinese text is written with it.
fn narrow(text: &str) -> String {
    let narrowed = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
        }
        c => c,
    };
    text.chars().map(narrowed).collect()
}

/// `,;:?!` behind a Han character in full width. A full stop stays: it may be a decimal point or an abbreviation.
fn widen_punctuation(text: &str) -> String {
    let mut before = ' ';
    let widened = |c: char| {
        let wide = match c {
            ',' | ';' | ':' | '?' | '!' if is_han(before) => char::from_u32(c as u32 + 0xfee0).unwrap_or(c),
            c => c,
        };
        before = c;
        wide
    };
    text.chars().map(widened).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_narrowed_and_chinese_punctuation_is_widened() {
        assert_eq!(narrow("ＡＢ１２　ｘ，。"), "AB12 x，。");
        assert_eq!(widen_punctuation("好,真的?3:2 ok, 是!"), "好，真的？3:2 ok, 是！");
    }
}
