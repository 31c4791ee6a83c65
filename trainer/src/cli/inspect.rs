//! `trainer inspect PATH`: the model's card as JSON.

use super::limits::Limits;
use anyhow::Result;
use std::path::PathBuf;

/// Checks a model's files and prints what they say of it, as JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// A Hugging Face folder or a GGUF file.
    path: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

impl Inspect {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        self.limits.apply()?;
        let card = self.limits.told(trainer::inspect::inspect(&self.path))?;
        println!("{}", serde_json::to_string_pretty(&card)?);
        Ok(())
    }
}
