//! What is shown of reports: a line of the list, a report with its versions and its record, one version, and how two differ.

use super::{Body, Status, facts::Facts, judge::Recommendation, risk::Risk};
use crate::{
    id::{ReportId, RunId, UserId},
    lang::Lang,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A report as a line of a list, by its newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportSummary {
    pub id: ReportId,
    /// Counts up within the project.
    pub number: u32,
    pub title: String,
    pub lang: Lang,
    pub runs: Vec<RunId>,
    /// Of the newest version.
    pub version: u32,
    pub status: Status,
    pub created_by: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A report with its versions, newest first, and all that was done to it, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportDetail {
    #[serde(flatten)]
    pub summary: ReportSummary,
    pub versions: Vec<VersionHead>,
    pub events: Vec<ReportEvent>,
}

/// A version without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportVersionHead))]
pub struct VersionHead {
    pub number: u32,
    pub status: Status,
    /// Raised by every edit of a draft; an edit names the one it saw.
    pub revision: i32,
    pub title: String,
    pub submitted_by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub submitted_at: Option<OffsetDateTime>,
    /// Who approved or returned it, and when.
    pub decided_by: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
    /// Why it was returned.
    pub reason: Option<String>,
    /// SHA-256 of the frozen content as it was submitted, or as erasing texts left it.
    pub content_sha256: Option<String>,
}

/// Something that was done to a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportEvent {
    pub verb: Verb,
    pub version: u32,
    /// `None` for accounts that are gone.
    pub by: Option<String>,
    /// Why it was returned.
    pub note: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportVerb))]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Created,
    Edited,
    Submitted,
    Returned,
    Approved,
    /// Its own author approved it, since nobody else could.
    ApprovedAlone,
    /// The next version was begun.
    Continued,
}

impl Verb {
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Edited,
        Self::Submitted,
        Self::Returned,
        Self::Approved,
        Self::ApprovedAlone,
        Self::Continued,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::ApprovedAlone => "approved_alone",
            Self::Continued => "continued",
        }
    }
}

impl std::str::FromStr for Verb {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// One version with its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportVersion {
    pub report_id: ReportId,
    pub report_number: u32,
    pub lang: Lang,
    #[serde(flatten)]
    pub head: VersionHead,
    pub body: Body,
    /// As they were when it was submitted; of a draft, as they are.
    pub facts: Facts,
    /// What the rules find in the facts, frozen with them.
    pub risks: Vec<Risk>,
    pub recommendation: Recommendation,
    /// Of an approved version.
    pub signature: Option<Signature>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportSignature))]
pub struct Signature {
    /// The approver's name when they approved.
    pub by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Of the canonical frozen content, as it was approved.
    pub sha256: String,
    pub state: SignatureState,
}

/// Whether a signature is of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignatureState {
    /// The content is what was signed.
    Matches,
    /// Texts were erased from it at somebody's wish.
    Erased {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// It is other content.
    Differs,
}

/// Who may decide about a version, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    Allowed,
    /// The person is an author, and nobody else may approve: allowed, and on record.
    Alone,
    /// The person is an author, and somebody else may approve.
    OwnWork,
}

impl Approval {
    /// Of somebody who may approve reports. `others` are the other members who may.
    #[must_use]
    pub fn of(approver: UserId, authors: &[UserId], others: &[UserId]) -> Self {
        if !authors.contains(&approver) {
            Self::Allowed
        } else if others.iter().all(|other| *other == approver || authors.contains(other)) {
            Self::Alone
        } else {
            Self::OwnWork
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_eyes_where_there_are_four() {
        let [ada, bob, eve] = [UserId::new(), UserId::new(), UserId::new()];
        assert_eq!(Approval::of(ada, &[bob], &[ada]), Approval::Allowed);
        assert_eq!(Approval::of(ada, &[ada], &[ada]), Approval::Alone);
        assert_eq!(Approval::of(ada, &[ada, bob], &[ada, eve]), Approval::OwnWork);
        assert_eq!(Approval::of(ada, &[ada, eve], &[ada, eve]), Approval::Alone, "all who may have written it");
    }
}
