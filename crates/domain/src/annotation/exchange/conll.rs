//! Spans as tags of tokens, in the four columns of CoNLL-2003 (Tjong Kim Sang & De Meulder 2003), tagged B, I and O. Where that
//! has the part of speech and the chunk, the token's place stands: where it begins and ends, in code points.

mod read;

pub use read::{Problem, Tagged, Unread, read, words};

use crate::sample::Span;
use std::fmt::Write;

/// Begins a file, and each text in it.
pub const DOCUMENT: &str = "-DOCSTART- -X- -X- O\n\n";

/// A token: characters `start..end` in code points.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    start: u32,
    end: u32,
    word: String,
}

/// A text with its spans, a token a line and an empty line behind each line of the text. Tokens are runs of letters and
/// digits, single characters of Chinese, and single other characters; none crosses the border of a span. Of spans that
/// overlap, the first and longest is written.
#[must_use]
pub fn document(text: &str, spans: &[Span]) -> String {
    let kept = apart(spans);
    let mut out = String::from(DOCUMENT);
    let mut line_is_empty = true;
    let mut last_end = None;
    for token in tokens(text, &kept) {
        if token.word == "\n" {
            if !line_is_empty {
                out.push('\n');
            }
            line_is_empty = true;
            continue;
        }
        let inside = kept.iter().find(|s| s.start <= token.start && token.end <= s.end);
        let tag = match inside {
            None => "O".to_owned(),
            // The first token of a span that begins with a space begins behind it.
            Some(span) if last_end.is_none_or(|end| end <= span.start) => format!("B-{}", word(&span.label)),
            Some(span) => format!("I-{}", word(&span.label)),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{} {} {} {tag}", token.word, token.start, token.end);
        last_end = Some(token.end);
        line_is_empty = false;
    }
    if !line_is_empty {
        out.push('\n');
    }
    out
}

/// A label without spaces, which would be another column.
fn word(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join("_")
}

/// The spans that do not overlap with one before them.
fn apart(spans: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<&Span> = spans.iter().filter(|s| s.start < s.end).collect();
    sorted.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    let mut kept: Vec<Span> = Vec::new();
    for span in sorted {
        if kept.last().is_none_or(|last| last.end <= span.start) {
            kept.push(span.clone());
        }
    }
    kept
}

/// The tokens of a text; the end of a line is one of its own.
fn tokens(text: &str, spans: &[Span]) -> Vec<Token> {
    let is_border = |at: u32| spans.iter().any(|s| s.start == at || s.end == at);
    let mut found: Vec<Token> = Vec::new();
    let mut before: Option<char> = None;
    for (at, c) in (0_u32..).zip(text.chars()) {
        let joins = before.is_some_and(|b| joins(b, c)) && !is_border(at);
        match found.last_mut() {
            Some(token) if joins => {
                token.word.push(c);
                token.end = at + 1;
            }
            _ if c == '\n' || !c.is_whitespace() => found.push(Token { start: at, end: at + 1, word: c.to_string() }),
            _ => {}
        }
        before = Some(c);
    }
    found
}

/// Whether a character belongs to the token of the one before it.
fn joins(before: char, c: char) -> bool {
    const JOINER: char = '\u{200d}';
    if before.is_whitespace() || c.is_whitespace() {
        return false;
    }
    // Joined and coloured emoji, and marks on letters, are one sign to whoever reads.
    let is_mark = matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | JOINER);
    let is_letter = |c: char| c.is_alphanumeric() && !is_chinese(c) || matches!(c, '\u{300}'..='\u{36f}');
    is_mark || before == JOINER || (is_letter(before) && is_letter(c))
}

/// Characters of scripts that put no spaces between words.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
