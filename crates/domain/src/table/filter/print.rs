//! The canonical text of a filter.

use super::{Comparison, Filter, Is, KEYWORDS, Operand, Test};
use std::fmt;
use time::OffsetDateTime;

/// How tightly the place of a part binds: `or` needs brackets within `and`, both within `not`.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Place {
    Whole,
    InAny,
    InAll,
    InNot,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, Place::Whole, f)
    }
}

fn print(filter: &Filter, place: Place, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match filter {
        Filter::Any(parts) => joined(parts, " or ", Place::InAny, place > Place::Whole, f),
        Filter::All(parts) => joined(parts, " and ", Place::InAll, place > Place::InAny, f),
        Filter::Not(inner) => match &**inner {
            Filter::Test(test) if has_opposite(&test.is) => print_test(test, true, f),
            inner => {
                f.write_str("not ")?;
                print(inner, Place::InNot, f)
            }
        },
        Filter::Tag(tag) => write!(f, "tag:{}", text(tag)),
        Filter::Test(test) => print_test(test, false, f),
    }
}

fn joined(parts: &[Filter], word: &str, place: Place, brackets: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(if brackets { "(" } else { "" })?;
    for (i, part) in parts.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { word })?;
        print(part, place, f)?;
    }
    f.write_str(if brackets { ")" } else { "" })
}

/// Whether there is an operator for the opposite. `>=` is none of `<`: what is missing is neither.
fn has_opposite(is: &Is) -> bool {
    match is {
        Is::Compared(comparison, _) => *comparison == Comparison::Equal,
        Is::Among(_) | Is::Containing(_) | Is::Missing => true,
        Is::Set => false,
    }
}

fn print_test(test: &Test, is_negated: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&name(&test.column))?;
    match &test.is {
        Is::Compared(Comparison::Equal, operand) => {
            write!(f, " {} {}", if is_negated { "!=" } else { "=" }, value(operand))
        }
        Is::Compared(comparison, operand) => write!(f, " {} {}", comparison.as_str(), value(operand)),
        Is::Among(operands) => {
            let values: Vec<String> = operands.iter().map(value).collect();
            write!(f, " {}in ({})", if is_negated { "not " } else { "" }, values.join(", "))
        }
        Is::Containing(part) => write!(f, " {} {}", if is_negated { "!~" } else { "~" }, text(part)),
        Is::Missing => f.write_str(if is_negated { " is not null" } else { " is null" }),
        Is::Set => Ok(()),
    }
}

/// A column's name, in backticks where it would not be read as one.
#[must_use]
pub(crate) fn name(name: &str) -> String {
    let is_plain = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(super::tokens::is_plain)
        && !is_keyword(name)
        && !name.starts_with("tag:");
    if is_plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// A text, in quotes where it is more than a word.
#[must_use]
pub(crate) fn text(text: &str) -> String {
    let is_plain = !text.is_empty() && text.chars().all(super::tokens::is_plain) && !is_keyword(text);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|k| k.eq_ignore_ascii_case(word))
}

fn value(operand: &Operand) -> String {
    match operand {
        Operand::Number(x) if *x == 0.0 || (1e-5..1e15).contains(&x.abs()) => x.to_string(),
        Operand::Number(x) => format!("{x:e}"),
        Operand::Time(ms) => time(*ms),
        Operand::Text(words) => text(words),
    }
}

/// As short as it is exact: a day, a minute, a second, or milliseconds.
fn time(ms: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000) else { return ms.to_string() };
    let day = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    match (at.hour(), at.minute(), at.second(), at.millisecond()) {
        (0, 0, 0, 0) => day,
        (h, m, 0, 0) => format!("{day}T{h:02}:{m:02}"),
        (h, m, s, 0) => format!("{day}T{h:02}:{m:02}:{s:02}"),
        (h, m, s, ms) => format!("{day}T{h:02}:{m:02}:{s:02}.{ms:03}"),
    }
}
