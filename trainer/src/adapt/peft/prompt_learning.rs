//! The files of PEFT's methods with virtual tokens. Whatever network made them while training,
//! the tensors are one table, `prompt_embeddings`, and a small configuration.
//!
//! Field names follow `peft/config.py` and `peft/tuners/{prompt_tuning,p_tuning,prefix_tuning}/config.py`.

use super::{AdapterError, bad_config};
use crate::model::config::DecoderConfig;
use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use std::path::Path;

const KEY: &str = "prompt_embeddings";

/// The fields of `adapter_config.json` that matter here; PEFT fills in the rest.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapt) struct PromptConfig {
    peft_type: String,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    #[serde(default)]
    inference_mode: bool,
    pub(in crate::adapt) num_virtual_tokens: usize,
    #[serde(default)]
    token_dim: Option<usize>,
    #[serde(default)]
    num_transformer_submodules: Option<usize>,
    #[serde(default)]
    num_attention_heads: Option<usize>,
    #[serde(default)]
    num_layers: Option<usize>,
    /// P-tuning and prefix tuning: width of the network that was there while training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapt) encoder_hidden_size: Option<usize>,
    /// P-tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapt) encoder_reparameterization_type: Option<String>,
    /// Prefix tuning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapt) prefix_projection: Option<bool>,
}

impl PromptConfig {
    /// `heads` of width `token_dim / heads` make up one vector of the table.
    pub(in crate::adapt) fn new(
        peft_type: &str,
        base_model: &str,
        virtual_tokens: usize,
        config: &DecoderConfig,
    ) -> Self {
        let is_prefix = peft_type == super::PREFIX_TUNING;
        let (token_dim, heads) = match is_prefix {
            true => (config.kv_heads * config.head_dim, config.kv_heads),
            false => (config.hidden_size, config.heads),
        };
        Self {
            peft_type: peft_type.to_owned(),
            task_type: Some("CAUSAL_LM".to_owned()),
            base_model_name_or_path: Some(base_model.to_owned()),
            inference_mode: true,
            num_virtual_tokens: virtual_tokens,
            token_dim: Some(token_dim),
            num_transformer_submodules: Some(1),
            num_attention_heads: Some(heads),
            num_layers: Some(config.layers),
            encoder_hidden_size: None,
            encoder_reparameterization_type: None,
            prefix_projection: None,
        }
    }

    /// The configuration in `folder`, which must be of one of these types.
    pub(in crate::adapt) fn read(folder: &Path, types: &[&str]) -> Result<Self, AdapterError> {
        super::expect_kind(folder, types)?;
        let config: Self = super::read_config(folder)?;
        if config.num_transformer_submodules.is_some_and(|n| n != 1) {
            return Err(bad_config(folder, "num_transformer_submodules other than 1 is not supported"));
        }
        Ok(config)
    }
}

/// Writes the table of virtual tokens.
pub(in crate::adapt) fn write_table(folder: &Path, table: Tensor) -> Result<(), AdapterError> {
    super::write_tensors(&folder.join(super::TENSORS), [(KEY.to_owned(), table)])
}

/// Reads a table of virtual tokens of this shape.
pub(in crate::adapt) fn read_table(
    folder: &Path,
    shape: (usize, usize),
    device: &Device,
) -> Result<Tensor, AdapterError> {
    let path = folder.join(super::TENSORS);
    let misfit = |problem: String| AdapterError::Misfit { path: folder.to_owned(), problem };
    let mut tensors = super::read_tensors(&path, device)?;
    let table = tensors.remove(KEY).ok_or_else(|| misfit(format!("it has no {KEY}")))?;
    match table.dims2() {
        Ok(found) if found == shape => Ok(table.to_dtype(DType::F32)?),
        _ => Err(misfit(format!("{KEY} has the shape {:?} instead of {shape:?}", table.dims()))),
    }
}
