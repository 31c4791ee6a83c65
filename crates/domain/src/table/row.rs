//! What the run table gives out, and what it takes in.

use super::{Column, TableView};
use crate::id::{RowId, ViewId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Runs that can be marked at once.
pub const MOST_MARKED: usize = 1000;
/// Longest tag, in characters.
pub const TAG_CHARS: usize = 60;
/// Tags of a run, at most.
pub const MOST_TAGS: usize = 30;
/// Longest note, in characters.
pub const NOTE_CHARS: usize = 4000;

/// Who keeps a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RowSource))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A run that was launched here.
    Lathe,
    /// A run of a program outside, logged by MLflow's client.
    Mlflow,
}

impl Source {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lathe => "lathe",
            Self::Mlflow => "mlflow",
        }
    }
}

impl std::str::FromStr for Source {
    type Err = UnknownSource;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "lathe" => Ok(Self::Lathe),
            "mlflow" => Ok(Self::Mlflow),
            _ => Err(UnknownSource),
        }
    }
}

/// A word that names no source.
#[derive(Debug, thiserror::Error)]
#[error("expected lathe or mlflow")]
pub struct UnknownSource;

/// A run as a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableRow {
    pub id: RowId,
    pub source: Source,
    pub name: String,
    /// Of a run that was launched here.
    pub number: Option<i32>,
    /// By the names of the columns that were asked for; times are milliseconds since 1970.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub values: BTreeMap<String, Value>,
    pub tags: Vec<String>,
    pub note: String,
    pub is_archived: bool,
}

/// A page of rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TablePage {
    pub columns: Vec<Column>,
    pub rows: Vec<TableRow>,
    /// Rows that the view pins, in its order; they stand among the others too.
    pub pinned: Vec<TableRow>,
    /// Rows on all pages.
    pub total: u64,
}

/// Rows that have the same values in the columns of the grouping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TableGroup))]
pub struct Group {
    /// One of each column; `None` where it is missing.
    pub keys: Vec<Option<String>>,
    pub runs: u64,
    /// Of the view's columns that hold numbers.
    pub stats: Vec<GroupStat>,
}

/// A column over the runs of a group that have a value in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TableGroupStat))]
pub struct GroupStat {
    pub column: String,
    pub runs: u64,
    pub mean: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Standard deviation over the runs, as over seeds (n − 1); of two runs or more.
    pub spread: Option<f64>,
}

/// A run in a plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub id: RowId,
    pub source: Source,
    pub name: String,
    pub number: Option<i32>,
    /// One of each column that was asked for.
    pub values: Vec<Option<Value>>,
}

/// What is written on runs. What is not said stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RunMarksEdit))]
pub struct MarksEdit {
    /// At most 1000 runs.
    pub ids: Vec<RowId>,
    #[serde(default)]
    pub add_tags: Vec<String>,
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// Takes the place of the note that was there; an empty one removes it.
    #[serde(default)]
    pub note: Option<String>,
    /// Archives them, or takes them back.
    #[serde(default)]
    pub archive: Option<bool>,
}

/// Why something cannot be written on runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarksProblem {
    #[error("name at least one run")]
    NoRuns,
    #[error("at most {most} runs at once", most = MOST_MARKED)]
    TooManyRuns,
    #[error("a tag has 1 to {most} characters: {0:?}", most = TAG_CHARS)]
    Tag(String),
    #[error("a note has at most {most} characters", most = NOTE_CHARS)]
    Note,
    #[error("nothing is to be written")]
    Nothing,
}

impl MarksEdit {
    /// The edit with tags as they are kept.
    pub fn checked(self) -> Result<Self, MarksProblem> {
        let tags = |tags: Vec<String>| -> Result<Vec<String>, MarksProblem> {
            tags.into_iter().map(|text| tag(&text).ok_or(MarksProblem::Tag(text))).collect()
        };
        let edit = Self { add_tags: tags(self.add_tags)?, remove_tags: tags(self.remove_tags)?, ..self };
        let says_nothing =
            edit.add_tags.is_empty() && edit.remove_tags.is_empty() && edit.note.is_none() && edit.archive.is_none();
        match edit.ids.len() {
            0 => Err(MarksProblem::NoRuns),
            n if n > MOST_MARKED => Err(MarksProblem::TooManyRuns),
            _ if edit.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS) => Err(MarksProblem::Note),
            _ if edit.add_tags.len() > MOST_TAGS || says_nothing => Err(MarksProblem::Nothing),
            _ => Ok(edit),
        }
    }
}

/// A tag as it is kept: without space around it; `None` of what can be none.
#[must_use]
pub fn tag(text: &str) -> Option<String> {
    let tag = text.trim();
    let fits = !tag.is_empty() && tag.chars().count() <= TAG_CHARS && !tag.chars().any(char::is_control);
    fits.then(|| tag.to_owned())
}

/// A view that is kept under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = SavedTableView))]
pub struct SavedView {
    pub id: ViewId,
    pub name: String,
    /// Listed for every member. Whoever has the link of another one can open it too.
    pub is_shared: bool,
    pub state: TableView,
    /// Raised whenever it is overwritten.
    pub revision: i32,
    /// The name of who made it.
    pub created_by: String,
    /// Whether it is the reader's.
    pub is_own: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A view to be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = NewTableView))]
pub struct NewView {
    /// 1 to 80 characters.
    pub name: String,
    #[serde(default)]
    pub is_shared: bool,
    pub state: TableView,
    /// Takes the place of the view of this name, if it has this revision.
    #[serde(default)]
    pub overwrites: Option<i32>,
}
