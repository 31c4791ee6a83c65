//! `trainer eval`: a model, with or without an adapter, scored on test samples.

use super::limits::Limits;
use super::model::{LoadedModel, read_samples};
use super::run::open_pipe;
use anyhow::{Context, Result};
use candle_core::Device;
use domain::eval::EvalMetrics;
use domain::event::Phase;
use domain::suite::Timing;
use domain::task_file::TaskFile;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use trainer::error::TrainError;
use trainer::eval::{ANSWER_TOKENS, EvalOptions, Filter, evaluate};
use trainer::event::Sink;
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
    /// Folder for metrics.json, predictions.jsonl and timing.json; made if absent.
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
    /// Compute with the exact values of quantized weights in f32: slower, and takes more memory.
    #[arg(long)]
    exact: bool,
    /// Say with each prediction how long it took, to its first token and to its end, and how many tokens it has.
    #[arg(long)]
    timed: bool,
    /// The same of one prompt at a time, as somebody who waits for it sees it.
    #[arg(long)]
    latency: bool,
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
        let options = EvalOptions { labels, ..self.options()? };
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
        let (mut metrics, predictions) = evaluated?;
        let tokens: f64 = predictions.iter().filter_map(|p| p.scores.get(ANSWER_TOKENS)).sum();
        let timing = Timing {
            elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            batch: u32::try_from(options.batch).unwrap_or(u32::MAX),
            peak_memory_mib: peak_mib(),
            input_tokens: None,
            output_tokens: (tokens > 0.0).then_some(tokens as u64),
        };
        metrics.values.extend(timing.peak_memory_mib.map(|mib| ("peak_memory_mib".to_owned(), mib)));
        let lines = predictions.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        write(&self.out.join("predictions.jsonl"), &(lines.join("\n") + "\n"))?;
        write(&self.out.join("metrics.json"), &(serde_json::to_string_pretty(&metrics)? + "\n"))?;
        write(&self.out.join("timing.json"), &(serde_json::to_string_pretty(&timing)? + "\n"))?;
        if self.events.is_some() {
            return Ok(());
        }
        print(&metrics).context("cannot write to the terminal")
    }

    fn options(&self) -> Result<EvalOptions> {
        let task = self.task.as_deref().map(read_task).transpose()?;
        let mut options =
            EvalOptions { timed: self.timed || self.latency, stop: self.stop.clone(), ..EvalOptions::default() };
        if self.latency {
            options.batch = 1;
        }
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
