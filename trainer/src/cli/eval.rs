//! `trainer eval`: a model, with or without an adapter, scored on test samples.

use super::model::{LoadedModel, read_samples};
use anyhow::{Context, Result};
use candle_core::Device;
use domain::eval::EvalMetrics;
use domain::task_file::TaskFile;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use trainer::eval::{EvalOptions, Filter, evaluate};
use trainer::memory::peak_mib;

/// Evaluates a model on a file of samples.
#[derive(Debug, clap::Args)]
pub(crate) struct Eval {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Samples, one JSON object per line.
    #[arg(long)]
    test: PathBuf,
    /// Folder for metrics.json and predictions.jsonl; made if absent.
    #[arg(long)]
    out: PathBuf,
    /// Samples whose labels belong to the label set too, usually the training data.
    #[arg(long)]
    labels_from: Option<PathBuf>,
    /// Only this many samples from the beginning; 0: all.
    #[arg(long, default_value_t = 0)]
    limit: usize,
    /// Longest answer [default: what the task says, or 256].
    #[arg(long)]
    max_new_tokens: Option<usize>,
    /// What `trainer task` printed: ends of answers, their length and what is taken of them.
    #[arg(long, value_name = "JSON")]
    task: Option<PathBuf>,
    /// A text that ends an answer; may be given several times.
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Prompts and answers as plain text, without the chat template: as lm-evaluation-harness asks base models.
    #[arg(long)]
    plain: bool,
    /// Answer one prompt at a time and note for each the time to its first token, to its end, and its tokens.
    #[arg(long)]
    latency: bool,
    /// Compute with the exact values of quantized weights in f32: slower, and takes more memory.
    #[arg(long)]
    exact: bool,
}

impl Eval {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let mut samples = read_samples(&self.test)?;
        if self.limit > 0 {
            samples.truncate(self.limit);
        }
        let known = self.labels_from.as_deref().map(read_samples).transpose()?.unwrap_or_default();
        let labels = known.into_iter().filter_map(|s| s.label).collect();
        let options = EvalOptions { labels, ..self.options()? };
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &Device::Cpu)?;
        let bar = indicatif::ProgressBar::new(samples.len() as u64);
        bar.set_style(indicatif::ProgressStyle::with_template("{pos}/{len} samples {wide_bar} {eta} left")?);
        let (mut metrics, predictions) = evaluate(model.chat(), &samples, &options, &mut |done| {
            bar.set_position(done as u64);
            ControlFlow::Continue(())
        })?;
        bar.finish_and_clear();
        metrics.values.extend(peak_mib().map(|mib| ("peak_memory_mib".to_owned(), mib)));
        let lines = predictions.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        write(&self.out.join("predictions.jsonl"), &(lines.join("\n") + "\n"))?;
        write(&self.out.join("metrics.json"), &(serde_json::to_string_pretty(&metrics)? + "\n"))?;
        print(&metrics).context("cannot write to the terminal")
    }

    fn options(&self) -> Result<EvalOptions> {
        let task = self.task.as_deref().map(read_task).transpose()?;
        let mut options = EvalOptions { timed: self.latency, stop: self.stop.clone(), ..EvalOptions::default() };
        if let Some(task) = &task {
            options.stop.extend(task.until.iter().cloned());
            options.filter = task.filter.clone().map(Filter::new).transpose()?;
            options.max_new_tokens = task.max_gen_toks.map_or(options.max_new_tokens, |tokens| tokens as usize);
        }
        options.max_new_tokens = self.max_new_tokens.unwrap_or(options.max_new_tokens);
        // The harness puts a space between both unless the task says otherwise.
        options.plain = self.plain.then(|| task.map_or_else(|| " ".to_owned(), |task| task.target_delimiter));
        Ok(options)
    }
}

fn read_task(path: &Path) -> Result<TaskFile> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what trainer task printed", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn print(metrics: &EvalMetrics) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} samples", metrics.samples)?;
    for (name, value) in &metrics.values {
        writeln!(out, "{name:<20} {value:.4}")?;
    }
    Ok(())
}
