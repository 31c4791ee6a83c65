//! The columns of the run table: which every project has, and which its runs bring.

use crate::{metrics::distance::levenshtein, recipe::Method, run::RunStatus};
use serde::{Deserialize, Serialize};

/// Most columns of a project that are known; further ones of its runs are left out.
pub const MOST_COLUMNS: usize = 2000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Number,
    /// A number of seconds; filters may say `2h`.
    Seconds,
    /// A number of bytes; filters may say `2GiB`.
    Bytes,
    /// Milliseconds since 1970; filters say `2026-01-31` or `2026-01-31T10:00`, in UTC.
    Time,
    Text,
    /// One of a few words.
    Choice,
    /// Holds or not: its name alone is a condition.
    Flag,
    /// Asked for by `tag:NAME`.
    Tags,
}

impl ColumnKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Time => "time",
            Self::Text => "text",
            Self::Choice => "choice",
            Self::Flag => "flag",
            Self::Tags => "tags",
        }
    }

    /// Whether values can be averaged.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Seconds | Self::Bytes)
    }

    /// Whether values have an order that filters can ask for.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.is_number() || self == Self::Time
    }

    /// Whether rows can be grouped by it.
    #[must_use]
    pub fn groups(self) -> bool {
        !matches!(self, Self::Time | Self::Tags)
    }

    /// The operators that filters may have behind such a column.
    #[must_use]
    pub fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Number | Self::Seconds | Self::Bytes | Self::Time => {
                &["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null"]
            }
            Self::Text => &["=", "!=", "~", "!~", "in", "not in", "is null", "is not null"],
            Self::Choice => &["=", "!=", "in", "not in", "is null", "is not null"],
            Self::Flag => &["=", "is null", "is not null"],
            Self::Tags => &[],
        }
    }
}

/// A column of a project's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TableColumn))]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// Of a choice: its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// The columns that every project has, in the order in which they are shown.
const BUILT_IN: [(&str, ColumnKind); 21] = [
    ("name", ColumnKind::Text),
    ("number", ColumnKind::Number),
    ("source", ColumnKind::Choice),
    ("status", ColumnKind::Choice),
    ("failure", ColumnKind::Text),
    ("method", ColumnKind::Choice),
    ("model", ColumnKind::Text),
    ("dataset", ColumnKind::Text),
    ("version", ColumnKind::Number),
    ("experiment", ColumnKind::Text),
    ("by", ColumnKind::Text),
    ("device", ColumnKind::Text),
    ("created", ColumnKind::Time),
    ("started", ColumnKind::Time),
    ("ended", ColumnKind::Time),
    ("duration", ColumnKind::Seconds),
    ("memory", ColumnKind::Bytes),
    ("disk", ColumnKind::Bytes),
    ("tags", ColumnKind::Tags),
    ("note", ColumnKind::Text),
    ("archived", ColumnKind::Flag),
];

/// The columns of a view that names none, where the project has them.
const USUAL: [&str; 13] = [
    "status",
    "method",
    "model",
    "dataset",
    "experiment",
    "recipe.lora.rank",
    "recipe.optimizer.learning_rate",
    "loss.validation.last",
    "eval.accuracy",
    "eval.rouge_l",
    "duration",
    "created",
    "tags",
];

/// Whether every project has a column of this name.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

fn choices(name: &str) -> Vec<String> {
    match name {
        "source" => vec!["lathe".to_owned(), "mlflow".to_owned()],
        "status" => RunStatus::ALL.iter().map(|s| s.as_str().to_owned()).collect(),
        "method" => Method::ALL.iter().map(|m| m.as_str().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The columns of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    columns: Vec<Column>,
}

impl Catalogue {
    /// What every project has, and what its runs brought, by name. What was found twice as something else is text.
    #[must_use]
    pub fn new(found: impl IntoIterator<Item = (String, ColumnKind)>) -> Self {
        let column = |(name, kind): (&str, ColumnKind)| Column { name: name.to_owned(), kind, choices: choices(name) };
        let mut columns: Vec<Column> = BUILT_IN.into_iter().map(column).collect();
        let mut found: Vec<_> = found.into_iter().filter(|(name, _)| !is_built_in(name)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, kind) in found {
            let known = columns.last_mut().filter(|last| last.name == name);
            if let Some(last) = known {
                last.kind = if last.kind == kind { kind } else { ColumnKind::Text };
            } else if columns.len() < MOST_COLUMNS {
                columns.push(Column { name, kind, choices: Vec::new() });
            }
        }
        Self { columns }
    }

    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The named columns that there are, in the order given; of no name at all the usual ones.
    #[must_use]
    pub fn chosen(&self, names: &[String]) -> Vec<Column> {
        if names.is_empty() {
            return USUAL.iter().filter_map(|name| self.get(name)).cloned().collect();
        }
        names.iter().filter_map(|name| self.get(name)).cloned().collect()
    }

    /// A column that somebody may have meant: one that ends in the name, else one that differs in a letter or two.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.to_lowercase();
        let ending = format!(".{wanted}");
        let by_end = self.columns.iter().find(|c| c.name.to_lowercase().ends_with(&ending));
        if let Some(column) = by_end {
            return Some(&column.name);
        }
        let letters: Vec<char> = wanted.chars().collect();
        let distance = |c: &Column| levenshtein(&letters, &c.name.to_lowercase().chars().collect::<Vec<_>>());
        let near = self.columns.iter().map(|c| (distance(c), c)).min_by_key(|(distance, _)| *distance)?;
        (near.0 <= 2 && near.0 * 3 <= letters.len()).then_some(near.1.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let found = [
            ("recipe.lora.rank", ColumnKind::Number),
            ("params.mode", ColumnKind::Number),
            ("params.mode", ColumnKind::Text),
            ("status", ColumnKind::Number),
        ];
        Catalogue::new(found.map(|(name, kind)| (name.to_owned(), kind)))
    }

    #[test]
    fn what_is_two_things_is_text_and_nothing_takes_a_built_in_name() {
        let kind = |name| catalogue().get(name).map(|c| c.kind);
        assert_eq!(kind("params.mode"), Some(ColumnKind::Text));
        assert_eq!(kind("recipe.lora.rank"), Some(ColumnKind::Number));
        assert_eq!(kind("status"), Some(ColumnKind::Choice));
        assert_eq!(catalogue().columns().len(), BUILT_IN.len() + 2);
    }

    #[test]
    fn a_slip_is_recognised() {
        let catalogue = catalogue();
        assert_eq!(catalogue.nearest("rank"), Some("recipe.lora.rank"));
        assert_eq!(catalogue.nearest("statsu"), Some("status"));
        assert_eq!(catalogue.nearest("Status"), Some("status"));
        assert_eq!(catalogue.nearest("nothing.like.it"), None);
        assert_eq!(catalogue.nearest("xy"), None);
    }

    #[test]
    fn a_view_without_columns_has_the_usual_ones() {
        let names = |columns: Vec<Column>| columns.into_iter().map(|c| c.name).collect::<Vec<_>>();
        assert!(names(catalogue().chosen(&[])).starts_with(&["status".to_owned(), "method".to_owned()]));
        let chosen = ["tags".to_owned(), "gone".to_owned(), "status".to_owned()];
        assert_eq!(names(catalogue().chosen(&chosen)), ["tags", "status"]);
    }
}
