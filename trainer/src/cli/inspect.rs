//! `trainer inspect PATH`: the model's card as JSON.

use anyhow::Result;
use std::path::PathBuf;

/// Checks a model's files and prints what they say of it, as JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// A Hugging Face folder or a GGUF file.
    path: PathBuf,
}

impl Inspect {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let card = trainer::inspect::inspect(&self.path)?;
        println!("{}", serde_json::to_string_pretty(&card)?);
        Ok(())
    }
}
