//! Task files of EleutherAI's lm-evaluation-harness (its `docs/task_guide.md`) for data at hand: which fields are understood
//! and what they mean. What is not understood is refused by name, since a task that is read in part measures something else.

mod parse;

pub use parse::parse;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputType {
    /// To find the right choice likeliest.
    MultipleChoice,
    /// To write an answer.
    GenerateUntil,
    /// To find the right answer likely.
    Loglikelihood,
}

/// Kinds of data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// JSON lines, or a list of objects.
    Json,
    Csv,
}

/// Where a part of a question comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The name of a field, or else a Jinja template.
    Template(String),
    /// The place of a choice, from 0.
    Place(u64),
    /// Texts that are the same for every row.
    Texts(Vec<String>),
}

/// Memory that the regular expression of a task file may take, in bytes.
pub const MAX_REGEX_BYTES: usize = 1 << 20;

/// The first filter of an answer: a match of a regular expression. Defaults are the harness's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegexFilter {
    pub pattern: String,
    /// Which match, from 0; negative ones count from the end.
    pub group_select: i32,
    /// What stands for an answer without a match.
    pub fallback: String,
}

/// How the task would be scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskMetric {
    pub metric: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub higher_is_better: Option<bool>,
}

/// A task that is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFile {
    pub task: String,
    pub output: OutputType,
    pub format: DataFormat,
    /// Files by split; those that name no split are `train`, as in the data sets library.
    pub data_files: BTreeMap<String, Vec<String>>,
    /// The split whose rows become samples: the test split, or else the one for validation.
    pub split: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewshot_split: Option<String>,
    #[serde(default)]
    pub fewshots: u32,
    pub text: Source,
    pub target: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Source>,
    #[serde(default)]
    pub description: String,
    pub target_delimiter: String,
    pub fewshot_delimiter: String,
    /// Texts that end an answer.
    #[serde(default)]
    pub until: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gen_toks: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<RegexFilter>,
    pub metrics: Vec<TaskMetric>,
}

/// Why a task file is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskFileProblem {
    #[error("it is not a YAML mapping")]
    NotAMapping,
    #[error("the field {field} is missing")]
    Missing { field: String },
    #[error("the field {field} is not {wanted}")]
    Wrong { field: String, wanted: &'static str },
    #[error("the field {field} is {value:?}, which is not supported: use {}", known.join(" or "))]
    Unsupported { field: String, value: String, known: &'static [&'static str] },
    #[error("the field {field} is not supported: {advice}")]
    NotSupported { field: String, advice: &'static str },
    #[error("the task reads the field {field}, which is unknown here")]
    Unknown { field: String },
}

impl RegexFilter {
    /// What the filters `regex` and `take_first` take of an answer. Each match of the pattern is the whole of it, then its groups.
    /// Of the match that is wanted it is the first group that matched anything, or all of it where the pattern has no groups;
    /// without such a match the fallback.
    #[must_use]
    pub fn take(&self, matches: &[Vec<Option<&str>>]) -> String {
        let place = match self.group_select {
            from_start @ 0.. => usize::try_from(from_start).ok(),
            from_end => matches.len().checked_sub(from_end.unsigned_abs() as usize),
        };
        let chosen = place.and_then(|place| matches.get(place)).map(|found| match found.as_slice() {
            [whole] => whole.unwrap_or_default(),
            [_, groups @ ..] => groups.iter().flatten().copied().find(|text| !text.is_empty()).unwrap_or_default(),
            [] => "",
        });
        chosen.map_or_else(|| self.fallback.clone(), |text| text.trim().to_owned())
    }
}

impl TaskFile {
    /// The metrics of this project that say what the task's own do, in its order.
    #[must_use]
    pub fn suggested_metrics(&self) -> Vec<&'static str> {
        let known = |name: &str| {
            Some(match (self.output, name) {
                (OutputType::MultipleChoice, "acc") => "accuracy",
                (OutputType::MultipleChoice, "acc_norm") => "accuracy_norm",
                (OutputType::MultipleChoice, "acc_bytes") => "accuracy_bytes",
                (OutputType::MultipleChoice, "f1") => "macro_f1",
                (OutputType::Loglikelihood, "perplexity") => "perplexity",
                (_, "exact_match" | "acc") => "exact_match",
                (_, "bleu") => "bleu",
                (_, "rouge" | "rougeL" | "rouge_l") => "rouge_l",
                _ => return None,
            })
        };
        self.metrics.iter().filter_map(|metric| known(&metric.metric)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_taken_of_the_match_that_is_wanted() {
        let taken = |group_select: i32, matches: &[Vec<Option<&str>>]| {
            RegexFilter { pattern: String::new(), group_select, fallback: "[invalid]".to_owned() }.take(matches)
        };
        let whole = [vec![Some(" 2 ")], vec![Some("3")]];
        assert_eq!([0, 1, 2, -1, -2, -3].map(|n| taken(n, &whole)), ["2", "3", "[invalid]", "3", "2", "[invalid]"]);
        let grouped = [vec![Some("#### 5"), None, Some(""), Some("5")], vec![Some("#### "), None, None, None]];
        assert_eq!([0, -1].map(|n| taken(n, &grouped)), ["5", ""]);
        assert_eq!(taken(0, &[]), "[invalid]");
    }
}
