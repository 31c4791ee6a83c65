//! `trainer eval`: a model, with or without an adapter, scored on test samples.

use super::model::{LoadedModel, read_samples};
use anyhow::{Context, Result};
use candle_core::Device;
use domain::eval::EvalMetrics;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use trainer::eval::{EvalOptions, evaluate};

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
    #[arg(long, default_value_t = 256)]
    max_new_tokens: usize,
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
        let options = EvalOptions { labels, max_new_tokens: self.max_new_tokens, ..EvalOptions::default() };
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &Device::Cpu)?;
        let bar = indicatif::ProgressBar::new(samples.len() as u64);
        bar.set_style(indicatif::ProgressStyle::with_template("{pos}/{len} samples {wide_bar} {eta} left")?);
        let (metrics, predictions) = evaluate(model.chat(), &samples, &options, &mut |done| {
            bar.set_position(done as u64);
            ControlFlow::Continue(())
        })?;
        bar.finish_and_clear();
        let lines = predictions.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        write(&self.out.join("predictions.jsonl"), &(lines.join("\n") + "\n"))?;
        write(&self.out.join("metrics.json"), &(serde_json::to_string_pretty(&metrics)? + "\n"))?;
        print(&metrics).context("cannot write to the terminal")
    }
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
