//! What is shown of judges and asked of them: the shapes that pages, REST and the store share.

use super::{
    JudgeSpec, Mode,
    answer::{Said, Unparsable},
    calibration::{Agreement, Standing},
    ranking::Ranking,
    results::JudgingResults,
};
use crate::{
    id::{
        EvalId, HumanEvaluationId, JobId, JudgeId, JudgeVersionId, JudgingId, SampleId, SuiteId, SuiteResultId, TaskId,
    },
    job::JobStatus,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A judge as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeSummary {
    pub id: JudgeId,
    pub name: String,
    /// Number of the newest version, and what it is.
    pub number: u32,
    pub mode: Mode,
    /// Whether the newest version counts.
    pub standing: Standing,
    pub judgings: u64,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A judge with all its versions, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judge {
    pub id: JudgeId,
    pub name: String,
    pub versions: Vec<JudgeVersion>,
}

/// One definition of a judge with what it was held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgeVersion {
    pub id: JudgeVersionId,
    pub number: u32,
    pub spec: JudgeSpec,
    pub note: String,
    /// Newest first.
    pub calibrations: Vec<Calibration>,
    /// Over all criteria, by the newest calibration of each.
    pub standing: Standing,
    /// The model behind its endpoint now; absent where it asks a model of the project, or the endpoint is gone.
    pub model: Option<String>,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A judge held against what people said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeCalibration))]
pub struct Calibration {
    pub judging_id: JudgingId,
    pub task_id: TaskId,
    pub task_name: String,
    /// The task's question.
    pub question: String,
    /// The judge's criterion; empty of comparisons.
    pub criterion: String,
    pub agreement: Agreement,
    /// `changed` where the judge was another one then.
    pub standing: Standing,
    /// The model that was behind the judge's endpoint.
    pub asked_model: Option<String>,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A model's answers to a split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgedEvaluation {
    /// Absent of a suite's result.
    pub id: Option<EvalId>,
    /// Which model, which data, which split.
    pub name: String,
    /// Of a suite's result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<JudgedResult>,
}

/// A suite's result whose answers are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgedResult {
    pub suite_id: SuiteId,
    pub result_id: SuiteResultId,
}

/// A judging as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgingSummary {
    pub id: JudgingId,
    pub judge_id: JudgeId,
    pub judge_name: String,
    pub version_id: JudgeVersionId,
    pub version_number: u32,
    pub mode: Mode,
    pub first: JudgedEvaluation,
    /// Of comparisons.
    pub second: Option<JudgedEvaluation>,
    pub samples: u64,
    /// Answers that the judge is asked for, has given, and gave in a form that says nothing.
    pub wanted: u64,
    pub answered: u64,
    pub unparsable: u64,
    pub standing: Standing,
    /// The model behind the judge's endpoint when it was asked; absent also where that changed in between.
    pub asked_model: Option<String>,
    /// The latest job that asks.
    pub job_id: Option<JobId>,
    pub job_status: Option<JobStatus>,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A judging with what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judging {
    #[serde(flatten)]
    pub summary: JudgingSummary,
    pub spec: JudgeSpec,
    /// Leave them out of verdicts unless `standing` says that they count.
    pub results: JudgingResults,
    /// Tokens that the judge read and wrote, as far as it says so.
    pub prompt_tokens: u64,
    pub answer_tokens: u64,
    /// Time spent waiting for answers, in milliseconds.
    pub waited_ms: u64,
}

/// One answer of a judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulingRow {
    /// Place of the sample in the evaluated split (0-based).
    pub position: u32,
    pub sample_id: SampleId,
    pub repeat: u32,
    /// Whether the second evaluation's answer was shown first.
    pub swapped: bool,
    pub said: Option<Said>,
    /// Why the answer says nothing.
    pub problem: Option<Unparsable>,
    pub reason: String,
    /// The judge's answer as it came.
    pub answer: String,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
    pub elapsed_ms: u32,
}

/// One answer of a judge with what it had been sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedRuling {
    #[serde(flatten)]
    pub row: RulingRow,
    pub prompt: String,
    /// Whether the prompt is the one that was sent, byte for byte. It is made again of sample, answers and template, and
    /// differs where the sample was erased since.
    pub is_as_sent: bool,
}

/// A judge to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewJudge {
    pub name: String,
    pub spec: JudgeSpec,
    #[serde(default)]
    pub note: String,
}

/// Another version of a judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewJudgeVersion {
    pub spec: JudgeSpec,
    #[serde(default)]
    pub note: String,
}

/// What a judge is to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewJudging {
    pub version_id: JudgeVersionId,
    pub first: EvalId,
    /// Of comparisons: another evaluation of the same version and split.
    #[serde(default)]
    pub second: Option<EvalId>,
    /// Samples, drawn by the seed; 0: all.
    #[serde(default)]
    pub samples: u32,
    #[serde(default)]
    pub seed: u64,
}

/// Labels of people that a judge is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCalibration {
    /// A task about the same evaluations.
    pub task_id: TaskId,
    /// Its question: a rating on the criterion's scale, or a preference.
    pub question: String,
    /// The judge's criterion; empty of comparisons.
    #[serde(default)]
    pub criterion: String,
}

/// Why a judging cannot be made, or a judge not be held against a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JudgingProblem {
    #[error("the project has no such version of a judge")]
    NoVersion,
    #[error("the project has no such evaluation")]
    NoEvaluation,
    #[error("a rubric judges one evaluation, a comparison two different ones of the same version and split")]
    Evaluations,
    #[error("this would take more than {} answers of the judge: choose fewer samples or repeats", super::MAX_RULINGS)]
    TooMany,
    #[error("there is no sample to judge")]
    Nothing,
    #[error("the project has no such annotation task, or it is about other evaluations")]
    Task,
    #[error(
        "the task has no such question: a criterion needs a rating with the same lowest and highest number, a comparison a preference"
    )]
    Question,
    #[error("the judge has no such criterion")]
    Criterion,
    #[error("people and judge have no answer in common yet")]
    NoLabels,
}

/// Models whose answers people are to compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewHumanEvaluation {
    pub name: String,
    /// Two to ten evaluations of one version and split.
    pub eval_ids: Vec<EvalId>,
    /// What people are asked; empty: which answer is better.
    #[serde(default)]
    pub question: String,
    /// Samples, drawn by the seed; 0: all.
    #[serde(default)]
    pub samples: u32,
    /// Pairs of models that are compared on each sample; 0: one.
    #[serde(default)]
    pub pairs_per_sample: u32,
    /// People who judge each item; 0: one.
    #[serde(default)]
    pub overlap: u32,
    /// Decides pairs, the order of items and which answer stands first.
    #[serde(default)]
    pub seed: u64,
}

/// Fewest and most evaluations that are compared, and most pairs a sample and people an item.
pub const MIN_COMPARED: usize = 2;
pub const MAX_COMPARED: usize = 10;
pub const MAX_PAIRS_PER_SAMPLE: u32 = 10;
pub const MAX_OVERLAP: u32 = 10;
/// So many evaluations meet all others; of more, each meets four.
pub const ALL_PAIRS_UP_TO: usize = 5;

/// A comparison by people as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HumanEvaluationSummary {
    pub id: HumanEvaluationId,
    pub task_id: TaskId,
    pub name: String,
    pub models: u32,
    pub wanted: u64,
    pub given: u64,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A comparison by people with what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HumanEvaluation {
    #[serde(flatten)]
    pub summary: HumanEvaluationSummary,
    pub evaluations: Vec<JudgedEvaluation>,
    pub seed: u64,
    /// Absent while people still judge blind: names would give answers away. Then also while models are not all compared.
    pub ranking: Option<Ranking>,
    /// Whether people still judge.
    pub is_blind: bool,
}
