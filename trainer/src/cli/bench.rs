//! `trainer bench`: how fast this machine trains a model, and how near to its ceiling; with `--answers`, how fast the
//! model answers.

use anyhow::Result;
use domain::recipe::Precision;
use std::path::PathBuf;
use trainer::bench::answers::{self, Answers};
use trainer::bench::{Trained, Workload, measure};
use trainer::model::weights;

/// Measures a training step against a large matrix product on the same machine, or answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// What the step trains.
    #[arg(long, value_enum, default_value_t = Trained::Lora)]
    method: Trained,
    /// Samples per step.
    #[arg(long, default_value_t = 4)]
    batch: usize,
    /// Tokens per sample.
    #[arg(long, default_value_t = 128)]
    seq: usize,
    /// Rank of the adapters.
    #[arg(long, default_value_t = 8)]
    rank: u32,
    /// Type of activations and frozen weights.
    #[arg(long, value_parser = precision, default_value = "f32")]
    precision: Precision,
    /// Compute blocks again in the backward pass instead of keeping what they computed.
    #[arg(long)]
    gradient_checkpointing: bool,
    /// Steps, or rounds, to measure.
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// Measure answers instead: reading a prompt, writing one answer, writing several at once.
    #[arg(long)]
    answers: bool,
    /// Tokens of the prompt.
    #[arg(long, default_value_t = 512, requires = "answers")]
    prompt: usize,
    /// Tokens of each answer.
    #[arg(long, default_value_t = 128, requires = "answers")]
    tokens: usize,
    /// Tokens before each answer.
    #[arg(long, default_value_t = 1, requires = "answers")]
    depth: usize,
    /// Answers written at once.
    #[arg(long, default_value_t = 8, requires = "answers")]
    streams: usize,
    /// Compute with the exact values of quantized weights in f32.
    #[arg(long, requires = "answers")]
    exact: bool,
    /// cpu, cuda:N or metal.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of the CPU [default: all cores].
    #[arg(long)]
    threads: Option<usize>,
}

/// The precision of this word.
fn precision(word: &str) -> std::result::Result<Precision, String> {
    let words = Precision::ALL.map(Precision::as_str).join(", ");
    Precision::ALL.into_iter().find(|p| p.as_str() == word).ok_or_else(|| format!("expected one of {words}"))
}

impl Bench {
    /// Runs the command; prints JSON.
    pub(crate) fn run(self) -> Result<()> {
        super::use_threads(self.threads)?;
        let device = trainer::device::parse(&self.device)?;
        let base = weights::open(&self.model, &device)?;
        if self.answers {
            let workload = Answers {
                prompt: self.prompt.max(1),
                tokens: self.tokens.max(1),
                depth: self.depth.max(1),
                streams: self.streams.max(1),
                rounds: self.steps.max(1),
            };
            println!("{}", serde_json::to_string_pretty(&answers::measure(base, self.exact, workload)?)?);
            return Ok(());
        }
        let workload = Workload {
            method: self.method,
            batch: self.batch.max(1),
            seq: self.seq.max(2),
            rank: self.rank.max(1),
            precision: self.precision,
            recomputes: self.gradient_checkpointing,
            steps: self.steps.max(1),
        };
        println!("{}", serde_json::to_string_pretty(&measure(base, workload)?)?);
        Ok(())
    }
}
