//! `trainer score MODEL SAMPLES --out FILE`: how well a model knows each sample of a file.

use super::limits::Limits;
use super::model::LoadedModel;
use super::run::open_pipe;
use anyhow::{Context, Result};
use domain::event::Phase;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use trainer::event::Sink;
use trainer::score::{ScoreOptions, count_lines, score_file};

/// Exit status of a command that was asked to stop, as shells give it for an interrupt.
const STOPPED: u8 = 130;

/// Writes one JSON object per sample: its tokens, mean negative log-likelihood and perplexity, of its answer and of
/// all its tokens, and with --embed an embedding. A line that cannot be scored says why instead. Memory does not grow with the file.
///
/// With --task it scores predictions instead of samples: see trainer measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Score {
    /// A Hugging Face folder or a GGUF file.
    model: PathBuf,
    /// Samples, one JSON object per line.
    samples: PathBuf,
    /// The file to write, one line per line of the samples that is not empty. It appears when all is done.
    #[arg(long)]
    out: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors, or a fully tuned model.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Also write the mean of each sample's last hidden states, scaled to length 1.
    #[arg(long)]
    embed: bool,
    /// Cut longer samples at the end [default: what the model reads].
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(2..))]
    max_length: Option<u32>,
    /// Tokens computed at a time; memory grows with it.
    #[arg(long, value_name = "TOKENS", default_value_t = ScoreOptions::default().batch_tokens)]
    batch_tokens: usize,
    /// cpu, cuda:N or metal.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of the CPU [default: all cores].
    #[arg(long)]
    threads: Option<usize>,
    /// Compute with the exact values of quantized weights in f32: slower, and takes more memory.
    #[arg(long)]
    exact: bool,
    /// Copy events as JSON lines to `-` (standard output) or a named pipe.
    #[arg(long)]
    events: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

impl Score {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        self.limits.apply()?;
        super::use_threads(self.threads)?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("failed to watch for signals")?;
        }
        let mut sink =
            Sink::piped(self.events.as_deref().map(open_pipe).transpose()?, std::io::stderr().is_terminal())?;
        let total = u32::try_from(count_lines(&self.samples)?).unwrap_or(u32::MAX);
        sink.phase(Phase::Loading, 0, 1)?;
        let device = trainer::device::parse(&self.device)?;
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &device)?;
        let options = ScoreOptions {
            max_length: self.max_length.map(|tokens| tokens as usize),
            batch_tokens: self.batch_tokens.max(1),
            embed: self.embed,
        };
        let mut told = sink.phase(Phase::Scoring, 0, total);
        let tally = score_file(model.chat(), &self.samples, &self.out, options, &mut |done| {
            told = sink.phase(Phase::Scoring, u32::try_from(done).unwrap_or(u32::MAX), total);
            let goes_on = told.is_ok() && !stop.load(Ordering::Relaxed);
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        told?;
        let Some(tally) = tally else { return Ok(ExitCode::from(STOPPED)) };
        eprintln!("{} lines scored, {} could not be: {}", tally.scored, tally.unscored, self.out.display());
        Ok(ExitCode::SUCCESS)
    }
}
