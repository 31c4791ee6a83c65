//! Samples of a task file of lm-evaluation-harness and its data: what `trainer task` writes.
//!
//! The prompt of a sample is one user turn: description, examples and question, as the harness joins them; its answer is the
//! target. Templates are Jinja programs from outside: they run with a budget of steps, in a process with one of memory.

mod render;
mod rows;
mod yaml;

pub use render::TemplateProblem;
pub use yaml::YamlProblem;

use domain::sample::{Message, Sample, Speaker};
use domain::task_file::{TaskFile, TaskFileProblem, parse};
use render::{Answer, Renderer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Largest task file that is read.
const MAX_TASK_BYTES: u64 = 256 << 10;
/// Longest value, in characters, that is kept as a slice, and most slices of one row.
const MAX_SLICE_CHARS: usize = 100;
const MAX_SLICES: usize = 32;

/// Why a task file gives no samples.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is longer than 256 KiB", path.display())]
    TooLong { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Yaml { path: PathBuf, source: YamlProblem },
    #[error("{}: {source}", path.display())]
    Task { path: PathBuf, source: TaskFileProblem },
    #[error("the task names no data file for the split {split:?}")]
    NoFiles { split: String },
    #[error("{} line {line}: {problem}", path.display())]
    Row { path: PathBuf, line: usize, problem: String },
    #[error("row {row} of the split {split:?}: {source}")]
    Template { split: String, row: usize, source: TemplateProblem },
    #[error("the split {split:?} has {rows} rows: too few for {wanted} examples before each question")]
    FewExamples { split: String, rows: usize, wanted: u32 },
    #[error("the split {split:?} has no rows")]
    NoRows { split: String },
}

/// Reads what a task file says.
pub fn read(path: &Path) -> Result<TaskFile, TaskError> {
    let fail = |source| TaskError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(fail)?.len() > MAX_TASK_BYTES {
        return Err(TaskError::TooLong { path: path.to_owned() });
    }
    let text = std::fs::read_to_string(path).map_err(fail)?;
    let fields = yaml::parse(&text).map_err(|source| TaskError::Yaml { path: path.to_owned(), source })?;
    parse(&fields).map_err(|source| TaskError::Task { path: path.to_owned(), source })
}

/// The samples of a task's split. `data` is the folder of its files, or the file of the split itself.
pub fn samples(task: &TaskFile, data: &Path) -> Result<Vec<Sample>, TaskError> {
    let renderer = Renderer::new(task);
    let rows = rows_of(task, &task.split, data)?;
    if rows.is_empty() {
        return Err(TaskError::NoRows { split: task.split.clone() });
    }
    let fewshot_split = task.fewshot_split.as_ref().unwrap_or(&task.split);
    // One file is all there is.
    let is_own = data.is_file() || *fewshot_split == task.split;
    let examples = match task.fewshots {
        0 => Vec::new(),
        // One more, since no row is an example of itself.
        n => {
            let others = if is_own { rows.clone() } else { rows_of(task, fewshot_split, data)? };
            examples(task, &renderer, fewshot_split, &others, n as usize + usize::from(is_own))?
        }
    };
    let mut samples = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let own = |(place, _): &(usize, &String)| !(is_own && *place == number);
        let shown = examples.iter().enumerate().filter(own).take(task.fewshots as usize).map(|(_, text)| text.as_str());
        let shown: String = shown.collect();
        samples.push(sample(&renderer, row, &shown).map_err(|source| template(&task.split, number + 1, source))?);
    }
    label(&mut samples);
    Ok(samples)
}

fn template(split: &str, row: usize, source: TemplateProblem) -> TaskError {
    TaskError::Template { split: split.to_owned(), row, source }
}

/// The rows of a split's files.
fn rows_of(task: &TaskFile, split: &str, data: &Path) -> Result<Vec<Map<String, Value>>, TaskError> {
    let files = task.data_files.get(split).ok_or_else(|| TaskError::NoFiles { split: split.to_owned() })?;
    if data.is_file() {
        return rows::read(data, task.format);
    }
    let mut rows = Vec::new();
    for file in files {
        // Only its name counts: a task file may not point to other places.
        let name = Path::new(file).file_name().unwrap_or_default();
        rows.extend(rows::read(&data.join(name), task.format)?);
    }
    Ok(rows)
}

/// Questions with their answers, as they stand before a question.
fn examples(
    task: &TaskFile,
    renderer: &Renderer<'_>,
    split: &str,
    rows: &[Map<String, Value>],
    wanted: usize,
) -> Result<Vec<String>, TaskError> {
    if rows.len() < wanted {
        return Err(TaskError::FewExamples { split: split.to_owned(), rows: rows.len(), wanted: task.fewshots });
    }
    let example = |(number, row): (usize, &Map<String, Value>)| {
        let (question, answer) = renderer.row(row).map_err(|source| template(split, number + 1, source))?;
        Ok(format!("{question}{}{}{}", task.target_delimiter, answer.text(), task.fewshot_delimiter))
    };
    rows.iter().take(wanted).enumerate().map(example).collect()
}

fn sample(renderer: &Renderer<'_>, row: &Map<String, Value>, examples: &str) -> Result<Sample, TemplateProblem> {
    let (question, answer) = renderer.row(row)?;
    let prompt = format!("{}{examples}{question}", renderer.description(row)?);
    let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, answer.text())];
    let choices = match answer {
        Answer::Choice { choices, .. } => choices,
        Answer::Text(_) => Vec::new(),
    };
    Ok(Sample { messages, choices, slices: slices(row), ..Sample::default() })
}

/// Short fields of a row, to cut an evaluation by.
fn slices(row: &Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let short = |text: &String| !text.is_empty() && text.chars().nth(MAX_SLICE_CHARS).is_none();
    let found = row.iter().filter_map(|(name, value)| Some((name.clone(), text(value).filter(short)?)));
    found.take(MAX_SLICES).collect()
}

/// Choices that all samples share are labels.
fn label(samples: &mut [Sample]) {
    let Some(first) = samples.first().map(|sample| sample.choices.clone()) else { return };
    if first.is_empty() || samples.iter().any(|sample| sample.choices != first) {
        return;
    }
    for sample in samples {
        let (right, answer) = (sample.right_choice(), sample.answer().map(str::to_owned));
        sample.label = answer;
        if sample.right_choice() != right {
            // A letter that is the text of another choice.
            sample.label = None;
        }
    }
}
