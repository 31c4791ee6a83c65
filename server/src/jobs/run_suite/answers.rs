//! Who answers: a trainer with a model of the project, or an endpoint of the settings.

use super::{
    endpoint,
    questions::{Questions, Work},
};
use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    trainer::{EvalFile, TrainerError},
    writer::Service,
};
use domain::{
    eval::{EvalMetrics, Prediction},
    job::{Gone, JobFailure},
    suite::{Candidate, RunSuite, Timing},
};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, path::Path};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, BufReader},
};

/// Somebody who answers.
pub(super) enum Answerer {
    Local(ModelFiles),
    Endpoint(Service),
}

/// What was answered.
pub(super) struct Answered {
    /// In the order of the questions.
    pub(super) predictions: Vec<Prediction>,
    pub(super) timing: Timing,
    /// What the trainer has measured itself.
    pub(super) trainer: BTreeMap<String, f64>,
}

impl Answerer {
    pub(super) async fn of(context: &JobContext, candidate: &Candidate) -> Result<Self, JobError> {
        Ok(match candidate {
            Candidate::Model { model_id } => Self::Local(ModelFiles::gather(context, *model_id, None).await?),
            Candidate::Run { run_id } => {
                let run = store::runs::get(&context.db, context.project, *run_id).await?;
                let run = run.ok_or(JobFailure::Gone { what: Gone::Adapter })?;
                Self::Local(ModelFiles::gather(context, run.summary.model_id, Some(*run_id)).await?)
            }
            Candidate::Endpoint { name } => {
                let endpoint = context.config.endpoints.iter().find(|endpoint| endpoint.name == *name);
                let endpoint = endpoint.ok_or_else(|| JobFailure::NoEndpoint { name: name.clone() })?;
                Self::Endpoint(Service::new(endpoint, endpoint::MANNER).map_err(endpoint::no_answer)?)
            }
        })
    }

    /// Answers all questions of an evaluation.
    pub(super) async fn answer(
        &mut self,
        context: &JobContext,
        request: &RunSuite,
        questions: &Questions<'_>,
        work: &Work,
    ) -> Result<Answered, JobError> {
        match self {
            Self::Local(model) => local(context, model, questions, work).await,
            Self::Endpoint(service) => endpoint::answer(context, service, (request, questions), work).await,
        }
    }
}

async fn local(
    context: &JobContext,
    model: &ModelFiles,
    questions: &Questions<'_>,
    work: &Work,
) -> Result<Answered, JobError> {
    let asked = EvalFile {
        model: &model.path,
        adapter: model.adapter.as_deref(),
        samples: &questions.samples,
        labels: questions.labels.as_deref(),
        out: &questions.out,
        task: questions.task.as_ref().map(|(_, path)| path.as_path()),
        max_new_tokens: questions.max_new_tokens(),
        plain: questions.evaluation.plain,
    };
    let mut going = asked.start(&context.config)?;
    while let Some((done, _)) = going.next().await.map_err(not_evaluated)? {
        context.progress("answering", work.done + done, work.total).await?;
    }
    let metrics: EvalMetrics = read(&questions.out.join("metrics.json")).await?;
    Ok(Answered {
        predictions: read_lines(&questions.out.join("predictions.jsonl")).await?,
        timing: read(&questions.out.join("timing.json")).await?,
        trainer: metrics.values,
    })
}

async fn read<T: DeserializeOwned>(path: &Path) -> Result<T, JobError> {
    serde_json::from_slice(&tokio::fs::read(path).await?).map_err(JobError::internal)
}

pub(super) async fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, JobError> {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(path).await?).lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next_line().await? {
        found.push(serde_json::from_str(&line).map_err(JobError::internal)?);
    }
    Ok(found)
}

/// What the trainer says beside its events is about all of the work here.
fn not_evaluated(error: TrainerError) -> JobError {
    match error {
        TrainerError::Sample(detail) => JobFailure::NotAnswered { detail }.into(),
        error => error.into(),
    }
}
