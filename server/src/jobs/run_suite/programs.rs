//! Answers that are programs: the trainer runs each of them behind its walls, against the tests that its reference answer is.

use super::questions::{Questions, Work};
use crate::{
    jobs::{JobContext, JobError},
    trainer::{CodeFile, TrainerError, can_run_programs},
};
use domain::{eval::Prediction, job::JobFailure, measure::Programs};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the trainer tells of one sample's programs, of which there is more.
#[derive(Deserialize)]
struct Checked {
    index: u32,
    programs_tried: u32,
    programs_passed: u32,
}

/// Refuses an evaluation that runs programs where none can be run, or whose tests call nothing, before a model answers in vain.
pub(super) async fn refuse_in_vain(context: &JobContext, asked: &[Questions<'_>]) -> Result<(), JobError> {
    for questions in asked.iter().filter(|questions| questions.evaluation.runs_programs()) {
        let refused = |error| not_run(&questions.evaluation.key, error);
        can_run_programs(&context.config, &questions.samples).await.map_err(refused)?;
    }
    Ok(())
}

/// Runs the answers of an evaluation, by the place of their question; nothing where answers are no programs.
pub(super) async fn run(
    context: &JobContext,
    questions: &Questions<'_>,
    predictions: &[Prediction],
    work: &Work,
) -> Result<BTreeMap<u32, Programs>, JobError> {
    if !questions.evaluation.runs_programs() {
        return Ok(BTreeMap::new());
    }
    let failed = |error| not_run(&questions.evaluation.key, error);
    let (answers, out) =
        (questions.samples.with_file_name("answers.jsonl"), questions.samples.with_file_name("run.jsonl"));
    let mut lines = Vec::new();
    for prediction in predictions {
        serde_json::to_writer(&mut lines, prediction).map_err(JobError::internal)?;
        lines.push(b'\n');
    }
    tokio::fs::write(&answers, lines).await?;
    let file = CodeFile { samples: &questions.samples, answers: &answers, out: &out };
    let mut going = file.start(&context.config).map_err(failed)?;
    while going.next().await.map_err(failed)?.is_some() {
        context.progress("running_programs", work.done, work.total).await?;
    }
    let text = tokio::fs::read_to_string(&out).await?;
    let read = |line: &str| {
        let checked: Checked = serde_json::from_str(line).map_err(JobError::internal)?;
        Ok::<_, JobError>((checked.index, Programs { tried: checked.programs_tried, passed: checked.programs_passed }))
    };
    text.lines().map(read).collect()
}

/// What the trainer says is why no program can be run.
fn not_run(evaluation: &str, error: TrainerError) -> JobError {
    match error {
        TrainerError::Sample(detail) => JobFailure::NoPrograms { evaluation: evaluation.to_owned(), detail }.into(),
        error => error.into(),
    }
}
