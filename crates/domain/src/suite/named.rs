//! Slices that an evaluation names itself: the samples that a filter takes, against all others.
//!
//! In a form, one is written as a line: `NAME = FIELD:VALUE & FIELD:VALUE`. A value that holds `&` or `"` stands in quotes, in which
//! `""` is one `"`.

use crate::explore::{Field, Filter, all_hold};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a named slice is called among the fields of a report, before its name.
pub const NAMED: &str = "named.";

/// Samples that a filter takes, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NamedSlice {
    /// Once in its evaluation.
    pub name: String,
    /// As `FIELD:VALUE`; values of one field are alternatives, different fields must all hold.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub filter: Vec<Filter>,
}

/// A text that is no named slice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no named slice: write NAME = FIELD:VALUE & FIELD:VALUE")]
pub struct NamedSliceError(pub String);

impl NamedSlice {
    /// Its field in a report.
    #[must_use]
    pub fn field(&self) -> String {
        format!("{NAMED}{}", self.name)
    }

    /// Its value of a sample with these fields: `in` or `out`.
    #[must_use]
    pub fn value(&self, fields: &[(Field, String)]) -> &'static str {
        if all_hold(&self.filter, fields) { "in" } else { "out" }
    }
}

impl fmt::Display for NamedSlice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ", self.name)?;
        for (i, Filter { field, value }) in self.filter.iter().enumerate() {
            let and = if i > 0 { " & " } else { "" };
            if value.contains(['&', '"']) || value.trim() != value {
                write!(f, "{and}{field}:\"{}\"", value.replace('"', "\"\""))?;
            } else {
                write!(f, "{and}{field}:{value}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for NamedSlice {
    type Err = NamedSliceError;
    fn from_str(text: &str) -> Result<Self, NamedSliceError> {
        let wrong = || NamedSliceError(text.trim().chars().take(100).collect());
        let (name, conditions) = text.split_once('=').ok_or_else(wrong)?;
        let (mut rest, mut filter) = (Some(conditions), Vec::new());
        while let Some(text) = rest {
            let (field, behind) = text.split_once(':').ok_or_else(wrong)?;
            let field = field.trim().parse().map_err(|_| wrong())?;
            let (value, next) = value(behind).ok_or_else(wrong)?;
            filter.push(Filter { field, value });
            rest = next;
        }
        Ok(Self { name: name.trim().to_owned(), filter })
    }
}

/// The value that a text begins with, and what stands behind the `&` after it.
fn value(text: &str) -> Option<(String, Option<&str>)> {
    let Some(mut rest) = text.trim_start().strip_prefix('"') else {
        let (value, next) = text.split_once('&').map_or((text, None), |(value, next)| (value, Some(next)));
        return Some((value.trim().to_owned(), next));
    };
    let mut value = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        value.push_str(part);
        let Some(more) = behind.strip_prefix('"') else {
            let behind = behind.trim_start();
            return if behind.is_empty() {
                Some((value, None))
            } else {
                Some((value, Some(behind.strip_prefix('&')?)))
            };
        };
        value.push('"');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn named_slices_read_back() {
        for text in [
            "north refunds = label:refund & label:return & slice.shop:north",
            "odd = label:\"R & D\" & slice.said:\"say \"\"yes\"\"\" & slice.room:\" 1\"",
            "none = label:",
        ] {
            assert_eq!(text.parse::<NamedSlice>().unwrap().to_string(), text);
        }
        let close: NamedSlice = " a=label: x&script:han ".parse().unwrap();
        assert_eq!(close.to_string(), "a = label:x & script:han");
        let bad = ["", "a", "a = ", "a = x", "a = colour:red", "a = label:x & ", "a = label:\"x", "a = label:\"x\" y"];
        assert!(bad.into_iter().all(|text| text.parse::<NamedSlice>().is_err()));
    }

    #[test]
    fn a_sample_is_in_or_out() {
        let slice: NamedSlice = "n = label:a & label:b & slice.shop:north".parse().unwrap();
        let of = |label: &str, shop: &str| {
            slice.value(&[(Field::Label, label.to_owned()), (Field::Slice("shop".to_owned()), shop.to_owned())])
        };
        assert_eq!(
            [of("a", "north"), of("b", "north"), of("a", "south"), of("c", "north")],
            ["in", "in", "out", "out"]
        );
        assert_eq!((slice.value(&[]), slice.field().as_str()), ("out", "named.n"));
    }
}
