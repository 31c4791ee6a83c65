//! What is shown of sweeps: a line of the list, a whole sweep, its runs, and what they say.

use super::{
    Effect, Goal, Importance, Setting, Strategy, SweepPlan, SweepStatus, Trial, effects, importance, trial::value_of,
};
use crate::{
    id::{DatasetId, ModelId, RunId, SweepId, VersionId},
    run::{Failure, RunStatus},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// A sweep as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SweepSummary {
    pub id: SweepId,
    pub name: String,
    /// `grid`, `random`, `asha` or `ablation`.
    pub strategy: String,
    #[serde(rename = "objective")]
    pub goal: Goal,
    pub status: SweepStatus,
    pub model_id: ModelId,
    pub model_name: String,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub version_id: VersionId,
    pub version_number: i32,
    /// Runs that the plan makes in all; for ASHA about.
    pub planned_runs: u64,
    pub launched_runs: u32,
    pub ended_runs: u32,
    /// Time of all its runs together.
    pub used_seconds: u64,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// A run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialRun {
    /// Counts from 0 in the order of the plan.
    pub trial: u32,
    /// 0 but for ASHA.
    pub rung: u32,
    pub settings: Vec<Setting>,
    pub run_id: RunId,
    /// The run's number in the project.
    pub run_number: i32,
    pub status: RunStatus,
    pub step: u32,
    pub total_steps: u32,
    /// The goal's value, once it is known.
    #[serde(rename = "objective")]
    pub goal: Option<f64>,
    pub elapsed_seconds: u64,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl TrialRun {
    /// The value that its trial gives to a field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&Value> {
        value_of(&self.settings, field)
    }
}

/// Everything about one sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SweepDetail {
    #[serde(flatten)]
    pub summary: SweepSummary,
    pub plan: SweepPlan,
    /// Of a failed sweep: what the preflight found.
    pub failure: Option<Failure>,
    pub analysis: Analysis,
}

/// What the runs so far say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// The best run: of ASHA's on the highest rung that has one. An ablation looks for none.
    pub best: Option<RunId>,
    /// How much each axis matters, in their order; of ASHA's runs on the lowest rung, since those above were chosen.
    /// Empty for an ablation.
    pub importance: Vec<Importance>,
    /// What each change of an ablation is worth.
    pub effects: Vec<Effect>,
}

/// The runs that have succeeded and have a goal, the best first; of ASHA's those on higher rungs first, since
/// runs of different lengths do not compare.
#[must_use]
pub fn best_first(plan: &SweepPlan, runs: &[TrialRun]) -> Vec<RunId> {
    let good = runs.iter().filter(|r| r.status == RunStatus::Succeeded);
    let mut ranked: Vec<(u32, f64, RunId)> =
        good.filter_map(|r| Some((r.rung, plan.goal.goodness(r.goal?), r.run_id))).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    ranked.into_iter().map(|r| r.2).collect()
}

/// Reads the runs of a plan.
#[must_use]
pub fn analyse(plan: &SweepPlan, runs: &[TrialRun]) -> Analysis {
    let trials: Vec<(Trial, f64)> = runs
        .iter()
        .filter(|r| r.rung == 0 && r.status == RunStatus::Succeeded)
        .filter_map(|r| Some((Trial { settings: r.settings.clone() }, r.goal?)))
        .collect();
    let measured: Vec<(&Trial, f64)> = trials.iter().map(|(t, y)| (t, *y)).collect();
    if matches!(plan.strategy, Strategy::Ablation { .. }) {
        return Analysis { effects: effects(&measured), ..Analysis::default() };
    }
    let fields: Vec<String> = plan.axes.iter().map(|a| a.field.clone()).collect();
    let best = best_first(plan, runs).first().copied();
    Analysis { best, importance: importance(&fields, &measured), effects: Vec::new() }
}
