//! Folds an adapter into its base model: the result is a plain model for tools that know nothing of
//! adapters.

use crate::adapt::{self, Adapter, AdapterError};
use crate::convert::{self, ConvertError};
use crate::model::decoder::Decoder;
use crate::model::gguf_write::GgufType;
use crate::model::weights;
use candle_core::{Device, Tensor};
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
}

impl From<crate::model::error::ModelError> for MergeError {
    fn from(error: crate::model::error::ModelError) -> Self {
        Self::Convert(error.into())
    }
}

/// Writes `model` with the adapter of `folder` folded in to the new place `out`: a Hugging Face
/// folder, or a GGUF file when a type is given, which takes a GGUF file as base.
pub fn merge(model: &Path, folder: &Path, out: &Path, gguf: Option<GgufType>) -> Result<(), MergeError> {
    let adapter = open(model, folder)?;
    let mut change = |name: &str, weight: Tensor| {
        adapter.merged(name, &weight)?.ok_or_else(|| MergeError::NotWeights(folder.to_owned()))
    };
    match gguf {
        Some(dtype) => convert::to_gguf_with(model, out, dtype, &mut change),
        None => convert::convert_with(model, out, &mut change),
    }
}

/// The adapter as read for this model. The decoder is needed for its shapes and goes again.
fn open(model: &Path, folder: &Path) -> Result<Box<dyn Adapter>, MergeError> {
    let mut base = weights::open(model, &Device::Cpu)?;
    let decoder = Decoder::new(base.config, &mut base.weights)?;
    Ok(adapt::load(folder, &decoder)?)
}
