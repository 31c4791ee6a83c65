//! A GGUF file as a base model: metadata to configuration, tensor names to Hugging Face names.
//!
//! The converter of llama.cpp interleaves the rows of Llama's query and key projections for its own
//! rotary embedding; reading undoes that, so that all models meet the same decoder.

use super::config::{DecoderConfig, Family, MAX_CONTEXT, MAX_VOCABULARY, RopeScaling};
use super::error::ModelError;
use super::gguf::{Gguf, dtype_name};
use super::weights::{BaseModel, Weights, quantization};
use crate::data::template::ChatTemplate;
use crate::data::tokenizer::Tokenizer;
use crate::ops::quantized::Quantized;
use candle_core::{Device, Tensor};
use domain::model::{ModelCard, ModelFormat};
use std::path::Path;

/// Reads header and tokenizer of a GGUF file.
pub(super) fn open(path: &Path, device: &Device) -> Result<BaseModel, ModelError> {
    let file = Gguf::open(path)?;
    let tokenizer = Tokenizer::from_gguf(&file)?;
    let config = config(&file)?;
    let special = |key: &str| {
        let id = file.integer(key).and_then(|n| u32::try_from(n).ok());
        id.and_then(|id| tokenizer.token(id)).unwrap_or_default()
    };
    let source = file.text("tokenizer.chat_template");
    let template =
        ChatTemplate::new(source, &special("tokenizer.ggml.bos_token_id"), &special("tokenizer.ggml.eos_token_id"))
            .map_err(|e| ModelError::Template { path: path.to_owned(), problem: e.to_string() })?;
    let card = card(&file, &config);
    let weights = Weights::from_gguf(file, &config, device)?;
    Ok(BaseModel { config, card, tokenizer, template, weights })
}

/// The configuration that GGUF metadata describes.
fn config(file: &Gguf) -> Result<DecoderConfig, ModelError> {
    let architecture = file.text("general.architecture").unwrap_or_default();
    let family = match architecture {
        "llama" => Family::Llama,
        "qwen2" => Family::Qwen2,
        other => {
            let architecture = other.chars().take(80).collect();
            return Err(ModelError::UnsupportedArchitecture { path: file.path.clone(), architecture });
        }
    };
    let metadata = Metadata { file, architecture };
    metadata.refuse_unknown_maths()?;
    let embedding = shape(file, "token_embd.weight")?;
    let heads = metadata.count("attention.head_count", 1..=1024)?;
    let hidden_size = metadata.count("embedding_length", 2..=65_536)?;
    let config = DecoderConfig {
        family,
        vocab_size: embedding.first().copied().filter(|v| *v <= MAX_VOCABULARY).unwrap_or(0),
        hidden_size,
        intermediate_size: metadata.count("feed_forward_length", 1..=1_048_576)?,
        layers: metadata.count("block_count", 1..=1024)?,
        heads,
        kv_heads: metadata.optional_count("attention.head_count_kv", 1..=1024)?.unwrap_or(heads),
        head_dim: metadata.optional_count("attention.key_length", 2..=1024)?.unwrap_or(hidden_size / heads),
        context_length: metadata.count("context_length", 2..=MAX_CONTEXT)?,
        norm_epsilon: metadata.single("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
        rope_theta: metadata.single("rope.freq_base").unwrap_or(10_000.0),
        rope_scaling: metadata.rope_scaling()?,
        tie_embeddings: !file.tensors.contains_key("output.weight"),
        qkv_bias: family == Family::Qwen2,
        sliding_window: metadata.optional_count("attention.sliding_window", 1..=MAX_CONTEXT)?,
        bos_token_ids: token_ids(file, &["bos"]),
        eos_token_ids: token_ids(file, &["eos", "eot"]),
    };
    config.checked(&file.path)
}

fn shape<'a>(file: &'a Gguf, name: &str) -> Result<&'a [usize], ModelError> {
    let tensor = file.tensors.get(name);
    tensor
        .map(|t| t.shape.as_slice())
        .ok_or_else(|| ModelError::MissingTensor { path: file.path.clone(), tensor: name.to_owned() })
}

fn token_ids(file: &Gguf, kinds: &[&str]) -> Vec<u32> {
    let mut ids: Vec<u32> = kinds
        .iter()
        .filter_map(|kind| file.integer(&format!("tokenizer.ggml.{kind}_token_id")))
        .filter_map(|n| u32::try_from(n).ok())
        .collect();
    ids.dedup();
    ids
}

/// Bounded access to the keys of one architecture.
struct Metadata<'a> {
    file: &'a Gguf,
    architecture: &'a str,
}

impl Metadata<'_> {
    fn key(&self, field: &str) -> String {
        format!("{}.{field}", self.architecture)
    }

    fn optional_count(&self, field: &str, range: std::ops::RangeInclusive<usize>) -> Result<Option<usize>, ModelError> {
        let key = self.key(field);
        if !self.file.metadata.contains_key(&key) {
            return Ok(None);
        }
        let number = self.file.integer(&key).and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n));
        let problem = || format!("must be a whole number between {} and {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| ModelError::config(&self.file.path, key, problem()))
    }

    fn count(&self, field: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, ModelError> {
        self.optional_count(field, range)?
            .ok_or_else(|| ModelError::config(&self.file.path, self.key(field), "is missing"))
    }

    /// A number stored as f32, with the decimal its shortest text means (1e-5, not 9.9999997e-6).
    fn single(&self, field: &str) -> Option<f64> {
        let number = self.file.number(&self.key(field))?;
        (number as f32).to_string().parse().ok()
    }

    fn refuse_unknown_maths(&self) -> Result<(), ModelError> {
        let refuse = |feature: &str| {
            Err(ModelError::UnsupportedFeature { path: self.file.path.clone(), feature: feature.to_owned() })
        };
        if self.file.integer(&self.key("expert_count")).is_some_and(|n| n > 0) {
            return refuse("a mixture of experts");
        }
        if self.file.tensors.contains_key("blk.0.attn_output.bias")
            || self.file.tensors.contains_key("blk.0.ffn_up.bias")
        {
            return refuse("biases outside the query, key and value projections");
        }
        if self.architecture == "llama" && self.file.tensors.contains_key("blk.0.attn_q.bias") {
            return refuse("attention_bias");
        }
        Ok(())
    }

    /// Linear scaling is named in metadata. Llama 3 scaling comes as a tensor of one divisor per
    /// frequency, computed by the converter with Llama 3's constants; its largest entry is the factor.
    fn rope_scaling(&self) -> Result<Option<RopeScaling>, ModelError> {
        if self.file.tensors.contains_key("rope_freqs.weight") {
            let divisors = self.file.read("rope_freqs.weight", &Device::Cpu)?;
            let largest = divisors.flatten_all().and_then(|t| t.max(0)).and_then(|t| t.to_scalar::<f32>());
            let factor = largest.map_err(|source| ModelError::Device { path: self.file.path.clone(), source })?;
            return Ok((factor > 1.0).then_some(RopeScaling::Llama3 {
                factor: f64::from(factor),
                low_freq_factor: 1.0,
                high_freq_factor: 4.0,
                original_context_length: 8192,
            }));
        }
        match self.file.text(&self.key("rope.scaling.type")) {
            None | Some("none") => Ok(None),
            Some("linear") => match self.single("rope.scaling.factor").filter(|f| *f > 0.0 && *f <= 1e9) {
                Some(factor) => Ok(Some(RopeScaling::Linear { factor })),
                None => Err(ModelError::config(
                    &self.file.path,
                    self.key("rope.scaling.factor"),
                    "must be a number above 0",
                )),
            },
            Some(other) => {
                let feature = format!("rotary scaling of type {:?}", other.chars().take(40).collect::<String>());
                Err(ModelError::UnsupportedFeature { path: self.file.path.clone(), feature })
            }
        }
    }
}

fn card(file: &Gguf, config: &DecoderConfig) -> ModelCard {
    let matrices = file.tensors.values().filter(|t| t.shape.len() > 1);
    let sizes = matrices.map(|t| (dtype_name(t.dtype), t.shape.iter().map(|d| *d as u64).product()));
    ModelCard {
        architecture: file.text("general.architecture").unwrap_or_default().to_owned(),
        licence: file.text("general.license").map(str::to_owned),
        chat_template: file.text("tokenizer.chat_template").map(str::to_owned),
        quantization: quantization(sizes),
        size_bytes: file.size_bytes,
        ..config.card(ModelFormat::Gguf)
    }
}

/// The correspondence between Hugging Face and GGUF tensor names for one configuration.
#[derive(Debug)]
pub(super) struct TensorNames {
    /// Heads whose rows are to be put back in order, for `q_proj` and `k_proj`; `None`: in order.
    interleaved: Option<(usize, usize)>,
}

impl TensorNames {
    pub(super) fn new(config: &DecoderConfig) -> Self {
        Self { interleaved: (config.family != Family::Qwen2).then_some((config.heads, config.kv_heads)) }
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
            "post_attention_layernorm" => "ffn_norm",
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
        let Some(heads) = self.interleaved_heads(name) else { return Ok(tensor) };
        half_split(&tensor, heads).map_err(|source| ModelError::Device { path: file.path.clone(), source })
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
}

/// Reorders rows of each head from interleaved pairs (0, d/2, 1, d/2 + 1, …) to two halves.
fn half_split(weight: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    weight.reshape((heads, rows / heads / 2, 2, columns))?.transpose(1, 2)?.contiguous()?.reshape((rows, columns))
}

/// The stored row that each row of [`half_split`]'s result is.
fn half_split_order(rows: usize, heads: usize) -> Vec<usize> {
    let half = rows / heads / 2;
    (0..rows).map(|row| row / (2 * half) * 2 * half + row % half * 2 + row / half % 2).collect()
}
