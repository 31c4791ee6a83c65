//! Judges as metrics of a suite. Such a metric is called `judge.NAME`; a name means one version of a judge in a suite for ever.
//! Its figure decides something only if the judge counted when it was taken, which is kept beside it.

use crate::{
    agreement::Interval,
    id::{JudgeVersionId, JudgingId},
    judge::calibration::Standing,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What the names of judges' metrics begin with.
const PREFIX: &str = "judge.";
/// Judges of one evaluation at most.
pub const MAX_JUDGES: usize = 5;

/// The metric of the judge that a design calls so.
#[must_use]
pub fn judge_metric(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// What a design calls the judge whose metric this is.
#[must_use]
pub fn judge_of(metric: &str) -> Option<&str> {
    metric.strip_prefix(PREFIX)
}

/// Whose figure a score is, and whether the judge counted when it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgedFigure {
    pub version_id: JudgeVersionId,
    /// All that the judge said.
    pub judging_id: JudgingId,
    pub standing: Standing,
    /// With people, of the criterion that agrees least; absent where it was not measured.
    pub kappa: Option<Interval>,
    /// Answers that both have judged, of that criterion.
    pub labels: u64,
    /// The model behind the judge's endpoint.
    pub model: Option<String>,
    pub repeats: u32,
    /// Mean over samples of the variance of repeats: the judge's own noise; absent without repeats.
    pub within: Option<f64>,
    /// Answers of the judge, and those that were not understood, which count for nothing.
    pub answered: u64,
    pub unparsable: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub weighed_at: OffsetDateTime,
}

/// Whether a score may decide something: one of a judge only if the judge counts.
#[must_use]
pub fn decides(judged: &BTreeMap<String, JudgedFigure>, metric: &str) -> bool {
    undecided(judged, metric).is_none()
}

/// Why a score of a judge decides nothing.
#[must_use]
pub fn undecided(judged: &BTreeMap<String, JudgedFigure>, metric: &str) -> Option<Standing> {
    judge_of(metric)?;
    let standing = judged.get(metric).map_or(Standing::NotCalibrated, |figure| figure.standing);
    (!standing.counts()).then_some(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_judge_that_counts_decides() {
        let figure = |standing| JudgedFigure {
            version_id: JudgeVersionId::new(),
            judging_id: JudgingId::new(),
            standing,
            kappa: None,
            labels: 0,
            model: None,
            repeats: 1,
            within: None,
            answered: 1,
            unparsable: 0,
            weighed_at: OffsetDateTime::UNIX_EPOCH,
        };
        let judged = |standing| BTreeMap::from([(judge_metric("truth"), figure(standing))]);
        assert!(decides(&judged(Standing::Counts), "judge.truth") && decides(&BTreeMap::new(), "accuracy"));
        assert_eq!(undecided(&judged(Standing::Changed), "judge.truth"), Some(Standing::Changed));
        assert_eq!(undecided(&judged(Standing::Counts), "judge.tone"), Some(Standing::NotCalibrated));
        assert_eq!((judge_of("judge.tone"), judge_of("accuracy")), (Some("tone"), None));
    }
}
