//! What can be told of a model without reading its weights.

use crate::model::error::ModelError;
use crate::model::weights;
use candle_core::Device;
use domain::model::ModelCard;
use std::path::Path;

/// Opens a model's headers, tokenizer and chat template, checks that they fit together, and
/// returns its card. What this accepts, a run can start from.
pub fn inspect(path: &Path) -> Result<ModelCard, ModelError> {
    weights::open(path, &Device::Cpu).map(|model| model.card)
}
