//! How the bad cases of a project develop: counts of one property over runs or months.

use super::{BadCaseStatus, Cause, Severity, Source};
use crate::id::DatasetId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TrendBy {
    /// The five built-in kinds.
    #[default]
    Cause,
    /// The project's own causes.
    Own,
    Status,
    Severity,
    /// The values of a field of the data.
    Slice,
}

impl TrendBy {
    pub const ALL: [Self; 5] = [Self::Cause, Self::Own, Self::Status, Self::Severity, Self::Slice];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Own => "own",
            Self::Status => "status",
            Self::Severity => "severity",
            Self::Slice => "slice",
        }
    }
}

impl std::str::FromStr for TrendBy {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// Over what it is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TrendOver {
    /// The runs whose models answered: each is a version of the model.
    #[default]
    Run,
    /// The months in which the cases were found.
    Month,
}

impl TrendOver {
    pub const ALL: [Self; 2] = [Self::Run, Self::Month];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Month => "month",
        }
    }
}

impl std::str::FromStr for TrendOver {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// What to count, and of which cases. Dismissed ones never count; a duplicate has the cause of the one that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendQuery {
    pub by: TrendBy,
    pub over: TrendOver,
    /// The field of the data, where a slice is counted.
    pub slice: Option<String>,
    pub dataset: Option<DatasetId>,
    pub cause: Option<Cause>,
    pub status: Option<BadCaseStatus>,
    pub severity: Option<Severity>,
    pub source: Option<Source>,
}

/// One number: how many cases of a column have a value. An empty value or column stands for none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendCell {
    /// `#` and a run's number, or a month as `2026-05`.
    pub column: String,
    pub value: String,
    pub cases: i64,
}

/// The numbers as a table: a row per value, largest first, a column per run or month, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    pub columns: Vec<String>,
    pub rows: Vec<TrendRow>,
}

/// A value with its count in every column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendRow {
    pub value: String,
    pub cases: Vec<i64>,
}

impl TrendRow {
    #[must_use]
    pub fn total(&self) -> i64 {
        self.cases.iter().sum()
    }
}

impl Trend {
    /// Puts cells into a table. They come in the order of the columns.
    #[must_use]
    pub fn of(cells: &[TrendCell]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let mut rows: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for cell in cells {
            if columns.last() != Some(&cell.column) {
                columns.push(cell.column.clone());
            }
            let row = rows.entry(&cell.value).or_default();
            row.resize(columns.len(), 0);
            row[columns.len() - 1] += cell.cases;
        }
        let width = columns.len();
        let mut rows: Vec<TrendRow> = rows
            .into_iter()
            .map(|(value, mut cases)| {
                cases.resize(width, 0);
                TrendRow { value: value.to_owned(), cases }
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.total()));
        Self { columns, rows }
    }

    /// The largest sum of a column.
    #[must_use]
    pub fn largest(&self) -> i64 {
        (0..self.columns.len()).map(|i| self.rows.iter().map(|r| r.cases[i]).sum()).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_a_table() {
        let cell =
            |column: &str, value: &str, cases| TrendCell { column: column.to_owned(), value: value.to_owned(), cases };
        let trend =
            Trend::of(&[cell("#1", "data", 2), cell("#1", "label", 5), cell("#3", "data", 4), cell("#4", "", 1)]);
        assert_eq!(trend.columns, ["#1", "#3", "#4"]);
        let rows: Vec<_> = trend.rows.iter().map(|r| (r.value.as_str(), r.cases.as_slice())).collect();
        assert_eq!(rows, [("data", [2, 4, 0].as_slice()), ("label", [5, 0, 0].as_slice()), ("", [0, 0, 1].as_slice())]);
        assert_eq!((trend.largest(), Trend::of(&[]).largest()), (7, 0));
    }
}
