//! `trainer bench`: how fast this machine trains a model, and how near to its ceiling.

use anyhow::Result;
use std::path::PathBuf;
use trainer::bench::{Trained, Workload, measure};
use trainer::model::weights;

/// Measures a training step against a large matrix product on the same machine.
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
    /// Steps to measure.
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// cpu, cuda:N or metal.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of the CPU [default: all cores].
    #[arg(long)]
    threads: Option<usize>,
}

impl Bench {
    /// Runs the command; prints JSON.
    pub(crate) fn run(self) -> Result<()> {
        super::use_threads(self.threads)?;
        let device = trainer::device::parse(&self.device)?;
        let base = weights::open(&self.model, &device)?;
        let workload = Workload {
            method: self.method,
            batch: self.batch.max(1),
            seq: self.seq.max(2),
            rank: self.rank.max(1),
            steps: self.steps.max(1),
        };
        println!("{}", serde_json::to_string_pretty(&measure(base, workload)?)?);
        Ok(())
    }
}
