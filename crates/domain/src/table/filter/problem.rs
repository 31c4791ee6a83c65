//! Why a filter cannot be read, and where: as data, which pages put into the reader's words.

use super::{DEPTH, FILTER_CHARS, MOST_TESTS, MOST_VALUES};
use crate::table::ColumnKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A filter that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct FilterError {
    /// The character at which it goes wrong, from 1.
    pub column: usize,
    pub problem: FilterProblem,
}

/// What a filter should have gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    Condition,
    Operator,
    Number,
    Seconds,
    Bytes,
    Time,
    Text,
    Flag,
    Tag,
    /// `(` behind `in`.
    Open,
    /// `)`, or `,` in a list.
    Close,
    /// `null` behind `is`.
    Null,
    /// `and` or `or` behind a condition.
    Join,
}

impl Wanted {
    /// What stands behind an operator of such a column.
    #[must_use]
    pub fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Number => Self::Number,
            ColumnKind::Seconds => Self::Seconds,
            ColumnKind::Bytes => Self::Bytes,
            ColumnKind::Time => Self::Time,
            ColumnKind::Flag => Self::Flag,
            ColumnKind::Tags => Self::Tag,
            ColumnKind::Text | ColumnKind::Choice => Self::Text,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Condition => "a column, `tag:NAME`, `not` or `(`",
            Self::Operator => "an operator",
            Self::Number => "a number",
            Self::Seconds => "seconds, or a number with s, m, h or d",
            Self::Bytes => "bytes, or a number with KiB, MiB or GiB",
            Self::Time => "a time such as 2026-01-31 or 2026-01-31T10:00",
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::Tag => "a tag",
            Self::Open => "`(`",
            Self::Close => "`)`",
            Self::Null => "`null`",
            Self::Join => "`and` or `or`",
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterProblem {
    /// A quote or backtick.
    Unclosed,
    /// A character that means nothing outside quotes.
    Character(char),
    TooLong,
    TooDeep,
    TooMany,
    /// `after` is empty at the beginning, `found` at the end.
    Expected {
        wanted: Wanted,
        after: String,
        found: String,
    },
    UnknownColumn {
        name: String,
        like: Option<String>,
    },
    Operator {
        operator: String,
        column: String,
        kind: ColumnKind,
    },
    UnknownChoice {
        column: String,
        value: String,
        choices: Vec<String>,
    },
}

impl fmt::Display for FilterProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => f.write_str("a quote is not closed"),
            Self::Character(c) => write!(f, "{c:?} means nothing here: put texts with it into double quotes"),
            Self::TooLong => write!(f, "a filter has at most {FILTER_CHARS} characters"),
            Self::TooDeep => write!(f, "at most {DEPTH} brackets may lie within one another"),
            Self::TooMany => write!(f, "at most {MOST_TESTS} conditions, and {MOST_VALUES} values in a list"),
            Self::Expected { wanted, after, found } => {
                write!(f, "expected {}", wanted.words())?;
                if !after.is_empty() {
                    write!(f, " after {after}")?;
                }
                if found.is_empty() { f.write_str(", but the filter ends") } else { write!(f, ", found {found}") }
            }
            Self::UnknownColumn { name, like: None } => write!(f, "there is no column {name:?}"),
            Self::UnknownColumn { name, like: Some(like) } => write!(f, "there is no column {name:?}; is it {like}?"),
            Self::Operator { operator, column, kind } => {
                write!(f, "{operator} does not go with {column}, which holds {}", kind.as_str())
            }
            Self::UnknownChoice { column, value, choices } => {
                write!(f, "{column} is never {value:?}, but one of {}", choices.join(", "))
            }
        }
    }
}
