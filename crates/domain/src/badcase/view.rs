//! What is shown of bad cases, and how they are searched and edited.

use super::{BadCaseStatus, Cause};
use crate::{
    id::{BadCaseId, DatasetId, RunId, SampleId, VersionId},
    sample::{Sample, Split},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A bad case as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseSummary {
    pub id: BadCaseId,
    pub run_id: RunId,
    pub run_number: i32,
    pub run_name: String,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    /// The last user turn.
    pub prompt: String,
    pub expected: String,
    pub output: String,
    pub status: BadCaseStatus,
    pub cause: Option<Cause>,
    pub correction: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A bad case with its sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCase {
    #[serde(flatten)]
    pub summary: BadCaseSummary,
    pub sample_id: SampleId,
    pub sample: Sample,
    /// Which split the evaluation read.
    pub split: Split,
    /// The version that was evaluated.
    pub version_id: VersionId,
    pub version_number: i32,
    pub note: String,
    /// Who edited it last.
    pub updated_by: Option<String>,
    /// Grows with every edit; an edit names the one it saw.
    pub revision: i32,
    /// Dataset version that holds the correction.
    pub corrected_version_number: Option<i32>,
    /// Labels to choose from, for classification data.
    pub labels: Vec<String>,
}

/// Filter over a project's bad cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCaseQuery {
    pub status: Option<BadCaseStatus>,
    pub cause: Option<Cause>,
    pub run: Option<RunId>,
    pub dataset: Option<DatasetId>,
    /// Part of the sample's text, reference, output or note.
    pub search: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// An edit by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseEdit {
    /// The revision the person saw.
    pub revision: i32,
    pub cause: Option<Cause>,
    #[serde(default)]
    pub note: String,
    /// The right answer; a correction makes the case `corrected`.
    #[serde(default)]
    pub correction: Option<String>,
    /// Not a fault at all.
    #[serde(default)]
    pub dismiss: bool,
}

impl BadCaseEdit {
    /// What the case becomes by this edit.
    #[must_use]
    pub fn status(&self) -> BadCaseStatus {
        let corrected = self.correction.as_ref().is_some_and(|c| !c.trim().is_empty());
        match (self.dismiss, corrected, self.cause) {
            (true, ..) => BadCaseStatus::Dismissed,
            (_, true, _) => BadCaseStatus::Corrected,
            (_, _, Some(_)) => BadCaseStatus::Confirmed,
            (_, _, None) => BadCaseStatus::Open,
        }
    }
}

/// How many bad cases of a project have each status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseCounts {
    pub open: i64,
    pub confirmed: i64,
    pub corrected: i64,
    pub added: i64,
    pub dismissed: i64,
}

impl BadCaseCounts {
    #[must_use]
    pub fn of(&self, status: BadCaseStatus) -> i64 {
        match status {
            BadCaseStatus::Open => self.open,
            BadCaseStatus::Confirmed => self.confirmed,
            BadCaseStatus::Corrected => self.corrected,
            BadCaseStatus::Added => self.added,
            BadCaseStatus::Dismissed => self.dismissed,
        }
    }

    #[must_use]
    pub fn total(&self) -> i64 {
        BadCaseStatus::ALL.into_iter().map(|s| self.of(s)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_decides_the_status() {
        let edit = |cause, correction: Option<&str>, dismiss| BadCaseEdit {
            revision: 0,
            cause,
            note: String::new(),
            correction: correction.map(str::to_owned),
            dismiss,
        };
        assert_eq!(edit(None, None, false).status(), BadCaseStatus::Open);
        assert_eq!(edit(Some(Cause::Data), None, false).status(), BadCaseStatus::Confirmed);
        assert_eq!(edit(Some(Cause::Data), Some("  "), false).status(), BadCaseStatus::Confirmed);
        assert_eq!(edit(None, Some("yes"), false).status(), BadCaseStatus::Corrected);
        assert_eq!(edit(None, Some("yes"), true).status(), BadCaseStatus::Dismissed);
    }
}
