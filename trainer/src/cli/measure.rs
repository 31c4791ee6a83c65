//! `trainer measure --task TASK PREDICTIONS`: scores of predictions that are there already, as JSON.

use anyhow::Result;
use clap::ValueEnum;
use domain::lang::Lang;
use domain::measure::{ChineseWords, Settings};
use jieba_rs::Jieba;
use std::path::PathBuf;
use std::sync::LazyLock;
use trainer::measure::{Task, measure_file, read_schema};

/// Prints the scores of a file of predictions as JSON: each with its 95 % interval and a signature that names the tokenizer
/// and the aggregation. Numbers are those of sacreBLEU, rouge-score and scikit-learn. No model is needed.
#[derive(Debug, clap::Args)]
pub(crate) struct Measure {
    /// Predictions, one JSON object per line with `expected` and `output` (or `probabilities`). trainer eval writes such a file.
    predictions: PathBuf,
    /// What they are predictions of.
    #[arg(long)]
    task: TaskName,
    /// Only these metrics [default: all that need nothing else].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    metrics: Option<Vec<String>>,
    /// Language of the texts: decides on tokenizers.
    #[arg(long, default_value = "en")]
    language: Language,
    /// Measure each value of these fields by itself, too.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    slices: Vec<String>,
    /// Compare stems of English words in ROUGE.
    #[arg(long)]
    stem: bool,
    /// A file with a JSON Schema that outputs have to match.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Resamples of each bootstrap interval; 0: none.
    #[arg(long, default_value_t = 1000)]
    resamples: u32,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TaskName {
    Classification,
    Probabilities,
    Generation,
    Spans,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    En,
    Zh,
}

/// 5 MB of words, unpacked when the first Chinese text comes.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// As Python's `jieba.cut` does by default, without white space.
fn chinese_words(text: &str) -> Vec<String> {
    JIEBA.cut(text, true).iter().map(|token| token.word).filter(|w| !w.trim().is_empty()).map(str::to_owned).collect()
}

impl Measure {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let schema = self.schema.as_deref().map(read_schema).transpose()?;
        let settings = Settings {
            language: match self.language {
                Language::En => Lang::En,
                Language::Zh => Lang::Zh,
            },
            metrics: self.metrics.as_deref(),
            stems: self.stem,
            schema: schema.as_ref(),
            chinese: ChineseWords { name: "jieba", split: &chinese_words },
            resamples: self.resamples,
            seed: self.seed,
        };
        let task = match self.task {
            TaskName::Classification => Task::Classification,
            TaskName::Probabilities => Task::Probabilities,
            TaskName::Generation => Task::Generation,
            TaskName::Spans => Task::Spans,
        };
        let report = measure_file(&self.predictions, task, &settings, &self.slices)?;
        println!("{}", serde_json::to_string_pretty(&report)?);
        Ok(())
    }
}
