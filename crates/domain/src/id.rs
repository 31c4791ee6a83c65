//! Typed ids: one newtype per table, so that a run id is never passed where a model id belongs.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id, ordered by creation time (UUID v7, RFC 9562).
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(s).map(Self)
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId,
    /// A team's workspace: members, models, datasets and runs live in one.
    ProjectId,
    /// An invitation link.
    InvitationId,
    /// An API token.
    TokenId,
    /// A registered base model.
    ModelId,
    /// A named dataset: a chain of versions.
    DatasetId,
    /// One immutable dataset version.
    VersionId,
    /// A file received from a user, not yet turned into a dataset version or model.
    UploadId,
    /// A file that a user sends in parts.
    PartialUploadId,
    /// One model's scores of one dataset version.
    ScoringId,
    /// One training run.
    RunId,
    /// A plan that makes many runs of one recipe.
    SweepId,
    /// One evaluation of one model (base or tuned) on one split.
    EvalId,
    /// A failing prediction that a person looks after.
    BadCaseId,
    /// A project's own cause of bad cases.
    CauseId,
    /// Bad cases that belong together.
    ClusterId,
    /// A background job (import, registration, sample project).
    JobId,
    /// An annotation task.
    TaskId,
    /// Members of a project under a name.
    GroupId,
    /// What one person said of one item.
    JudgementId,
    /// A run that a program outside tracks.
    TrackedRunId,
    /// A model that such a run has logged.
    LoggedModelId,
    /// An evaluation suite.
    SuiteId,
    /// What one evaluation of a suite yielded for one candidate.
    SuiteResultId,
    /// A candidate that is worse than its suite's baseline.
    SuiteAlarmId,
    /// A target of a project.
    TargetId,
    /// A model that rates answers, under a name.
    JudgeId,
    /// One immutable definition of a judge.
    JudgeVersionId,
    /// One version of a judge, asked about the answers of an evaluation or of two.
    JudgingId,
    /// Models that people compare in pairs.
    HumanEvaluationId,
    /// A row of the run table: a run, or a tracked one.
    RowId,
    /// A view of the run table that is kept under a name.
    ViewId,
    /// A report of runs: a chain of versions.
    ReportId,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

numbers! {
    /// One sample. An integer, because datasets hold millions of them.
    SampleId,
    /// One item of an annotation task, of which there may be millions too.
    ItemId,
}
