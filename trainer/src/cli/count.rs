//! `trainer count`: how long samples are in a model's tokens.

use super::limits::Limits;
use anyhow::{Context, Result};
use domain::sample::Sample;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use trainer::data::count::TokenCounter;

/// Reads samples from standard input, one JSON object a line, and answers each with its length in
/// tokens: one number a line, in the same order, as soon as it is known.
#[derive(Debug, clap::Args)]
pub(crate) struct Count {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

impl Count {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        self.limits.apply()?;
        let counter = self.limits.told(TokenCounter::open(&self.model))?;
        let mut out = std::io::stdout().lock();
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let place = || format!("standard input, line {}", number + 1);
            let sample: Sample = serde_json::from_str(&line.with_context(place)?).with_context(place)?;
            let tokens = counter.count(&sample).with_context(place)?;
            writeln!(out, "{tokens}").and_then(|()| out.flush()).context("cannot write to standard output")?;
        }
        Ok(())
    }
}
