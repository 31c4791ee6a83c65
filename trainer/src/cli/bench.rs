//! `trainer bench`: how fast this machine trains a model, and how near to its ceiling.

use anyhow::Result;
use std::path::PathBuf;
use trainer::bench::{Workload, measure};
use trainer::model::decoder::Decoder;
use trainer::model::weights;

/// Measures a training step against a large matrix product on the same machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// Samples per step.
    #[arg(long, default_value_t = 4)]
    batch: usize,
    /// Tokens per sample.
    #[arg(long, default_value_t = 128)]
    seq: usize,
    /// Rank of the adapter.
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
        let mut base = weights::open(&self.model, &device)?;
        let mut decoder = Decoder::new(base.config, &mut base.weights)?;
        let workload = Workload {
            batch: self.batch.max(1),
            seq: self.seq.max(2),
            rank: self.rank.max(1),
            steps: self.steps.max(1),
        };
        println!("{}", serde_json::to_string_pretty(&measure(&mut decoder, workload)?)?);
        Ok(())
    }
}
