//! Foreign text made fit to be quoted: what a file or a library says may be of any length and hold
//! anything, and a reason that quotes it goes into reports, pages and JSON columns.

/// Most characters that are quoted.
const CHARACTERS: usize = 80;

/// The beginning of `text`, on one line and without what no database or terminal takes: control
/// characters become their pictures.
#[must_use]
pub fn brief(text: &str) -> String {
    brief_of(text, CHARACTERS)
}

/// [`brief`] with at most so many characters; an ellipsis follows a text that was cut.
#[must_use]
pub fn brief_of(text: &str, characters: usize) -> String {
    let mut kept: String = text.chars().take(characters).map(visible).collect();
    if text.chars().nth(characters).is_some() {
        kept.push('…');
    }
    kept
}

fn visible(c: char) -> char {
    match c {
        // U+2400 and up show U+0000 and up.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_plain_text_stays() {
        assert_eq!(brief("用户 user"), "用户 user");
        assert_eq!(brief(&"字".repeat(CHARACTERS)), "字".repeat(CHARACTERS));
    }

    #[test]
    fn long_text_is_cut_and_control_characters_are_shown() {
        assert_eq!(brief(&"字".repeat(1 << 20)), format!("{}…", "字".repeat(CHARACTERS)));
        assert_eq!(brief("us\0er\n\x7f"), "us␀er␊\u{fffd}");
    }
}
