//! The words of a filter.

use super::FilterError;
use std::{fmt, iter::Peekable, str::Chars};

/// What stands before a comparison: `metrics.loss`, or an attribute alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tracking) struct Name {
    pub(in crate::tracking) entity: Option<String>,
    pub(in crate::tracking) key: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entity {
            Some(entity) => write!(f, "{entity}.{}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// A word of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tracking) enum Token {
    /// Without quotes: a name, a keyword or a number.
    Word(String),
    /// In backticks or behind a dot in quotes: a name, whatever it looks like.
    Name(Name),
    /// In single or double quotes.
    Text(String),
    /// One of `= != < <= > >=`.
    Operator(&'static str),
    Open,
    Close,
    Comma,
}

impl Token {
    /// Whether this is a keyword, capital letters or not.
    pub(in crate::tracking) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// The name that this is: a word is split at its first dot.
    pub(in crate::tracking) fn name(&self) -> Option<Name> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::Word(word) => Some(match word.split_once('.') {
                Some((entity, key)) => Name { entity: Some(entity.to_owned()), key: key.to_owned() },
                None => Name { entity: None, key: word.clone() },
            }),
            // An attribute whose name has a space: "Run name".
            Self::Text(text) => Some(Name { entity: None, key: text.clone() }),
            _ => None,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Name(name) => name.fmt(f),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Operator(operator) => f.write_str(operator),
            Self::Open => f.write_str("("),
            Self::Close => f.write_str(")"),
            Self::Comma => f.write_str(","),
        }
    }
}

/// Splits a filter into its words.
pub(in crate::tracking) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        if c.is_whitespace() {
            rest.next();
            continue;
        }
        found.push(match c {
            '(' | ')' | ',' => {
                rest.next();
                match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                }
            }
            '=' | '!' | '<' | '>' => operator(&mut rest)?,
            '\'' | '"' => Token::Text(quoted(&mut rest)?),
            '`' => Token::Name(Name { entity: None, key: quoted(&mut rest)? }),
            _ => word(&mut rest)?,
        });
    }
    Ok(found)
}

fn operator(rest: &mut Peekable<Chars>) -> Result<Token, FilterError> {
    let first = rest.next();
    let has_equal = rest.next_if_eq(&'=').is_some();
    Ok(Token::Operator(match (first, has_equal) {
        (Some('='), _) => "=",
        (Some('!'), true) => "!=",
        (Some('<'), true) => "<=",
        (Some('>'), true) => ">=",
        // SQL's other way to write it.
        (Some('<'), false) if rest.next_if_eq(&'>').is_some() => "!=",
        (Some('<'), false) => "<",
        (Some('>'), false) => ">",
        _ => return Err(FilterError::Unexpected { expected: "a comparator", found: "!".to_owned() }),
    }))
}

/// What stands between a quote and the next one like it; twice the quote is a quote.
fn quoted(rest: &mut Peekable<Chars>) -> Result<String, FilterError> {
    let mut text = String::new();
    let Some(quote) = rest.next() else { return Ok(text) };
    while let Some(c) = rest.next() {
        if c != quote {
            text.push(c);
        } else if rest.next_if_eq(&quote).is_some() {
            text.push(quote);
        } else {
            return Ok(text);
        }
    }
    Err(FilterError::Unclosed)
}

/// A word, whose key may stand in quotes behind its dot.
fn word(rest: &mut Peekable<Chars>) -> Result<Token, FilterError> {
    let mut text = String::new();
    while let Some(&c) = rest.peek() {
        if matches!(c, '`' | '"' | '\'') {
            return match text.strip_suffix('.') {
                Some(entity) => {
                    let entity = Some(entity.to_owned());
                    Ok(Token::Name(Name { entity, key: quoted(rest)? }))
                }
                None => Ok(Token::Word(text)),
            };
        }
        if c.is_whitespace() || "=!<>(),".contains(c) {
            break;
        }
        text.push(c);
        rest.next();
    }
    Ok(Token::Word(text))
}
