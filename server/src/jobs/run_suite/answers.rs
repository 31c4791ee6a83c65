//! Who answers: a trainer with a model of the project, or an endpoint of the settings.

use super::questions::{Questions, Work};
use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    trainer::{EvalFile, TrainerError},
    writer::{Manner, Reply, Service, WriterError},
};
use dataprep::answer_filter::AnswerFilter;
use domain::{
    eval::{EvalMetrics, Prediction, Task},
    job::{Gone, JobFailure},
    sample::Sample,
    suite::{Candidate, Timing},
};
use futures::future::join_all;
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, path::Path, time::Instant};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, BufReader},
};

/// Questions that an endpoint is asked at a time.
const AT_A_TIME: usize = 4;
/// Questions after which an endpoint that has refused them all is given up.
const REFUSALS: usize = 20;
/// How an endpoint is to answer: always alike, as far as it can.
const MANNER: Manner = Manner { temperature: 0.0, seed: 0, max_tokens: 512 };

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
                Self::Endpoint(Service::new(endpoint, MANNER).map_err(no_answer)?)
            }
        })
    }

    /// Answers all questions of an evaluation.
    pub(super) async fn answer(
        &mut self,
        context: &JobContext,
        questions: &Questions<'_>,
        work: &Work,
    ) -> Result<Answered, JobError> {
        match self {
            Self::Local(model) => local(context, model, questions, work).await,
            Self::Endpoint(service) => endpoint(context, service, questions, work).await,
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

async fn endpoint(
    context: &JobContext,
    service: &Service,
    questions: &Questions<'_>,
    work: &Work,
) -> Result<Answered, JobError> {
    let samples: Vec<Sample> = read_lines(&questions.samples).await?;
    let rule = questions.task.as_ref().and_then(|(task, _)| task.filter.clone());
    let filter = rule.map(AnswerFilter::new).transpose();
    let filter = filter.map_err(|error| JobFailure::NotAnswered { detail: error.to_string() })?;
    let manner = Manner { max_tokens: questions.max_new_tokens(), ..MANNER };
    let began = Instant::now();
    let (mut predictions, mut timing) = (Vec::with_capacity(samples.len()), Timing { batch: 1, ..Timing::default() });
    let mut refused = 0;
    for together in samples.chunks(AT_A_TIME) {
        let replies = together.iter().map(|s| service.reply(s.prompt(), manner));
        for reply in join_all(replies).await {
            let index = predictions.len();
            let reply = match reply {
                Ok(reply) => reply,
                // What one question is refused for keeps no other from its answer, unless no question has one.
                Err(error @ WriterError::Refused { .. }) => {
                    refused += 1;
                    if refused > index && (refused == samples.len() || refused >= REFUSALS) {
                        return Err(no_answer(error));
                    }
                    if index == 0 {
                        (timing.input_tokens, timing.output_tokens) = (Some(0), Some(0));
                    }
                    predictions.push(refusal(index, &samples[index]));
                    continue;
                }
                Err(error) => return Err(no_answer(error)),
            };
            let add = |sum: Option<u64>, tokens: Option<u32>| {
                let tokens = u64::from(tokens?);
                if index == 0 { Some(tokens) } else { Some(sum? + tokens) }
            };
            timing.input_tokens = add(timing.input_tokens, reply.prompt_tokens);
            timing.output_tokens = add(timing.output_tokens, reply.answer_tokens);
            predictions.push(prediction(index, &samples[index], (questions, filter.as_ref()), reply));
        }
        context.progress("answering", work.done + predictions.len() as u64, work.total).await?;
    }
    timing.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Answered { predictions, timing, trainer: BTreeMap::new() })
}

/// An endpoint tells no likelihoods: what it wrote is the label that it names, whatever its case and with a full stop behind it
/// or not, and otherwise no label.
fn prediction(
    index: usize,
    sample: &Sample,
    (questions, filter): (&Questions<'_>, Option<&AnswerFilter>),
    reply: Reply,
) -> Prediction {
    let written = reply.text.trim();
    let expected = sample.answer().unwrap_or_default().to_owned();
    let output = match questions.evaluation.task {
        Task::Classification => named(written, questions.known.iter()).unwrap_or(written).to_owned(),
        Task::MultipleChoice => named(written, sample.choice_answers().iter()).unwrap_or(written).to_owned(),
        Task::Generation => {
            let ended = questions.ended(&reply.text);
            match filter {
                Some(filter) => filter.take(ended),
                // The first line of a program may be indented.
                None if questions.evaluation.runs_programs() => ended.to_owned(),
                None => ended.trim().to_owned(),
            }
        }
    };
    let mut scores = BTreeMap::from([("latency_ms".to_owned(), reply.latency_ms)]);
    scores.extend(reply.answer_tokens.map(|tokens| ("answer_tokens".to_owned(), tokens as f64)));
    Prediction { index: index as u32, correct: output == expected.trim(), output, expected, scores }
}

/// Of a question that an endpoint refuses: no answer, which is wrong, and took no time.
fn refusal(index: usize, sample: &Sample) -> Prediction {
    let expected = sample.answer().unwrap_or_default().to_owned();
    Prediction { index: index as u32, correct: false, output: String::new(), expected, scores: BTreeMap::new() }
}

fn named<'a>(written: &str, mut labels: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let plain = |text: &str| text.trim().trim_end_matches(['.', '。']).trim_matches(['"', '\'']).to_lowercase();
    let written = plain(written);
    labels.find(|label| plain(label) == written).map(String::as_str)
}

async fn read<T: DeserializeOwned>(path: &Path) -> Result<T, JobError> {
    serde_json::from_slice(&tokio::fs::read(path).await?).map_err(JobError::internal)
}

async fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, JobError> {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(path).await?).lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next_line().await? {
        found.push(serde_json::from_str(&line).map_err(JobError::internal)?);
    }
    Ok(found)
}

fn no_answer(error: WriterError) -> JobError {
    JobFailure::NotAnswered { detail: error.to_string() }.into()
}

/// What the trainer says beside its events is about all of the work here.
fn not_evaluated(error: TrainerError) -> JobError {
    match error {
        TrainerError::Sample(detail) => JobFailure::NotAnswered { detail }.into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_written_label_is_known() {
        let labels = ["positive".to_owned(), "负面".to_owned()];
        let find = |text: &str| named(text, labels.iter());
        assert_eq!(
            [find("Positive."), find("\"positive\""), find("负面。")],
            [Some("positive"), Some("positive"), Some("负面")]
        );
        assert_eq!([find("it is positive"), find("")], [None, None]);
    }
}
