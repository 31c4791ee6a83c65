//! The correspondence between the tensors of Hugging Face folders and of GGUF files.
//!
//! The converter of llama.cpp interleaves the rows of Llama's query and key projections for its own
//! rotary embedding, and adds 1 to Gemma's gains; reading undoes that, writing does it again, so that all models meet the same decoder.

use super::config::DecoderConfig;
use super::error::ModelError;
use super::family::Family;
use super::gguf::Gguf;
use crate::ops::quantized::Quantized;
use candle_core::{Device, Tensor};

/// The correspondence between Hugging Face and GGUF tensor names for one configuration.
#[derive(Debug)]
pub(super) struct TensorNames {
    /// Heads whose rows are to be put back in order, for `q_proj` and `k_proj`; `None`: in order.
    interleaved: Option<(usize, usize)>,
    family: Family,
}

impl TensorNames {
    pub(super) fn new(config: &DecoderConfig) -> Self {
        let interleaves = matches!(config.family, Family::Llama | Family::Mistral);
        Self { interleaved: interleaves.then_some((config.heads, config.kv_heads)), family: config.family }
    }

    /// The GGUF name of a Hugging Face tensor name.
    pub(super) fn stored(&self, name: &str) -> Option<String> {
        match name {
            "model.embed_tokens.weight" => return Some("token_embd.weight".to_owned()),
            "model.norm.weight" => return Some("output_norm.weight".to_owned()),
            "lm_head.weight" => return Some("output.weight".to_owned()),
            _ => {}
        }
        let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
        let (module, kind) = rest.rsplit_once('.')?;
        let stored = match module {
            "input_layernorm" => "attn_norm",
            "self_attn.q_proj" => "attn_q",
            "self_attn.k_proj" => "attn_k",
            "self_attn.v_proj" => "attn_v",
            "self_attn.o_proj" => "attn_output",
            "self_attn.q_norm" => "attn_q_norm",
            "self_attn.k_norm" => "attn_k_norm",
            "post_attention_layernorm" if self.family == Family::Gemma3 => "post_attention_norm",
            "post_attention_layernorm" | "pre_feedforward_layernorm" => "ffn_norm",
            "post_feedforward_layernorm" => "post_ffw_norm",
            "mlp.gate_proj" => "ffn_gate",
            "mlp.up_proj" => "ffn_up",
            "mlp.down_proj" => "ffn_down",
            _ => return None,
        };
        Some(format!("blk.{layer}.{stored}.{kind}"))
    }

    /// Reads a tensor by its Hugging Face name.
    pub(super) fn read(&self, file: &Gguf, name: &str) -> Result<Tensor, ModelError> {
        let stored = self
            .stored(name)
            .ok_or_else(|| ModelError::MissingTensor { path: file.path.clone(), tensor: name.to_owned() })?;
        let tensor = file.read(&stored, &Device::Cpu)?;
        let offset = self.family.gain_offset();
        let original = match self.interleaved_heads(name) {
            Some(heads) => half_split(&tensor, heads),
            None if offset != 0.0 && name.ends_with("norm.weight") => tensor - offset,
            None => return Ok(tensor),
        };
        original.map_err(|source| ModelError::Device { path: file.path.clone(), source })
    }

    /// Reads a matrix by its Hugging Face name as it is stored; `None` when its format has to be dequantized.
    pub(super) fn read_quantized(
        &self,
        file: &Gguf,
        name: &str,
        device: &Device,
    ) -> Result<Option<Quantized>, ModelError> {
        let Some(stored) = self.stored(name) else { return Ok(None) };
        let matrix = file.read_quantized(&stored, device)?;
        Ok(matrix.map(|matrix| match self.interleaved_heads(name) {
            Some(heads) => matrix.reordered(&half_split_order(matrix.dims().0, heads)),
            None => matrix,
        }))
    }

    /// The number of heads whose rows are interleaved in the tensor of this name.
    fn interleaved_heads(&self, name: &str) -> Option<usize> {
        let (heads, kv_heads) = self.interleaved?;
        match name {
            _ if name.ends_with("q_proj.weight") => Some(heads),
            _ if name.ends_with("k_proj.weight") => Some(kv_heads),
            _ => None,
        }
    }

    /// The tensor of a Hugging Face name as GGUF files hold it: the inverse of [`TensorNames::read`].
    pub(super) fn as_stored(&self, name: &str, tensor: &Tensor) -> candle_core::Result<Tensor> {
        let offset = self.family.gain_offset();
        match self.interleaved {
            Some((heads, _)) if name.ends_with("q_proj.weight") => interleaved(tensor, heads),
            Some((_, kv_heads)) if name.ends_with("k_proj.weight") => interleaved(tensor, kv_heads),
            _ if offset != 0.0 && name.ends_with("norm.weight") => tensor + offset,
            _ => Ok(tensor.clone()),
        }
    }
}

/// The stored row that each row of [`half_split`]'s result is.
fn half_split_order(rows: usize, heads: usize) -> Vec<usize> {
    let half = rows / heads / 2;
    (0..rows).map(|row| row / (2 * half) * 2 * half + row % half * 2 + row / half % 2).collect()
}

/// Reorders rows of each head from two halves to interleaved pairs: the inverse of [`half_split`].
fn interleaved(weight: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    weight.reshape((heads, 2, rows / heads / 2, columns))?.transpose(1, 2)?.contiguous()?.reshape((rows, columns))
}

/// Reorders rows of each head from interleaved pairs (0, d/2, 1, d/2 + 1, …) to two halves.
fn half_split(weight: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    weight.reshape((heads, rows / heads / 2, 2, columns))?.transpose(1, 2)?.contiguous()?.reshape((rows, columns))
}
