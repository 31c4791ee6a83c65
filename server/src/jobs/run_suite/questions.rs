//! The samples that an evaluation asks, as a file for the trainer and as turns for an endpoint.

use crate::jobs::{JobContext, JobError};
use domain::{
    eval::{Prediction, Task},
    explore::fields,
    id::SampleId,
    job::{Gone, JobFailure},
    sample::{Message, Sample, Speaker},
    suite::{EvaluationDesign, MAX_NEW_TOKENS, USUAL_NEW_TOKENS},
    task_file::TaskFile,
};
use futures::TryStreamExt;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use store::suites::results::NewAnswer;
use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
};

/// Samples between two looks at whether to stop.
const CHECK_EVERY: usize = 1000;

/// How much of all evaluations is done, in samples.
pub(super) struct Work {
    pub(super) done: u64,
    pub(super) total: u64,
}

/// What one evaluation asks.
pub(super) struct Questions<'a> {
    pub(super) evaluation: &'a EvaluationDesign,
    /// Samples as JSON lines, and where the trainer writes.
    pub(super) samples: PathBuf,
    pub(super) out: PathBuf,
    /// A sample for every label of the closed set.
    pub(super) labels: Option<PathBuf>,
    pub(super) known: BTreeSet<String>,
    /// Where the samples were made of a task file: what it says, and where the trainer reads it.
    pub(super) task: Option<(TaskFile, PathBuf)>,
    /// Sample and its position in the version, by line.
    asked: Vec<(SampleId, u32)>,
}

impl<'a> Questions<'a> {
    /// Reads them from the version.
    pub(super) async fn write(
        context: &JobContext,
        evaluation: &'a EvaluationDesign,
        folder: &Path,
    ) -> Result<Self, JobError> {
        let key = || evaluation.key.clone();
        let version = store::versions::get(&context.db, context.project, evaluation.version_id).await?;
        let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
        tokio::fs::create_dir_all(folder).await?;
        let samples = folder.join("samples.jsonl");
        let mut lines = BufWriter::with_capacity(1 << 18, File::create(&samples).await?);
        let (mut asked, most) = (Vec::new(), evaluation.max_samples.map_or(usize::MAX, |most| most as usize));
        let mut known: BTreeSet<String> = version.stats.labels.iter().map(|(label, _)| label.clone()).collect();
        let mut rows = store::samples::stream(&context.db, version.id, Some(evaluation.split));
        while let Some(row) = rows.try_next().await? {
            if asked.len() >= most {
                break;
            }
            if !evaluation.wants(&fields(&row)) || row.sample.answer().is_none() {
                continue;
            }
            match (&row.sample.label, evaluation.task) {
                (None, Task::Classification) => return Err(JobFailure::NotLabelled { evaluation: key() }.into()),
                (_, Task::MultipleChoice) if row.sample.right_choice().is_none() => {
                    return Err(JobFailure::NotLabelled { evaluation: key() }.into());
                }
                (label, _) => known.extend(label.clone()),
            }
            let mut line = serde_json::to_vec(&as_asked(row.sample, evaluation.task)).map_err(JobError::internal)?;
            line.push(b'\n');
            lines.write_all(&line).await?;
            asked.push((row.id, row.position));
            if asked.len().is_multiple_of(CHECK_EVERY) {
                context.check()?;
            }
        }
        lines.flush().await?;
        if asked.is_empty() {
            return Err(JobFailure::NothingToEvaluate { evaluation: key() }.into());
        }
        let labels = match evaluation.task {
            Task::Classification => Some(write_labels(&known, folder).await?),
            Task::MultipleChoice | Task::Generation => None,
        };
        let task = match store::versions::task(&context.db, context.project, version.id).await? {
            Some(task) => {
                let path = folder.join("task.json");
                tokio::fs::write(&path, serde_json::to_vec(&task).map_err(JobError::internal)?).await?;
                Some((task, path))
            }
            None => None,
        };
        Ok(Self { evaluation, samples, out: folder.join("out"), labels, known, task, asked })
    }

    /// Longest answer, in tokens: what the design says where it says anything but the usual, else what the task says.
    pub(super) fn max_new_tokens(&self) -> u32 {
        let by_task = self.task.as_ref().and_then(|(task, _)| task.max_gen_toks);
        max_new_tokens(self.evaluation.max_new_tokens, by_task)
    }

    /// A reply without what comes after the first text that ends an answer of this task. The trainer sees to that itself.
    pub(super) fn ended<'t>(&self, reply: &'t str) -> &'t str {
        let until = self.task.as_ref().map(|(task, _)| task.until.as_slice());
        ended(reply, until.unwrap_or_default())
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    /// Samples and their positions in the version, by question.
    pub(super) fn places(&self) -> &[(SampleId, u32)] {
        &self.asked
    }

    /// The predictions with the samples that they answer.
    pub(super) fn kept(&self, predictions: Vec<Prediction>) -> Result<Vec<NewAnswer>, JobError> {
        let kept = |p: Prediction| {
            let (sample, position) = *self
                .asked
                .get(p.index as usize)
                .ok_or_else(|| JobError::internal("a sample was answered that was not asked"))?;
            Ok::<_, JobError>(NewAnswer {
                sample,
                position,
                output: p.output,
                expected: p.expected,
                correct: p.correct,
                scores: p.scores,
            })
        };
        predictions.into_iter().map(kept).collect()
    }
}

fn max_new_tokens(by_design: u32, by_task: Option<u32>) -> u32 {
    match by_task {
        Some(tokens) if by_design == USUAL_NEW_TOKENS => tokens.clamp(1, MAX_NEW_TOKENS),
        _ => by_design,
    }
}

fn ended<'t>(reply: &'t str, until: &[String]) -> &'t str {
    let stops = until.iter().filter(|stop| !stop.is_empty());
    let end = stops.filter_map(|stop| reply.find(stop.as_str())).min();
    end.map_or(reply, |end| &reply[..end])
}

/// The trainer takes labelled samples for classification, and those with choices for multiple choice: a sample goes without
/// what would make it another task.
fn as_asked(sample: Sample, task: Task) -> Sample {
    let (label, choices) = match task {
        Task::Classification => (sample.label, Vec::new()),
        Task::MultipleChoice => (sample.label, sample.choices),
        Task::Generation => (None, Vec::new()),
    };
    Sample { label, choices, rejected: None, ..sample }
}

async fn write_labels(known: &BTreeSet<String>, folder: &Path) -> Result<PathBuf, JobError> {
    let path = folder.join("labels.jsonl");
    let mut lines = Vec::new();
    for label in known {
        let messages = vec![Message::new(Speaker::User, ""), Message::new(Speaker::Assistant, label.clone())];
        let sample = Sample { messages, label: Some(label.clone()), ..Sample::default() };
        serde_json::to_writer(&mut lines, &sample).map_err(JobError::internal)?;
        lines.push(b'\n');
    }
    tokio::fs::write(&path, lines).await?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_says_where_answers_end() {
        let until = ["\n\n".to_owned(), String::new(), "Q:".to_owned()];
        assert_eq!(ended("four Q: five\n\nsix", &until), "four ");
        assert_eq!((ended("four", &until), ended("four Q:", &[])), ("four", "four Q:"));
        assert_eq!(max_new_tokens(USUAL_NEW_TOKENS, Some(1024)), 1024);
        assert_eq!((max_new_tokens(64, Some(1024)), max_new_tokens(USUAL_NEW_TOKENS, None)), (64, USUAL_NEW_TOKENS));
        assert_eq!(max_new_tokens(USUAL_NEW_TOKENS, Some(0)), 1);
    }
}
