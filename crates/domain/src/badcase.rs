//! Bad cases: answers that failed, which people confirm, explain, correct and follow until a later run passes them.

pub mod cluster;
pub mod distinctive;
pub mod evidence;
pub mod feature;
pub mod mention;
pub mod nearest;
pub mod regression;
pub mod taxonomy;
pub mod trend;
pub mod view;

use serde::{Deserialize, Serialize};

/// Why the model was wrong, as a person judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Training data is missing or misleading for this input.
    Data,
    /// The reference label or answer is wrong.
    Label,
    /// The model is too weak or was trained badly.
    Model,
    /// Prompt or chat template misleads.
    Prompt,
    Other,
}

impl Cause {
    pub const ALL: [Self; 5] = [Self::Data, Self::Label, Self::Model, Self::Prompt, Self::Other];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Label => "label",
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Other => "other",
        }
    }
}

impl std::str::FromStr for Cause {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// How far the work on a bad case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BadCaseStatus {
    /// A candidate nobody has looked at.
    Open,
    /// A real fault; a cause is given.
    Confirmed,
    /// A corrected answer is given, not yet in a dataset version.
    Corrected,
    /// The correction is part of a dataset version.
    Added,
    /// A later run has passed it. Nobody can say so: only an evaluation does.
    Resolved,
    /// Not a fault.
    Dismissed,
    /// The same as another one, which is kept.
    Duplicate,
}

impl BadCaseStatus {
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Confirmed, Self::Corrected, Self::Added, Self::Resolved, Self::Dismissed, Self::Duplicate];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Corrected => "corrected",
            Self::Added => "added",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
            Self::Duplicate => "duplicate",
        }
    }

    /// Whether it is a fault that some later run should pass.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Confirmed | Self::Corrected | Self::Added | Self::Resolved)
    }
}

impl std::str::FromStr for BadCaseStatus {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// Where a bad case comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = BadCaseSource))]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A wrong prediction on the test split.
    Evaluation,
    /// Somebody wrote it down.
    Hand,
    /// A script sent it, such as what users of the model complained about.
    Feedback,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Evaluation, Self::Hand, Self::Feedback];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Hand => "hand",
            Self::Feedback => "feedback",
        }
    }
}

impl std::str::FromStr for Source {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// How much harm a bad case does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl std::str::FromStr for Severity {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}
