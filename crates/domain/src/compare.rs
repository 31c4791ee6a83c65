//! Runs side by side: the recipe fields in which they differ, what their tuned models score on
//! the test split, which is best, and whether a difference is more than chance.

use crate::{
    diff::DiffCounts,
    eval::{
        EvalMetrics, larger_is_better,
        view::{Difference, SampleScores, differences, metric_order, sample_score},
    },
    event::series,
    id::RunId,
    recipe::Recipe,
    run::RunSummary,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Fewest and most runs that can be compared at once.
pub const MIN_RUNS: usize = 2;
pub const MAX_RUNS: usize = 20;

/// Entries of manifests that are shown.
const MOST_ENTRIES: usize = 200;

/// The series whose curves can be laid over each other.
pub const SERIES: [&str; 5] = [
    series::TRAIN_LOSS,
    series::VALIDATION_LOSS,
    series::LEARNING_RATE,
    series::GRADIENT_NORM,
    series::TOKENS_PER_SECOND,
];

/// Some runs side by side. Every row has one value per run, in the order of `runs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    pub runs: Vec<RunSummary>,
    /// The run that differences start from.
    pub baseline: RunId,
    /// The recipe fields in which not all runs agree.
    pub fields: Vec<FieldRow>,
    /// Those in which they do.
    pub alike: Vec<FieldRow>,
    /// What their manifests say differently beside the recipe: packages, files, machine. Empty for a run that has none yet.
    pub making: Vec<FieldRow>,
    pub metrics: Vec<MetricRow>,
}

/// A recipe field, by its dotted path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldRow {
    pub field: String,
    pub values: Vec<String>,
}

/// The data of one run, and how it differs from the baseline's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataRow {
    pub run: RunId,
    pub train: u64,
    pub validation: u64,
    pub test: u64,
    /// Samples outside the test split that differ from the baseline's version, where somebody has compared the two.
    pub changes: Option<DiffCounts>,
}

/// A metric of the tuned models, or the last validation loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricRow {
    pub metric: String,
    /// `None` for a run that has not measured it.
    pub cells: Vec<Option<MetricCell>>,
}

/// What one run reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricCell {
    pub value: f64,
    /// No other run reached a better value, and some a worse one.
    pub is_best: bool,
    /// From the baseline to this run; absent for the baseline itself.
    pub difference: Option<Difference>,
    /// How many samples both runs were tested on: what the difference's interval rests on.
    pub common_samples: u32,
}

/// A run to compare.
#[derive(Clone, Debug)]
pub struct Contestant {
    pub run: RunSummary,
    pub recipe: Recipe,
    /// The tuned model's test metrics and scores per sample, once evaluated.
    pub evaluation: Option<(EvalMetrics, SampleScores)>,
    /// Entries of the manifest by dotted name, once the run has succeeded.
    pub manifest: BTreeMap<String, String>,
}

impl Comparison {
    /// Compares runs. Differences start from the `baseline`, or the first run if that is not
    /// among them; `None` without runs. Draws many resamples: not for an async task's thread.
    #[must_use]
    pub fn new(contestants: &[Contestant], baseline: Option<RunId>) -> Option<Self> {
        let base = contestants.iter().find(|c| Some(c.run.id) == baseline).or_else(|| contestants.first())?;
        let mut metrics = test_metrics(contestants, base);
        metrics.push(validation_loss(contestants));
        metrics.retain(|row| row.cells.iter().any(Option::is_some));
        metrics.iter_mut().for_each(mark_best);
        let (fields, alike) = all_fields(contestants).into_iter().partition(FieldRow::differs);
        Some(Self {
            runs: contestants.iter().map(|c| c.run.clone()).collect(),
            baseline: base.run.id,
            fields,
            alike,
            making: making(contestants),
            metrics,
        })
    }

    /// Whether all runs started from the same base model.
    #[must_use]
    pub fn same_model(&self) -> bool {
        self.runs.windows(2).all(|pair| pair[0].model_id == pair[1].model_id)
    }

    /// Whether all runs used the same dataset version, and so the same test split.
    #[must_use]
    pub fn same_version(&self) -> bool {
        self.runs.windows(2).all(|pair| pair[0].version_id == pair[1].version_id)
    }
}

impl FieldRow {
    fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| pair[0] != pair[1])
    }
}

fn all_fields(contestants: &[Contestant]) -> Vec<FieldRow> {
    let columns: Vec<_> = contestants.iter().map(|c| c.recipe.fields()).collect();
    let Some(first) = columns.first() else { return Vec::new() };
    let row = |(i, (field, _)): (usize, &(String, String))| FieldRow {
        field: field.clone(),
        values: columns.iter().map(|column| column[i].1.clone()).collect(),
    };
    first.iter().enumerate().map(row).collect()
}

/// Entries of manifests in which those differ that there are.
fn making(contestants: &[Contestant]) -> Vec<FieldRow> {
    let names: BTreeSet<&String> = contestants.iter().flat_map(|c| c.manifest.keys()).collect();
    let row = |name: &String| {
        let of = |c: &Contestant| c.manifest.get(name).cloned().unwrap_or_default();
        let known = contestants.iter().filter(|c| !c.manifest.is_empty()).map(of).collect();
        let differs = FieldRow { field: String::new(), values: known }.differs();
        differs.then(|| FieldRow { field: name.clone(), values: contestants.iter().map(of).collect() })
    };
    names.into_iter().filter(|name| !name.starts_with("recipe.")).filter_map(row).take(MOST_ENTRIES).collect()
}

/// Every metric that some tuned model has, in the order they are shown.
fn test_metrics(contestants: &[Contestant], base: &Contestant) -> Vec<MetricRow> {
    let mut names: Vec<&str> = Vec::new();
    for (metrics, _) in contestants.iter().filter_map(|c| c.evaluation.as_ref()) {
        let known = metric_order(metrics.task).iter().copied().filter(|name| metrics.values.contains_key(*name));
        for name in known.chain(metrics.values.keys().map(String::as_str)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let from_base: Vec<_> = contestants.iter().map(|c| Gap::between(base, c)).collect();
    let row = |name: &str| MetricRow {
        metric: name.to_owned(),
        cells: contestants.iter().zip(&from_base).map(|(c, gap)| cell(c, gap.as_ref(), name)).collect(),
    };
    names.into_iter().map(row).collect()
}

/// How a run differs from the baseline.
struct Gap<'a> {
    differences: Vec<Difference>,
    scores: (&'a SampleScores, &'a SampleScores),
}

impl<'a> Gap<'a> {
    fn between(base: &'a Contestant, other: &'a Contestant) -> Option<Self> {
        if base.run.id == other.run.id {
            return None;
        }
        let (from, to) = (base.evaluation.as_ref()?, other.evaluation.as_ref()?);
        Some(Self { differences: differences((&from.0, &from.1), (&to.0, &to.1)), scores: (&from.1, &to.1) })
    }

    /// Samples for which both have the score that `metric` is the mean of.
    fn common_samples(&self, metric: &str) -> u32 {
        let Some(score) = sample_score(metric) else { return 0 };
        let both = |id| {
            let has = |scores: &SampleScores| scores.get(id).is_some_and(|s| s.contains_key(score));
            has(self.scores.0) && has(self.scores.1)
        };
        u32::try_from(self.scores.1.keys().filter(|id| both(id)).count()).unwrap_or(u32::MAX)
    }
}

fn cell(contestant: &Contestant, gap: Option<&Gap<'_>>, metric: &str) -> Option<MetricCell> {
    let value = *contestant.evaluation.as_ref()?.0.values.get(metric)?;
    Some(MetricCell {
        value,
        is_best: false,
        difference: gap.and_then(|g| g.differences.iter().find(|d| d.metric == metric).cloned()),
        common_samples: gap.map_or(0, |g| g.common_samples(metric)),
    })
}

fn validation_loss(contestants: &[Contestant]) -> MetricRow {
    let cell = |value| MetricCell { value, is_best: false, difference: None, common_samples: 0 };
    MetricRow {
        metric: series::VALIDATION_LOSS.to_owned(),
        cells: contestants.iter().map(|c| c.run.validation_loss.map(cell)).collect(),
    }
}

/// Marks the best values of a row, unless all are equal.
fn mark_best(row: &mut MetricRow) {
    let values: Vec<f64> = row.cells.iter().flatten().map(|c| c.value).filter(|v| v.is_finite()).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let best = if larger_is_better(&row.metric) { high } else { low };
    for cell in row.cells.iter_mut().flatten() {
        cell.is_best = low < high && cell.value == best;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{
        eval::Task,
        id::{DatasetId, ModelId, SampleId, VersionId},
        run::{RunState, RunStatus},
    };
    use time::OffsetDateTime;

    fn run(number: i32) -> RunSummary {
        let state = RunState {
            status: RunStatus::Succeeded,
            step: 1,
            total_steps: 1,
            phase: None,
            attempt: 1,
            max_attempts: 3,
            device: String::new(),
            queue: None,
            cancel_requested: false,
            failure: None,
            started_at: None,
            ended_at: None,
            elapsed_seconds: 0,
            fit: None,
        };
        RunSummary {
            id: RunId::new(),
            number,
            name: String::new(),
            model_id: ModelId::new(),
            model_name: String::new(),
            dataset_id: DatasetId::new(),
            dataset_name: String::new(),
            version_id: VersionId::new(),
            version_number: 1,
            created_by: String::new(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            state,
            train_loss: None,
            validation_loss: None,
            headline: None,
            saw_erased: false,
        }
    }

    /// A run whose tuned model got these samples right or wrong.
    fn contestant(number: i32, rank: u32, answers: &[(i64, bool)]) -> Contestant {
        let right = |b: bool| f64::from(u8::from(b));
        let scores: SampleScores = answers
            .iter()
            .map(|(id, b)| (SampleId(*id), BTreeMap::from([("correct".to_owned(), right(*b))])))
            .collect();
        let accuracy = answers.iter().map(|a| right(a.1)).sum::<f64>() / answers.len() as f64;
        let metrics = EvalMetrics {
            task: Task::Classification,
            samples: u32::try_from(answers.len()).unwrap(),
            values: BTreeMap::from([("perplexity".to_owned(), 3.0 - accuracy), ("accuracy".to_owned(), accuracy)]),
            classes: Vec::new(),
            confusion: None,
        };
        let mut recipe = Recipe::default();
        recipe.lora.rank = rank;
        Contestant { run: run(number), recipe, evaluation: Some((metrics, scores)), manifest: BTreeMap::new() }
    }

    #[test]
    fn the_best_is_marked_and_differences_start_from_the_baseline() {
        let runs = [
            contestant(1, 8, &[(1, false), (2, false), (3, true)]),
            contestant(2, 16, &[(1, true), (2, true), (3, true)]),
        ];
        let c = Comparison::new(&runs, Some(runs[1].run.id)).unwrap();
        let row = &c.metrics[0];
        assert_eq!((row.metric.as_str(), c.metrics[1].metric.as_str()), ("accuracy", "perplexity"));
        let cells: Vec<_> = row.cells.iter().flatten().collect();
        assert_eq!([cells[0].is_best, cells[1].is_best], [false, true]);
        assert!(cells[1].difference.is_none(), "the baseline differs from nothing");
        assert_eq!(cells[0].common_samples, 3);
        let d = cells[0].difference.as_ref().unwrap();
        assert!(d.from > d.to && d.interval.unwrap().0 <= -0.6, "{d:?}");
        assert!(c.metrics[1].cells[1].as_ref().unwrap().is_best, "a smaller perplexity is better");
    }

    #[test]
    fn only_fields_that_differ_are_rows() {
        let runs = [contestant(1, 8, &[(1, true)]), contestant(2, 8, &[(1, true)]), contestant(3, 4, &[(2, true)])];
        let c = Comparison::new(&runs, None).unwrap();
        let values = ["8", "8", "4"].map(str::to_owned).to_vec();
        assert_eq!(c.fields, [FieldRow { field: "lora.rank".to_owned(), values }]);
        assert!(c.metrics[0].cells.iter().flatten().all(|x| !x.is_best), "equal values have no best");
        assert_eq!(c.metrics[0].cells[2].as_ref().unwrap().common_samples, 0);
        assert_eq!(c.metrics[0].cells[2].as_ref().unwrap().difference.as_ref().unwrap().interval, None);
    }

    #[test]
    fn manifests_are_compared_beside_the_recipe() {
        let mut runs = [contestant(1, 8, &[(1, true)]), contestant(2, 4, &[(1, true)]), contestant(3, 8, &[(1, true)])];
        let entries = |threads: &str| {
            let all = [("machine.threads", threads), ("packages.gemm", "1"), ("recipe.lora.rank", threads)];
            BTreeMap::from(all.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        (runs[0].manifest, runs[1].manifest) = (entries("2"), entries("4"));
        let c = Comparison::new(&runs, None).unwrap();
        let values = ["2", "4", ""].map(str::to_owned).to_vec();
        assert_eq!(c.making, [FieldRow { field: "machine.threads".to_owned(), values }]);
        assert!(c.alike.iter().any(|row| row.field == "seed") && c.alike.iter().all(|row| row.field != "lora.rank"));
    }

    #[test]
    fn a_run_without_evaluation_has_gaps() {
        let mut runs = [contestant(1, 8, &[(1, true)]), contestant(2, 8, &[(1, false)])];
        runs[0].evaluation = None;
        runs[0].run.validation_loss = Some(0.5);
        let c = Comparison::new(&runs, None).unwrap();
        assert!(c.metrics[0].cells[0].is_none() && c.metrics[0].cells[1].is_some());
        assert_eq!(c.metrics.last().map(|r| r.metric.as_str()), Some("validation_loss"));
        assert_eq!(Comparison::new(&[], None), None);
    }
}
