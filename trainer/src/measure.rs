//! Predictions of a file, measured: what `trainer measure` prints. Needs no model; the formulas stand in [`domain::metrics`].
//!
//! One JSON object a line. Fields by task:
//! - classification: `expected`, `output`: labels;
//! - probabilities: `expected`: a label; `probabilities`: an object with a number from 0 to 1 per label; or the `scores` that
//!   `trainer eval` gives a multiple-choice question;
//! - generation: `output`: text; if there are right answers, `expected`: text or a list of texts; if known,
//!   `log_likelihood` (of the first expected text, in nats) with `tokens`, or the `scores` that `trainer eval` gives an answer;
//!   `output_embeddings` with `expected_embeddings`, one vector per token; `programs_tried` with `programs_passed`;
//! - spans: `expected`, `output`: lists of objects with `start`, `end` and `label`.
//!
//! Other fields may be there; slices are made of them.

mod fields;
mod items;

pub use fields::{Kind, LineProblem};

use domain::measure::{
    Items, LabelItem, Measurement, ProbabilityItem, Settings, SpanItem, TextItem, measure as measure_items,
};
use domain::metrics::json_schema::{self, Schema, SchemaProblem};
use fields::Fields;
use items::Item;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Bad lines that are told of.
const MOST_PROBLEMS: usize = 20;
/// Slices of one field.
const MOST_SLICES: usize = 200;

/// What the lines are predictions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Classification,
    Probabilities,
    Generation,
    Spans,
}

/// Everything measured of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub task: Task,
    #[serde(flatten)]
    pub all: Measurement,
    /// Metrics that were asked for and mean nothing here, such as BLEU without references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undefined: Vec<String>,
    /// By field, then by its value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub slices: BTreeMap<String, BTreeMap<String, Measurement>>,
}

/// Why a file cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// The first of the bad lines, by their number from 1, and how many there are.
    #[error("{}", told(path, problems, *count))]
    Lines { path: PathBuf, problems: Vec<(u64, LineProblem)>, count: usize },
    #[error("there are no predictions in {}", path.display())]
    Empty { path: PathBuf },
    #[error("there is no metric {metric:?} for this task: there are {}", known.join(", "))]
    UnknownMetric { metric: String, known: &'static [&'static str] },
    #[error("the field {field:?} has more than {MOST_SLICES} values: too many for slices")]
    TooManySlices { field: String },
    #[error("no line has the field {field:?} with a text, a number or a truth value")]
    NoSlices { field: String },
    #[error("{} is not a schema: {problem}", path.display())]
    Schema { path: PathBuf, problem: String },
}

fn told(path: &Path, problems: &[(u64, LineProblem)], count: usize) -> String {
    let line = |(number, problem): &(u64, LineProblem)| format!("{} line {number}: {problem}", path.display());
    let mut lines: Vec<String> = problems.iter().map(line).collect();
    if count > problems.len() {
        lines.push(format!("and {} more bad lines", count - problems.len()));
    }
    lines.join("\n")
}

/// Measures every line of a file, and the slices by each of these fields.
pub fn measure_file(
    path: &Path,
    task: Task,
    settings: &Settings<'_>,
    slices: &[String],
) -> Result<Report, MeasureError> {
    let measured = match task {
        Task::Classification => measured::<LabelItem>(path, settings, slices),
        Task::Probabilities => measured::<ProbabilityItem>(path, settings, slices),
        Task::Generation => measured::<TextItem>(path, settings, slices),
        Task::Spans => measured::<SpanItem>(path, settings, slices),
    };
    let (all, slices) = measured?;
    let asked = settings.metrics.into_iter().flatten();
    let undefined = asked.filter(|name| !all.scores.contains_key(*name)).cloned().collect();
    Ok(Report { task, all, undefined, slices })
}

/// Reads what JSON has to look like.
pub fn read_schema(path: &Path) -> Result<Schema, MeasureError> {
    let text = std::fs::read_to_string(path).map_err(|source| MeasureError::Read { path: path.to_owned(), source })?;
    let not_one = |problem: String| MeasureError::Schema { path: path.to_owned(), problem };
    let value = json_schema::parse(&text).ok_or_else(|| not_one("it is not JSON".to_owned()))?;
    Schema::new(&value).map_err(|problem: SchemaProblem| not_one(problem.to_string()))
}

type Slices = BTreeMap<String, BTreeMap<String, Measurement>>;

fn measured<T: Item>(
    path: &Path,
    settings: &Settings<'_>,
    slices: &[String],
) -> Result<(Measurement, Slices), MeasureError> {
    check_metrics(T::items(&[]), settings)?;
    let rows = read::<T>(path, slices)?;
    let mut by_field = Slices::new();
    for (place, field) in slices.iter().enumerate() {
        let groups = group(&rows, place);
        if groups.len() > MOST_SLICES {
            return Err(MeasureError::TooManySlices { field: field.clone() });
        }
        if groups.is_empty() {
            return Err(MeasureError::NoSlices { field: field.clone() });
        }
        let of_slice = |(value, items): (String, Vec<T>)| (value, measure_items(T::items(&items), settings));
        by_field.insert(field.clone(), groups.into_iter().map(of_slice).collect());
    }
    let items: Vec<T> = rows.into_iter().map(|row| row.item).collect();
    Ok((measure_items(T::items(&items), settings), by_field))
}

fn check_metrics(items: Items<'_>, settings: &Settings<'_>) -> Result<(), MeasureError> {
    let known = items.metrics();
    let unknown = settings.metrics.into_iter().flatten().find(|name| !known.contains(&name.as_str()));
    match unknown {
        Some(metric) => Err(MeasureError::UnknownMetric { metric: metric.clone(), known }),
        None => Ok(()),
    }
}

/// A line, with the value of each slice field that it has.
struct Row<T> {
    item: T,
    slices: Vec<Option<String>>,
}

fn group<T: Item>(rows: &[Row<T>], place: usize) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = &row.slices[place] {
            groups.entry(value.clone()).or_default().push(row.item.clone());
        }
    }
    groups
}

/// Reads all lines that are not empty; none, if one of them is bad.
fn read<T: Item>(path: &Path, slices: &[String]) -> Result<Vec<Row<T>>, MeasureError> {
    let fail = |source| MeasureError::Read { path: path.to_owned(), source };
    let mut file = BufReader::new(File::open(path).map_err(fail)?);
    let (mut rows, mut problems, mut count) = (Vec::new(), Vec::new(), 0);
    let (mut number, mut line) = (0, Vec::new());
    while file.read_until(b'\n', &mut line).map_err(fail)? > 0 {
        number += 1;
        if !line.trim_ascii().is_empty() {
            match row(&line, slices) {
                Ok(row) => rows.push(row),
                Err(problem) => {
                    count += 1;
                    if problems.len() < MOST_PROBLEMS {
                        problems.push((number, problem));
                    }
                }
            }
        }
        line.clear();
    }
    match (problems.is_empty(), rows.is_empty()) {
        (false, _) => Err(MeasureError::Lines { path: path.to_owned(), problems, count }),
        (true, true) => Err(MeasureError::Empty { path: path.to_owned() }),
        (true, false) => Ok(rows),
    }
}

fn row<T: Item>(line: &[u8], slices: &[String]) -> Result<Row<T>, LineProblem> {
    let fields = Fields::parse(line)?;
    Ok(Row { item: T::read(&fields)?, slices: slices.iter().map(|field| fields.plain(field)).collect() })
}
