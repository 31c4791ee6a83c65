//! Folds an adapter into its base model: the result is a plain model for tools that know nothing of
//! adapters.

use crate::adapt::{self, Adapter, AdapterError};
use crate::convert::{self, ConvertError};
use crate::model::decoder::Decoder;
use crate::model::gguf_write::{self, GgufType};
use crate::model::weights;
use candle_core::{Device, Tensor};
use domain::model::ModelFormat;
use std::path::{Path, PathBuf};

/// Why an adapter could not be folded into a model.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Convert(#[from] ConvertError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(
        "the adapter in {} cannot be folded into weights: its method adds computation of its own; use it with --adapter instead",
        .0.display()
    )]
    NotWeights(PathBuf),
    #[error(
        "cannot write a GGUF file from {}: its tokenizer would have to be rewritten; leave out --gguf and convert the folder with llama.cpp",
        .0.display()
    )]
    NotGguf(PathBuf),
}

impl From<crate::model::error::ModelError> for MergeError {
    fn from(error: crate::model::error::ModelError) -> Self {
        Self::Convert(error.into())
    }
}

/// Writes `model` with the adapter of `folder` folded in to the new place `out`: a Hugging Face
/// folder, or a GGUF file when a type is given, which takes a GGUF file as base.
pub fn merge(model: &Path, folder: &Path, out: &Path, gguf: Option<GgufType>) -> Result<(), MergeError> {
    let adapter = open(model, folder, gguf.is_some())?;
    let mut change = |name: &str, weight: Tensor| {
        adapter.merged(name, &weight)?.ok_or_else(|| MergeError::NotWeights(folder.to_owned()))
    };
    let Some(dtype) = gguf else { return convert::convert_with(model, out, &mut change) };
    let partial = convert::partial_path(out)?;
    let written = gguf_write::write(model, &partial, dtype, change)
        .and_then(|()| std::fs::rename(&partial, out).map_err(|e| convert::write_error(out, e).into()));
    if written.is_err() {
        // The first error is what the caller needs; a leftover file is only untidy.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// The adapter as read for this model. The decoder is needed for its shapes and goes again.
fn open(model: &Path, folder: &Path, wants_gguf: bool) -> Result<Box<dyn Adapter>, MergeError> {
    let mut base = weights::open(model, &Device::Cpu)?;
    if wants_gguf && base.card.format != ModelFormat::Gguf {
        return Err(MergeError::NotGguf(model.to_owned()));
    }
    let decoder = Decoder::new(base.config, &mut base.weights)?;
    Ok(adapt::load(folder, &decoder)?)
}
