//! `trainer convert PATH --out DIR`: any readable model as a Hugging Face folder, or a GGUF file as a smaller one.

use anyhow::Result;
use std::path::PathBuf;
use trainer::model::gguf_write::GgufType;

/// Writes a model as a Hugging Face folder of f32 safetensors, or quantizes a GGUF file.
#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// A GGUF file, or a Hugging Face folder.
    path: PathBuf,
    /// The folder to make, or the file with --gguf; it must not exist yet.
    #[arg(long)]
    out: PathBuf,
    /// Write a GGUF file with matrices of this type. The model must be a GGUF file.
    #[arg(long, value_enum)]
    gguf: Option<GgufType>,
}

impl Convert {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.gguf {
            Some(dtype) => trainer::convert::convert_to_gguf(&self.path, &self.out, dtype)?,
            None => trainer::convert::convert(&self.path, &self.out)?,
        }
        eprintln!("wrote {}", self.out.display());
        Ok(())
    }
}
