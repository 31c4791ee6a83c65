//! `trainer eval`: a model, with or without an adapter, scored on test samples.

use super::limits::Limits;
use super::model::{LoadedModel, read_samples};
use super::run::open_pipe;
use anyhow::{Context, Result};
use candle_core::Device;
use domain::eval::EvalMetrics;
use domain::event::Phase;
use domain::suite::Timing;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use trainer::error::TrainError;
use trainer::eval::{ANSWER_TOKENS, EvalOptions, evaluate};
use trainer::event::Sink;

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
    /// Folder for metrics.json, predictions.jsonl and timing.json; made if absent.
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
    /// Say with each prediction how long it took.
    #[arg(long)]
    timed: bool,
    /// Copy events as JSON lines to `-` (standard output) or a named pipe. Then nothing else is printed.
    #[arg(long)]
    events: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

impl Eval {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        self.limits.apply()?;
        let mut sink =
            Sink::piped(self.events.as_deref().map(open_pipe).transpose()?, std::io::stderr().is_terminal())?;
        let mut samples = read_samples(&self.test)?;
        if self.limit > 0 {
            samples.truncate(self.limit);
        }
        let known = self.labels_from.as_deref().map(read_samples).transpose()?.unwrap_or_default();
        let labels = known.into_iter().filter_map(|s| s.label).collect();
        let options =
            EvalOptions { labels, max_new_tokens: self.max_new_tokens, timed: self.timed, ..EvalOptions::default() };
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        sink.phase(Phase::Loading, 0, 1)?;
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &Device::Cpu)?;
        let (began, total) = (Instant::now(), u32::try_from(samples.len()).unwrap_or(u32::MAX));
        let mut told: Result<(), TrainError> = Ok(());
        let evaluated = evaluate(model.chat(), &samples, &options, &mut |done| {
            told = sink.phase(Phase::Scoring, u32::try_from(done).unwrap_or(u32::MAX), total);
            if told.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        told?;
        let (metrics, predictions) = evaluated?;
        let tokens: f64 = predictions.iter().filter_map(|p| p.scores.get(ANSWER_TOKENS)).sum();
        let timing = Timing {
            elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            batch: u32::try_from(options.batch).unwrap_or(u32::MAX),
            peak_memory_mib: trainer::memory::peak_mib(),
            input_tokens: None,
            output_tokens: (tokens > 0.0).then_some(tokens as u64),
        };
        let lines = predictions.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        write(&self.out.join("predictions.jsonl"), &(lines.join("\n") + "\n"))?;
        write(&self.out.join("metrics.json"), &(serde_json::to_string_pretty(&metrics)? + "\n"))?;
        write(&self.out.join("timing.json"), &(serde_json::to_string_pretty(&timing)? + "\n"))?;
        if self.events.is_some() {
            return Ok(());
        }
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
