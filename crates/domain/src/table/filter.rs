//! The language that filters the run table:
//!
//! ```text
//! status = succeeded and eval.accuracy > 0.8 and recipe.lora.rank in (8, 16) and (tag:baseline or note ~ "zh") and not archived
//! ```
//!
//! Conditions are joined by `and`, `or` and `not`, with brackets. `=` and `!=` compare anything, `< <= > >=` numbers and times,
//! `~` and `!~` look for a part of a text in either case, `in (…)` names several values, `is null` asks for what is missing,
//! `tag:NAME` for a tag, and the name of a flag for the flag. Names with other letters than `A-Z 0-9 _ . / : -` stand in
//! backticks, texts in double quotes; plain words need none.
//!
//! A condition on a value that is missing does not hold, so its opposite does: `not (eval.accuracy > 0.8)` finds runs without
//! an accuracy as well. What is read here prints to one canonical text, which reads back as the same.

mod parse;
mod print;
mod problem;
mod tokens;

pub use parse::parse;
pub(super) use print::{name as written_name, text as written_text};
pub use problem::{FilterError, FilterProblem, Wanted};
pub(super) use tokens::{Token, is_plain, tokens};

use super::ColumnKind;

/// Longest filter, in characters.
pub const FILTER_CHARS: usize = 4000;
/// Most brackets and `not` within one another.
pub const DEPTH: usize = 32;
/// Most conditions.
pub const MOST_TESTS: usize = 100;
/// Most values in one list.
pub const MOST_VALUES: usize = 200;

/// Words that join conditions; as names and values they stand in backticks or quotes.
pub(super) const KEYWORDS: [&str; 6] = ["and", "or", "not", "in", "is", "null"];

/// What must hold of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// The run has this tag.
    Tag(String),
    Test(Test),
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub column: String,
    pub kind: ColumnKind,
    pub is: Is,
}

/// What a value is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    Compared(Comparison, Operand),
    Among(Vec<Operand>),
    /// Holds this text, in either case.
    Containing(String),
    Missing,
    /// Of a flag: that it is there and set.
    Set,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// As it stands in filters, and in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Number(f64),
    /// Milliseconds since 1970.
    Time(i64),
    Text(String),
}

impl Filter {
    /// All of these; a single one is itself.
    #[must_use]
    pub fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::All(flat) }
    }

    /// Any of these; a single one is itself.
    #[must_use]
    pub fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::Any(flat) }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether the filter says itself which archived runs it wants.
    #[must_use]
    pub fn names(&self, column: &str) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names(column)),
            Self::Not(inner) => inner.names(column),
            Self::Tag(_) => column == "tags",
            Self::Test(test) => test.column == column,
        }
    }
}

#[cfg(test)]
mod tests;
