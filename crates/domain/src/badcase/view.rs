//! What is shown of bad cases, and how they are searched and edited.

use super::{BadCaseStatus, Cause, Severity, Source};
use crate::{
    id::{BadCaseId, CauseId, ClusterId, DatasetId, RunId, SampleId, UserId, VersionId},
    sample::{Sample, Split},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A bad case as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseSummary {
    pub id: BadCaseId,
    pub source: Source,
    /// The run whose model answered; none where nobody has said.
    pub run_id: Option<RunId>,
    pub run_number: Option<i32>,
    pub run_name: Option<String>,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    /// The last user turn.
    pub prompt: String,
    pub expected: String,
    pub output: String,
    pub status: BadCaseStatus,
    pub cause: Option<Cause>,
    /// The project's own cause below that.
    pub cause_id: Option<CauseId>,
    pub cause_name: Option<String>,
    pub severity: Option<Severity>,
    pub owner_id: Option<UserId>,
    pub owner: Option<String>,
    pub cluster_id: Option<ClusterId>,
    /// The case that is kept in the place of this one.
    pub duplicate_of: Option<BadCaseId>,
    /// Number of the latest run that passed it after it was found.
    pub resolved_in: Option<i32>,
    /// Number of a later run that failed it again.
    pub broken_in: Option<i32>,
    pub correction: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// The version and split whose evaluation found a bad case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvaluatedOn {
    pub version_id: VersionId,
    pub version_number: i32,
    pub split: Split,
}

/// A bad case with its sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCase {
    #[serde(flatten)]
    pub summary: BadCaseSummary,
    pub sample_id: SampleId,
    pub sample: Sample,
    /// What was evaluated, where an evaluation found it.
    pub evaluated: Option<EvaluatedOn>,
    pub note: String,
    /// Who edited it last.
    pub updated_by: Option<String>,
    /// Grows with every edit; an edit names the one it saw.
    pub revision: i32,
    /// Dataset version that holds the correction.
    pub corrected_version_number: Option<i32>,
    /// Labels to choose from, for classification data.
    pub labels: Vec<String>,
    /// Cases that were merged into this one.
    pub duplicates: Vec<BadCaseId>,
}

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BadCaseSort {
    /// In the order they were found.
    #[default]
    Found,
    /// Those found last first.
    Newest,
    /// Those changed last first.
    Changed,
    /// The worst first; those without a severity last.
    Severity,
}

impl BadCaseSort {
    pub const ALL: [Self; 4] = [Self::Found, Self::Newest, Self::Changed, Self::Severity];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Newest => "newest",
            Self::Changed => "changed",
            Self::Severity => "severity",
        }
    }
}

impl std::str::FromStr for BadCaseSort {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// Filter over a project's bad cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCaseQuery {
    pub status: Option<BadCaseStatus>,
    pub cause: Option<Cause>,
    /// A cause of the project's own, with those below it.
    pub own_cause: Option<CauseId>,
    pub severity: Option<Severity>,
    pub owner: Option<UserId>,
    pub cluster: Option<ClusterId>,
    pub source: Option<Source>,
    pub run: Option<RunId>,
    pub dataset: Option<DatasetId>,
    /// Part of the sample's text, reference, output or note.
    pub search: Option<String>,
    pub sort: BadCaseSort,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

impl BadCaseQuery {
    /// Whether anything but the status is asked for.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.cause.is_some()
            || self.own_cause.is_some()
            || self.severity.is_some()
            || self.owner.is_some()
            || self.cluster.is_some()
            || self.source.is_some()
            || self.run.is_some()
            || self.dataset.is_some()
            || self.search.is_some()
    }
}

/// An edit by a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseEdit {
    /// The revision the person saw.
    pub revision: i32,
    pub cause: Option<Cause>,
    /// A cause of the project's own. One that is newly chosen brings its kind along; one that was there before goes where
    /// another kind is chosen.
    #[serde(default)]
    pub cause_id: Option<CauseId>,
    #[serde(default)]
    pub severity: Option<Severity>,
    /// A member of the project.
    #[serde(default)]
    pub owner_id: Option<UserId>,
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
        status_of(self.dismiss, corrected, self.cause.is_some() || self.cause_id.is_some())
    }
}

/// The status that follows from what people have said of a case.
#[must_use]
pub fn status_of(dismissed: bool, corrected: bool, explained: bool) -> BadCaseStatus {
    match (dismissed, corrected, explained) {
        (true, ..) => BadCaseStatus::Dismissed,
        (_, true, _) => BadCaseStatus::Corrected,
        (_, _, true) => BadCaseStatus::Confirmed,
        (_, _, false) => BadCaseStatus::Open,
    }
}

/// Longest prompt or answer of a case that is written by hand, in characters.
pub const MAX_TEXT_CHARS: usize = 100_000;

/// A bad case that no evaluation has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewBadCase {
    /// The dataset that it belongs to: a correction of it makes that one's next version.
    pub dataset_id: DatasetId,
    /// What the model was asked.
    pub prompt: String,
    /// What the system message said, if there was one.
    #[serde(default)]
    pub system: String,
    /// What the model answered.
    pub output: String,
    /// What it should have answered.
    pub expected: String,
    /// The run whose model answered, if it was one of the project's.
    #[serde(default)]
    pub run_id: Option<RunId>,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub note: String,
}

/// What of a new bad case cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewBadCaseError {
    #[error("write what the model was asked")]
    Prompt,
    #[error("write what it should have answered")]
    Expected,
    #[error("this is what it should have answered: then it is no bad case")]
    Same,
    #[error("at most {MAX_TEXT_CHARS} characters")]
    TooLong(&'static str),
}

impl NewBadCaseError {
    /// The field that it is about.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Expected => "expected",
            Self::Same => "output",
            Self::TooLong(field) => field,
        }
    }
}

impl NewBadCase {
    /// Fails with the first field that cannot be used.
    pub fn check(&self) -> Result<(), NewBadCaseError> {
        if self.prompt.trim().is_empty() {
            return Err(NewBadCaseError::Prompt);
        }
        if self.expected.trim().is_empty() {
            return Err(NewBadCaseError::Expected);
        }
        if self.expected.trim() == self.output.trim() {
            return Err(NewBadCaseError::Same);
        }
        let texts = [
            ("prompt", &self.prompt),
            ("system", &self.system),
            ("output", &self.output),
            ("expected", &self.expected),
            ("note", &self.note),
        ];
        let too_long = texts.into_iter().find(|(_, text)| text.chars().count() > MAX_TEXT_CHARS);
        too_long.map_or(Ok(()), |(field, _)| Err(NewBadCaseError::TooLong(field)))
    }
}

/// What is done to several bad cases at once. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CasesEdit {
    /// Which ones; at most 500.
    pub ids: Vec<BadCaseId>,
    #[serde(default)]
    pub owner_id: Option<UserId>,
    #[serde(default)]
    pub severity: Option<Severity>,
    #[serde(default)]
    pub cause: Option<Cause>,
    /// Brings its kind along.
    #[serde(default)]
    pub cause_id: Option<CauseId>,
    #[serde(default)]
    pub dismiss: bool,
    /// Merges all others into this one.
    #[serde(default)]
    pub merge_into: Option<BadCaseId>,
}

/// A comment on a bad case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseComment {
    pub id: i64,
    /// `None` when the account is gone.
    pub author_id: Option<UserId>,
    pub author: Option<String>,
    pub body: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A comment that names the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseMention {
    pub bad_case_id: BadCaseId,
    pub comment: CaseComment,
    pub seen: bool,
}

/// A cluster of bad cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseCluster {
    pub id: ClusterId,
    pub name: String,
    /// People have named it.
    pub renamed: bool,
    /// What tells it from the others, most telling first.
    pub words: Vec<String>,
    pub cases: i64,
    /// What was expected, what the model said, how often; most frequent first. Of labelled data alone.
    pub confusions: Vec<(String, String, i64)>,
    /// Prompts of a few of its cases.
    pub examples: Vec<(BadCaseId, String)>,
    #[serde(with = "time::serde::rfc3339")]
    pub computed_at: OffsetDateTime,
}

/// How many bad cases of a project have each status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadCaseCounts {
    pub open: i64,
    pub confirmed: i64,
    pub corrected: i64,
    pub added: i64,
    #[serde(default)]
    pub resolved: i64,
    pub dismissed: i64,
    #[serde(default)]
    pub duplicate: i64,
}

impl BadCaseCounts {
    #[must_use]
    pub fn of(&self, status: BadCaseStatus) -> i64 {
        match status {
            BadCaseStatus::Open => self.open,
            BadCaseStatus::Confirmed => self.confirmed,
            BadCaseStatus::Corrected => self.corrected,
            BadCaseStatus::Added => self.added,
            BadCaseStatus::Resolved => self.resolved,
            BadCaseStatus::Dismissed => self.dismissed,
            BadCaseStatus::Duplicate => self.duplicate,
        }
    }

    /// Notes how many have a status.
    pub fn set(&mut self, status: BadCaseStatus, n: i64) {
        let place = match status {
            BadCaseStatus::Open => &mut self.open,
            BadCaseStatus::Confirmed => &mut self.confirmed,
            BadCaseStatus::Corrected => &mut self.corrected,
            BadCaseStatus::Added => &mut self.added,
            BadCaseStatus::Resolved => &mut self.resolved,
            BadCaseStatus::Dismissed => &mut self.dismissed,
            BadCaseStatus::Duplicate => &mut self.duplicate,
        };
        *place = n;
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
            cause,
            correction: correction.map(str::to_owned),
            dismiss,
            ..BadCaseEdit::default()
        };
        assert_eq!(edit(None, None, false).status(), BadCaseStatus::Open);
        assert_eq!(edit(Some(Cause::Data), None, false).status(), BadCaseStatus::Confirmed);
        assert_eq!(edit(Some(Cause::Data), Some("  "), false).status(), BadCaseStatus::Confirmed);
        assert_eq!(edit(None, Some("yes"), false).status(), BadCaseStatus::Corrected);
        assert_eq!(edit(None, Some("yes"), true).status(), BadCaseStatus::Dismissed);
        let own = BadCaseEdit { cause_id: Some(CauseId::new()), ..BadCaseEdit::default() };
        assert_eq!(own.status(), BadCaseStatus::Confirmed);
    }

    #[test]
    fn counts_are_by_status() {
        let mut counts = BadCaseCounts::default();
        for (i, status) in BadCaseStatus::ALL.into_iter().enumerate() {
            counts.set(status, i as i64);
        }
        assert_eq!((counts.of(BadCaseStatus::Duplicate), counts.total()), (6, 21));
    }

    #[test]
    fn a_case_by_hand_needs_a_fault() {
        let case = |prompt: &str, output: &str, expected: &str| NewBadCase {
            dataset_id: DatasetId::new(),
            prompt: prompt.to_owned(),
            system: String::new(),
            output: output.to_owned(),
            expected: expected.to_owned(),
            run_id: None,
            severity: None,
            note: String::new(),
        };
        assert_eq!(case(" ", "a", "b").check(), Err(NewBadCaseError::Prompt));
        assert_eq!(case("q", "a", "").check(), Err(NewBadCaseError::Expected));
        assert_eq!(case("q", "b ", "b").check(), Err(NewBadCaseError::Same));
        assert_eq!(case("q", "", "b").check(), Ok(()));
        let long = "字".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(case(&long, "a", "b").check(), Err(NewBadCaseError::TooLong("prompt")));
    }
}
