//! `trainer merge --model M --adapter A --out DIR`: base and adapter as one plain model.

use anyhow::Result;
use std::path::PathBuf;
use trainer::model::gguf_write::GgufType;

/// Folds an adapter into its base model. LoRA and its variants can be; methods with virtual tokens or
/// bottlenecks cannot.
#[derive(Debug, clap::Args)]
pub(crate) struct Merge {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors.
    #[arg(long)]
    adapter: PathBuf,
    /// The folder to make (safetensors, f32), or the file with --gguf; it must not exist yet.
    #[arg(long)]
    out: PathBuf,
    /// Write a GGUF file with matrices of this type. The base model must be a GGUF file.
    #[arg(long, value_enum)]
    gguf: Option<GgufType>,
}

impl Merge {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        trainer::merge::merge(&self.model, &self.adapter, &self.out, self.gguf)?;
        eprintln!("wrote {}", self.out.display());
        Ok(())
    }
}
