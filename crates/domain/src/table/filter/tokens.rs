//! A filter cut into words, texts, names and symbols, each with its place.

use super::{FilterError, FilterProblem};

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Without quotes: a name, number, keyword or text.
    Word(String),
    /// In double quotes.
    Text(String),
    /// In backticks.
    Name(String),
    Symbol(&'static str),
}

/// A piece with the characters that it spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    /// From 0.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Lexeme {
    /// The piece as messages quote it.
    pub(crate) fn quoted(&self) -> String {
        match &self.token {
            Token::Word(text) => text.clone(),
            Token::Text(text) => format!("{text:?}"),
            Token::Name(name) => format!("`{name}`"),
            Token::Symbol(symbol) => (*symbol).to_owned(),
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [(&str, &str); 13] = [
    ("!=", "!="),
    ("<>", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("==", "="),
    ("!~", "!~"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("~", "~"),
    ("(", "("),
    (")", ")"),
    (",", ","),
];

/// Whether a character can stand in a word without quotes.
pub(crate) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_./:+-@%".contains(c)
}

/// The pieces of a filter.
pub(crate) fn tokens(text: &str) -> Result<Vec<Lexeme>, FilterError> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if letters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, end) = token(&letters, at)?;
        found.push(Lexeme { token, start: at, end });
        at = end;
    }
    Ok(found)
}

/// The piece that begins at `at`, and where it ends.
fn token(letters: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    match letters[at] {
        '"' => text(letters, at).map(|(text, end)| (Token::Text(text), end)),
        '`' => name(letters, at).map(|(name, end)| (Token::Name(name), end)),
        c if is_plain(c) => {
            let end = letters[at..].iter().position(|c| !is_plain(*c)).map_or(letters.len(), |n| at + n);
            Ok((Token::Word(letters[at..end].iter().collect()), end))
        }
        c => {
            let here = |written: &str| written.chars().eq(letters[at..].iter().copied().take(written.len()));
            let symbol = SYMBOLS.iter().copied().find(|(written, _)| here(written));
            let (written, symbol) = symbol.ok_or_else(|| problem(at, FilterProblem::Character(c)))?;
            Ok((Token::Symbol(symbol), at + written.len()))
        }
    }
}

/// A text in quotes: `\"` and `\\` stand for a quote and a backslash.
fn text(letters: &[char], start: usize) -> Result<(String, usize), FilterError> {
    let mut text = String::new();
    let mut at = start + 1;
    while at < letters.len() {
        match letters[at] {
            '"' => return Ok((text, at + 1)),
            '\\' if matches!(letters.get(at + 1), Some('"' | '\\')) => {
                text.push(letters[at + 1]);
                at += 2;
            }
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
    Err(problem(start, FilterProblem::Unclosed))
}

/// A name in backticks, of which two stand for one.
fn name(letters: &[char], start: usize) -> Result<(String, usize), FilterError> {
    let mut name = String::new();
    let mut at = start + 1;
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('`', Some('`')) => {
                name.push('`');
                at += 2;
            }
            ('`', _) => return Ok((name, at + 1)),
            (c, _) => {
                name.push(c);
                at += 1;
            }
        }
    }
    Err(problem(start, FilterProblem::Unclosed))
}

fn problem(at: usize, problem: FilterProblem) -> FilterError {
    FilterError { column: at + 1, problem }
}
