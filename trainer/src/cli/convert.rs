//! `trainer convert PATH --out DIR`: any readable model as a Hugging Face folder.

use anyhow::Result;
use std::path::PathBuf;

/// Writes a model as a Hugging Face folder of f32 safetensors.
#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// A GGUF file, or a Hugging Face folder.
    path: PathBuf,
    /// The folder to make; it must not exist yet.
    #[arg(long)]
    out: PathBuf,
}

impl Convert {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        trainer::convert::convert(&self.path, &self.out)?;
        eprintln!("wrote {}", self.out.display());
        Ok(())
    }
}
