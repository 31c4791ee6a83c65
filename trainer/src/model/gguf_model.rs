//! A GGUF file as a base model: its metadata as a configuration.
//!
//! Keys and the constants that are in no key follow llama.cpp (`src/llama-model.cpp`).

use super::config::{DecoderConfig, MAX_CONTEXT, MAX_VOCABULARY, RopeScaling};
use super::error::ModelError;
use super::family::Family;
use super::gguf::{Gguf, dtype_name};
use super::weights::{BaseModel, Weights, quantization};
use crate::data::template::ChatTemplate;
use crate::data::tokenizer::Tokenizer;
use crate::ops::activation::Activation;
use candle_core::Device;
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
    let family = family(file, architecture)?;
    let metadata = Metadata { file, architecture };
    metadata.refuse_unknown_maths()?;
    let embedding = shape(file, "token_embd.weight")?;
    let heads = metadata.count("attention.head_count", 1..=1024)?;
    let hidden_size = metadata.count("embedding_length", 2..=65_536)?;
    let layers = metadata.count("block_count", 1..=1024)?;
    let head_dim = metadata.optional_count("attention.key_length", 2..=1024)?.unwrap_or(hidden_size / heads);
    let gemma = family == Family::Gemma3;
    let sliding_window = metadata.optional_count("attention.sliding_window", 1..=MAX_CONTEXT)?;
    // Mistral's files call themselves llama; a window is what tells them apart.
    let family = if family == Family::Llama && sliding_window.is_some() { Family::Mistral } else { family };
    let config = DecoderConfig {
        family,
        vocab_size: embedding.first().copied().filter(|v| *v <= MAX_VOCABULARY).unwrap_or(0),
        hidden_size,
        intermediate_size: metadata.count("feed_forward_length", 1..=1_048_576)?,
        layers,
        heads,
        kv_heads: metadata.optional_count("attention.head_count_kv", 1..=1024)?.unwrap_or(heads),
        head_dim,
        rotary_dim: head_dim,
        context_length: metadata.count("context_length", 2..=MAX_CONTEXT)?,
        norm_epsilon: metadata.single("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
        activation: if gemma { Activation::GeluTanh } else { Activation::Silu },
        score_divisor: if gemma && layers == GEMMA3_27B_LAYERS { hidden_size / heads } else { head_dim } as f64,
        rope_theta: metadata.single("rope.freq_base").unwrap_or(10_000.0),
        local_rope_theta: (gemma && sliding_window.is_some())
            .then(|| metadata.single("rope.freq_base_swa").unwrap_or(10_000.0)),
        rope_scaling: metadata.rope_scaling()?,
        tie_embeddings: !file.tensors.contains_key("output.weight"),
        qkv_bias: family == Family::Qwen2,
        sliding_window,
        sliding_layers: metadata.sliding_layers(family, layers)?,
        bos_token_ids: token_ids(file, &["bos"]),
        eos_token_ids: token_ids(file, &["eos", "eot"]),
    };
    config.checked(&file.path)
}

/// The one Gemma 3 whose scores are not divided by the root of the head's size; llama.cpp too knows it by this.
const GEMMA3_27B_LAYERS: usize = 62;

fn family(file: &Gguf, architecture: &str) -> Result<Family, ModelError> {
    let (path, architecture) = (file.path.clone(), architecture.chars().take(80).collect::<String>());
    match Family::ALL.into_iter().find(|family| family.as_str() == architecture) {
        Some(family @ (Family::Llama | Family::Qwen2 | Family::Qwen3 | Family::Gemma3)) => Ok(family),
        // The tokenizer of GLM-4 and the matrices of GPT-2 have forms of their own in GGUF files.
        Some(_) => Err(ModelError::UnsupportedFeature {
            path,
            feature: format!(
                "GGUF files of the architecture {architecture}; use the model's Hugging Face folder instead"
            ),
        }),
        None => Err(ModelError::UnsupportedArchitecture { path, architecture }),
    }
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
        if self.architecture != "qwen2" && self.file.tensors.contains_key("blk.0.attn_q.bias") {
            return refuse("attention_bias");
        }
        let capped = ["attn_logit_softcapping", "final_logit_softcapping"];
        if let Some(key) = capped.into_iter().find(|key| self.file.metadata.contains_key(&self.key(key))) {
            return refuse(key);
        }
        Ok(())
    }

    /// Which layers have the sliding window, if there is one: all, but of Gemma 3 all except every sixth.
    fn sliding_layers(&self, family: Family, layers: usize) -> Result<Vec<bool>, ModelError> {
        if family != Family::Gemma3 {
            return Ok(vec![true; layers]);
        }
        let period = self.optional_count("attention.sliding_window_pattern", 1..=1024)?.unwrap_or(6);
        Ok((1..=layers).map(|layer| !layer.is_multiple_of(period)).collect())
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
