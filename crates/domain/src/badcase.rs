//! Bad cases: failing predictions that people confirm, explain and correct.

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
    /// Not a fault.
    Dismissed,
}

impl BadCaseStatus {
    pub const ALL: [Self; 5] = [Self::Open, Self::Confirmed, Self::Corrected, Self::Added, Self::Dismissed];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Corrected => "corrected",
            Self::Added => "added",
            Self::Dismissed => "dismissed",
        }
    }
}

impl std::str::FromStr for BadCaseStatus {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}
