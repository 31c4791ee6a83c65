//! The regression set: samples that some model once got wrong, and how every later one answered them.

use super::{BadCaseStatus, Severity};
use crate::id::{BadCaseId, RunId, SampleId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How the model of one run answered a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunAnswer {
    pub run_id: RunId,
    pub run_number: i32,
    pub passed: bool,
}

/// A sample of the regression set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Regression {
    pub bad_case_id: BadCaseId,
    pub sample_id: SampleId,
    /// The last user turn.
    pub prompt: String,
    pub expected: String,
    pub status: BadCaseStatus,
    pub severity: Option<Severity>,
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// In the order of the evaluations.
    pub history: Vec<RunAnswer>,
}

/// A case that some run had mended and a later one has not: "fixed in run 12, broken again in run 15".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    pub bad_case_id: BadCaseId,
    /// The last user turn.
    pub prompt: String,
    /// Number of the run that passed it; `None` when that run is gone.
    pub fixed_in: Option<i32>,
    pub broken_in: i32,
}

/// How many samples of the set a run's model passes and fails, and how many of those an earlier one had passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunVerdict {
    pub passed: i64,
    pub failed: i64,
    pub broken: i64,
}

/// What a history says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum RegressionVerdict {
    /// No evaluation has held it.
    Untested,
    /// No model has passed it.
    Failing,
    /// The numbers are those of runs.
    Fixed { fixed_in: i32 },
    /// A model passed it, and a later one does not: the alarm.
    Broken { fixed_in: i32, broken_in: i32 },
}

/// What a history says, oldest attempt first.
#[must_use]
pub fn verdict(history: &[RunAnswer]) -> RegressionVerdict {
    let Some(last) = history.last() else { return RegressionVerdict::Untested };
    // The attempts that went like the last one, without a break.
    let since = history.iter().rposition(|a| a.passed != last.passed).map_or(0, |i| i + 1);
    let first_of_last = history[since].run_number;
    if last.passed {
        return RegressionVerdict::Fixed { fixed_in: first_of_last };
    }
    if since == 0 {
        return RegressionVerdict::Failing;
    }
    let passed = &history[..since];
    let from = passed.iter().rposition(|a| !a.passed).map_or(0, |i| i + 1);
    RegressionVerdict::Broken { fixed_in: passed[from].run_number, broken_in: first_of_last }
}

impl Regression {
    #[must_use]
    pub fn verdict(&self) -> RegressionVerdict {
        verdict(&self.history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(attempts: &[(i32, bool)]) -> RegressionVerdict {
        let attempt = |(run_number, passed): &(i32, bool)| RunAnswer {
            run_id: RunId::new(),
            run_number: *run_number,
            passed: *passed,
        };
        verdict(&attempts.iter().map(attempt).collect::<Vec<_>>())
    }

    #[test]
    fn a_history_is_judged_by_its_end() {
        assert_eq!(of(&[]), RegressionVerdict::Untested);
        assert_eq!(of(&[(3, false), (4, false)]), RegressionVerdict::Failing);
        assert_eq!(of(&[(3, false), (12, true), (13, true)]), RegressionVerdict::Fixed { fixed_in: 12 });
        let broken = [(3, false), (5, true), (6, false), (12, true), (13, true), (15, false), (16, false)];
        assert_eq!(of(&broken), RegressionVerdict::Broken { fixed_in: 12, broken_in: 15 });
        assert_eq!(of(&[(1, true), (2, false)]), RegressionVerdict::Broken { fixed_in: 1, broken_in: 2 });
    }
}
