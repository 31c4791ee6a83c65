//! A project at a glance, for whoever must decide: counts, the best runs, what happened.

use crate::{
    badcase::view::BadCaseCounts,
    id::{DatasetId, RunId},
    people::ActivityEntry,
    report::digest::Digest,
    suite::{SuiteAlarm, TargetStanding},
};
use serde::{Deserialize, Serialize};

/// The best run on one dataset, by the headline metric of its tuned model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BestRun {
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub run_id: RunId,
    pub run_number: i32,
    pub run_name: String,
    pub metric: String,
    pub base: Option<f64>,
    pub tuned: f64,
}

/// The facts of the overview page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    pub models: i64,
    pub datasets: i64,
    /// Samples in the newest version of every dataset.
    pub samples: i64,
    pub runs: i64,
    /// Queued, claimed, running or evaluating.
    pub active_runs: i64,
    pub bad_cases: BadCaseCounts,
    pub best: Vec<BestRun>,
    pub activity: Vec<ActivityEntry>,
    /// Candidates that are worse than their suite's baseline.
    #[serde(default)]
    pub alarms: Vec<SuiteAlarm>,
    #[serde(default)]
    pub targets: Vec<TargetStanding>,
    /// What the last week brought that is over; `None` before there was one.
    #[serde(default)]
    pub digest: Option<Digest>,
}
