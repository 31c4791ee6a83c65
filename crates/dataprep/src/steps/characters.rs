//! Characters that nobody sees or that no text needs: control characters, invisible ones, runs of space.
//!
//! Joiners (U+200C, U+200D) stay where a script or an emoji needs them: between two letters of a joining script, or after
//! an emoji. Variation selectors stay behind any character.

use super::{RowStep, text::Rewrite};
use domain::steps::Characters;

pub(super) fn step(settings: &Characters) -> Box<dyn RowStep> {
    let s = settings.clone();
    Box::new(Rewrite { within: s.within, rule: move |text: &str| Some(clean(text, &s)) })
}

fn clean(text: &str, s: &Characters) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let goes = (s.control && c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
            || (s.invisible && is_invisible(c, before, chars.peek().copied()));
        if !goes {
            out.push(c);
            before = Some(c);
        }
    }
    if s.space { spaced(&out) } else { out }
}

fn is_invisible(c: char, before: Option<char>, after: Option<char>) -> bool {
    match c {
        // Zero-width space, word joiner and invisible operators, byte-order mark, soft hyphen, marks and embeddings of
        // direction, tags.
        '\u{200b}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{61c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' => true,
        '\u{200c}' | '\u{200d}' => !before.is_some_and(joins) || !after.is_some_and(joins),
        _ => false,
    }
}

/// Whether a joiner beside this character may mean something: scripts that join or stack letters, emoji and what modifies
/// them.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{2190}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{1f000}'..='\u{1faff}')
}

/// Line feeds for carriage returns, runs of spaces and tabs as one space inside a line (its indentation stays), none at
/// the end of lines, one empty line for several, none around the text.
fn spaced(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let body = line.trim_start_matches(is_blank);
        let indent = &line[..line.len() - body.len()];
        let words: Vec<&str> = body.split(is_blank).filter(|word| !word.is_empty()).collect();
        let line = if words.is_empty() { String::new() } else { format!("{indent}{}", words.join(" ")) };
        if !(line.is_empty() && out.last().is_none_or(|above| above.is_empty())) {
            out.push(line);
        }
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    let joined = out.join("\n");
    joined.trim_start_matches(is_blank).to_owned()
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> String {
        clean(text, &Characters::default())
    }

    #[test]
    fn what_nobody_sees_goes_and_what_scripts_need_stays() {
        assert_eq!(all("a\u{0}b\u{200b}c\u{feff}\u{7}"), "abc");
        assert_eq!(all("👩\u{200d}👧 ok"), "👩\u{200d}👧 ok");
        assert_eq!(all("क्\u{200d}ष می\u{200c}خواهم"), "क्\u{200d}ष می\u{200c}خواهم");
        assert_eq!(all("a\u{200d}b"), "ab");
        assert_eq!(all("\u{202e}evil"), "evil");
    }

    #[test]
    fn space_is_put_in_order_and_code_keeps_its_shape() {
        assert_eq!(all("  a \u{a0} b\t\tc  \r\n\r\n\r\n d\n"), "a b c\n\n d");
        assert_eq!(all("def f():\n    return  1"), "def f():\n    return 1");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(text in "[a-z \t\n\r\u{0}\u{200b}\u{200d}👩म好\u{a0}]{0,40}") {
            let once = all(&text);
            prop_assert_eq!(all(&once), once);
        }
    }
}
