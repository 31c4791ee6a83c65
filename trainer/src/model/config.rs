//! What shape a decoder has: read from `config.json` or GGUF metadata, checked once, believed after.
//!
//! Every number is bounded before anything is sized by it. Features that would change the maths
//! and that the decoder does not have are refused here rather than ignored.

use super::error::ModelError;
use domain::model::{ModelCard, ModelFormat};
use serde_json::{Map, Value};
use std::path::Path;

/// Which published architecture a model follows. They share one decoder and differ by flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama 1–3 and models of the same form, such as SmolLM2.
    Llama,
    /// Mistral 7B: Llama with an optional sliding attention window.
    Mistral,
    /// Qwen2 and Qwen2.5: Llama with a bias on the query, key and value projections.
    Qwen2,
}

impl Family {
    /// The word for the family in `config.json`'s `model_type` and on the model card.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
        }
    }

    /// The Hugging Face class of the family's causal language model.
    #[must_use]
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
        }
    }

    /// The family of a `model_type`, GGUF architecture or Hugging Face class name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Llama, Self::Mistral, Self::Qwen2].into_iter().find(|f| f.as_str() == name || f.class_name() == name)
    }
}

/// How rotary frequencies are stretched for contexts longer than the model was first trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Every position is divided by `factor` (Chen et al. 2023, arXiv:2306.15595).
    Linear { factor: f64 },
    /// Llama 3.1: long wavelengths are divided by `factor`, short ones kept, with a smooth
    /// passage between them.
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_context_length: usize },
}

/// Shape and constants of a decoder. Made only by the constructors here, which check all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderConfig {
    pub family: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub layers: usize,
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Even: rotary embedding pairs its halves.
    pub head_dim: usize,
    /// Longest sequence in tokens.
    pub context_length: usize,
    /// Epsilon of every RMSNorm.
    pub norm_epsilon: f64,
    pub rope_theta: f64,
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the output layer is the embedding matrix.
    pub tie_embeddings: bool,
    /// Whether the query, key and value projections have a bias.
    pub qkv_bias: bool,
    /// Positions a token may look back, itself included; `None`: all.
    pub sliding_window: Option<usize>,
    pub bos_token_ids: Vec<u32>,
    /// Tokens that end a text or a turn.
    pub eos_token_ids: Vec<u32>,
}

impl DecoderConfig {
    /// Reads `config.json`. `path` is only named in errors.
    pub fn from_json(path: &Path, json: &Map<String, Value>) -> Result<Self, ModelError> {
        let fields = Fields { path, json };
        let family = fields.family()?;
        refuse_unknown_maths(path, json, family)?;
        let heads = fields.count("num_attention_heads", 1..=1024)?;
        let hidden_size = fields.count("hidden_size", 2..=65_536)?;
        Self {
            family,
            vocab_size: fields.count("vocab_size", 1..=MAX_VOCABULARY)?,
            hidden_size,
            intermediate_size: fields.count("intermediate_size", 1..=1_048_576)?,
            layers: fields.count("num_hidden_layers", 1..=1024)?,
            heads,
            kv_heads: fields.optional_count("num_key_value_heads", 1..=1024)?.unwrap_or(heads),
            head_dim: fields.optional_count("head_dim", 2..=1024)?.unwrap_or(hidden_size / heads),
            context_length: fields.optional_count("max_position_embeddings", 2..=MAX_CONTEXT)?.unwrap_or(2048),
            norm_epsilon: fields.optional_number("rms_norm_eps")?.unwrap_or(1e-6),
            rope_theta: fields.rope_theta()?,
            rope_scaling: fields.rope_scaling()?,
            tie_embeddings: fields.flag("tie_word_embeddings").unwrap_or(false),
            qkv_bias: family == Family::Qwen2,
            sliding_window: fields.sliding_window(family)?,
            bos_token_ids: fields.token_ids("bos_token_id"),
            eos_token_ids: fields.token_ids("eos_token_id"),
        }
        .checked(path)
    }

    /// Checks what single fields cannot tell; every constructor ends here.
    pub(crate) fn checked(self, path: &Path) -> Result<Self, ModelError> {
        let bad = |field: &str, problem: String| Err(ModelError::config(path, field, problem));
        if !self.heads.is_multiple_of(self.kv_heads) {
            return bad(
                "num_key_value_heads",
                format!("must divide the {} attention heads, not be {}", self.heads, self.kv_heads),
            );
        }
        if self.head_dim < 2 || !self.head_dim.is_multiple_of(2) {
            return bad("head_dim", format!("must be even and at least 2, not {}", self.head_dim));
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 0.1) {
            return bad("rms_norm_eps", format!("must be above 0 and below 0.1, not {}", self.norm_epsilon));
        }
        if !(self.rope_theta >= 1.0 && self.rope_theta <= 1e12) {
            return bad("rope_theta", format!("must be between 1 and 1e12, not {}", self.rope_theta));
        }
        if let Some(token) =
            self.bos_token_ids.iter().chain(&self.eos_token_ids).find(|t| **t as usize >= self.vocab_size)
        {
            return bad("eos_token_id", format!("names token {token}, beyond the vocabulary of {}", self.vocab_size));
        }
        Ok(self)
    }

    /// Rotary inverse frequencies, `head_dim / 2` of them, scaling included: angle of pair `i` at
    /// position `p` is `p · f[i]`, with `f[i] = theta^(-2i / head_dim)` before scaling.
    #[must_use]
    pub fn inverse_frequencies(&self) -> Vec<f64> {
        let frequency = |i: usize| self.rope_theta.powf(-2.0 * i as f64 / self.head_dim as f64);
        (0..self.head_dim / 2)
            .map(|i| self.rope_scaling.as_ref().map_or(frequency(i), |s| s.scale(frequency(i))))
            .collect()
    }

    /// Name and shape of every tensor the decoder needs, Hugging Face names, in reading order.
    #[must_use]
    pub fn tensor_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let (q, kv) = (self.heads * self.head_dim, self.kv_heads * self.head_dim);
        let mut shapes = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocab_size, hidden])];
        for layer in 0..self.layers {
            let mut add = |name: &str, shape: Vec<usize>| shapes.push((format!("model.layers.{layer}.{name}"), shape));
            add("input_layernorm.weight", vec![hidden]);
            add("self_attn.q_proj.weight", vec![q, hidden]);
            add("self_attn.k_proj.weight", vec![kv, hidden]);
            add("self_attn.v_proj.weight", vec![kv, hidden]);
            if self.qkv_bias {
                add("self_attn.q_proj.bias", vec![q]);
                add("self_attn.k_proj.bias", vec![kv]);
                add("self_attn.v_proj.bias", vec![kv]);
            }
            add("self_attn.o_proj.weight", vec![hidden, q]);
            add("post_attention_layernorm.weight", vec![hidden]);
            add("mlp.gate_proj.weight", vec![inner, hidden]);
            add("mlp.up_proj.weight", vec![inner, hidden]);
            add("mlp.down_proj.weight", vec![hidden, inner]);
        }
        shapes.push(("model.norm.weight".to_owned(), vec![hidden]));
        if !self.tie_embeddings {
            shapes.push(("lm_head.weight".to_owned(), vec![self.vocab_size, hidden]));
        }
        shapes
    }

    /// The card's facts that follow from the configuration; the others are left empty.
    #[must_use]
    pub(super) fn card(&self, format: ModelFormat) -> ModelCard {
        let elements = |shape: &[usize]| shape.iter().map(|d| *d as u64).product::<u64>();
        ModelCard {
            architecture: self.family.class_name().to_owned(),
            family: self.family.as_str().to_owned(),
            format,
            parameters: self.tensor_shapes().iter().map(|(_, shape)| elements(shape)).sum(),
            layers: self.layers as u32,
            hidden_size: self.hidden_size as u32,
            intermediate_size: self.intermediate_size as u32,
            attention_heads: self.heads as u32,
            key_value_heads: self.kv_heads as u32,
            head_dim: self.head_dim as u32,
            context_length: self.context_length as u32,
            vocabulary: self.vocab_size as u32,
            quantization: String::new(),
            licence: None,
            chat_template: None,
            tied_embeddings: self.tie_embeddings,
            size_bytes: 0,
        }
    }
}

/// Largest vocabulary believed; the largest published ones have about 260,000 tokens.
pub(crate) const MAX_VOCABULARY: usize = 2_000_000;
/// Longest context believed.
pub(crate) const MAX_CONTEXT: usize = 16_777_216;

impl RopeScaling {
    /// The scaled inverse frequency, as `transformers` computes it in `modeling_rope_utils.py`.
    fn scale(&self, frequency: f64) -> f64 {
        match *self {
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 { factor, low_freq_factor, high_freq_factor, original_context_length } => {
                let wavelengths = original_context_length as f64 * frequency / (2.0 * std::f64::consts::PI);
                let smooth = ((wavelengths - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                (1.0 - smooth) * frequency / factor + smooth * frequency
            }
        }
    }
}

/// Refuses settings under which the shared decoder would compute something else than the model.
fn refuse_unknown_maths(path: &Path, json: &Map<String, Value>, family: Family) -> Result<(), ModelError> {
    let refuse = |feature: String| Err(ModelError::UnsupportedFeature { path: path.to_owned(), feature });
    if let Some(method) = json.get("quantization_config").and_then(|q| q.get("quant_method")) {
        return refuse(format!("weights quantized by {method}; use the unquantized safetensors or a GGUF file"));
    }
    if let Some(act) = json.get("hidden_act").and_then(Value::as_str).filter(|a| *a != "silu" && *a != "swish") {
        return refuse(format!("the activation {act:?}"));
    }
    for flag in ["attention_bias", "mlp_bias"] {
        if family != Family::Qwen2 && json.get(flag).and_then(Value::as_bool) == Some(true) {
            return refuse(flag.to_owned());
        }
    }
    if let Some(share) = json.get("partial_rotary_factor").and_then(Value::as_f64).filter(|s| (*s - 1.0).abs() > 1e-9) {
        return refuse(format!("rotary embedding on {share} of each head"));
    }
    Ok(())
}

/// Typed, bounded access to the fields of `config.json`.
struct Fields<'a> {
    path: &'a Path,
    json: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn present(&self, field: &str) -> Option<&Value> {
        self.json.get(field).filter(|v| !v.is_null())
    }

    fn family(&self) -> Result<Family, ModelError> {
        let class = self.json.get("architectures").and_then(|a| a.get(0)).and_then(Value::as_str);
        let model_type = self.json.get("model_type").and_then(Value::as_str);
        let Some(name) = class.or(model_type) else {
            return Err(ModelError::config(self.path, "architectures", "is missing"));
        };
        Family::from_name(name).ok_or_else(|| ModelError::UnsupportedArchitecture {
            path: self.path.to_owned(),
            architecture: name.chars().take(80).collect(),
        })
    }

    fn optional_count(&self, field: &str, range: std::ops::RangeInclusive<usize>) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.present(field) else { return Ok(None) };
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n));
        let problem =
            || format!("must be a whole number between {} and {}, not {}", range.start(), range.end(), brief(value));
        number.map(Some).ok_or_else(|| ModelError::config(self.path, field, problem()))
    }

    fn count(&self, field: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, ModelError> {
        self.optional_count(field, range)?.ok_or_else(|| ModelError::config(self.path, field, "is missing"))
    }

    fn optional_number(&self, field: &str) -> Result<Option<f64>, ModelError> {
        let Some(value) = self.present(field) else { return Ok(None) };
        let number = value
            .as_f64()
            .ok_or_else(|| ModelError::config(self.path, field, format!("must be a number, not {}", brief(value))))?;
        Ok(Some(number))
    }

    fn flag(&self, field: &str) -> Option<bool> {
        self.present(field).and_then(Value::as_bool)
    }

    /// One id or a list of ids; anything else counts as none, as `null` does.
    fn token_ids(&self, field: &str) -> Vec<u32> {
        token_ids(self.json.get(field))
    }

    fn rope_theta(&self) -> Result<f64, ModelError> {
        let nested = self.rope_parameters().and_then(|r| r.get("rope_theta")).and_then(Value::as_f64);
        Ok(self.optional_number("rope_theta")?.or(nested).unwrap_or(10_000.0))
    }

    /// `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5).
    fn rope_parameters(&self) -> Option<&Value> {
        self.present("rope_scaling").or_else(|| self.present("rope_parameters"))
    }

    fn rope_scaling(&self) -> Result<Option<RopeScaling>, ModelError> {
        let Some(rope) = self.rope_parameters() else { return Ok(None) };
        let kind = rope.get("rope_type").or_else(|| rope.get("type")).and_then(Value::as_str).unwrap_or("default");
        let number = |name: &str| {
            rope.get(name).and_then(Value::as_f64).filter(|x| *x > 0.0 && *x <= 1e9).ok_or_else(|| {
                ModelError::config(self.path, format!("rope_scaling.{name}"), "must be a number above 0")
            })
        };
        match kind {
            "default" => Ok(None),
            "linear" => Ok(Some(RopeScaling::Linear { factor: number("factor")? })),
            "llama3" => {
                let (low_freq_factor, high_freq_factor) = (number("low_freq_factor")?, number("high_freq_factor")?);
                if high_freq_factor <= low_freq_factor {
                    return Err(ModelError::config(
                        self.path,
                        "rope_scaling.high_freq_factor",
                        "must be above low_freq_factor",
                    ));
                }
                let original_context_length = number("original_max_position_embeddings")? as usize;
                Ok(Some(RopeScaling::Llama3 {
                    factor: number("factor")?,
                    low_freq_factor,
                    high_freq_factor,
                    original_context_length,
                }))
            }
            other => {
                let feature = format!("rotary scaling of type {other:?}");
                Err(ModelError::UnsupportedFeature { path: self.path.to_owned(), feature })
            }
        }
    }

    /// Mistral's window holds unless null; Qwen2's only when `use_sliding_window` is set, and then
    /// from layer `max_window_layers` on, which a uniform decoder can follow only at 0.
    fn sliding_window(&self, family: Family) -> Result<Option<usize>, ModelError> {
        let window = self.optional_count("sliding_window", 1..=MAX_CONTEXT);
        match family {
            Family::Llama => Ok(None),
            Family::Mistral => window,
            Family::Qwen2 if self.flag("use_sliding_window") != Some(true) => Ok(None),
            Family::Qwen2 => match self.optional_count("max_window_layers", 0..=1024)? {
                Some(0) => window,
                _ => Err(ModelError::UnsupportedFeature {
                    path: self.path.to_owned(),
                    feature: "a sliding window on some layers only".to_owned(),
                }),
            },
        }
    }
}

/// Token ids of a field that holds one id, a list of ids, or nothing.
pub(crate) fn token_ids(value: Option<&Value>) -> Vec<u32> {
    let one = |v: &Value| v.as_u64().and_then(|n| u32::try_from(n).ok());
    match value {
        Some(Value::Array(items)) => items.iter().take(64).filter_map(one).collect(),
        Some(v) => one(v).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A value as text, short enough for an error message.
fn brief(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn parse(change: Value) -> Result<DecoderConfig, ModelError> {
        let mut base = json!({
            "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "rms_norm_eps": 1e-5, "eos_token_id": [1, 2]
        });
        for (k, v) in change.as_object().unwrap() {
            base[k] = v.clone();
        }
        DecoderConfig::from_json(Path::new("config.json"), base.as_object().unwrap())
    }

    #[test]
    fn reads_the_common_form() {
        let c = parse(json!({})).unwrap();
        assert_eq!((c.head_dim, c.kv_heads, c.tie_embeddings), (16, 2, false));
        assert_eq!(c.eos_token_ids, [1, 2]);
        assert_eq!(c.tensor_shapes().len(), 1 + 2 * 9 + 2);
    }

    #[test]
    fn refuses_what_would_compute_something_else() {
        for change in [
            json!({"architectures": ["GemmaForCausalLM"]}),
            json!({"hidden_act": "gelu"}),
            json!({"attention_bias": true}),
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}),
            json!({"quantization_config": {"quant_method": "gptq"}}),
            json!({"num_key_value_heads": 3}),
            json!({"hidden_size": 1u64 << 60}),
            json!({"num_attention_heads": 0}),
            json!({"rms_norm_eps": -1.0}),
            json!({"eos_token_id": 100}),
        ] {
            assert!(parse(change.clone()).is_err(), "{change}");
        }
    }

    #[test]
    fn qwen2_has_bias_and_mistral_a_window() {
        let qwen = parse(json!({"architectures": ["Qwen2ForCausalLM"], "sliding_window": 32})).unwrap();
        assert_eq!((qwen.qkv_bias, qwen.sliding_window), (true, None));
        let mistral = parse(json!({"architectures": ["MistralForCausalLM"], "sliding_window": 32})).unwrap();
        assert_eq!((mistral.qkv_bias, mistral.sliding_window), (false, Some(32)));
    }

    #[test]
    fn llama3_scaling_keeps_short_waves_and_stretches_long_ones() {
        let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192});
        let plain = parse(json!({"rope_theta": 500_000.0})).unwrap().inverse_frequencies();
        let scaled = parse(json!({"rope_theta": 500_000.0, "rope_scaling": scaling})).unwrap().inverse_frequencies();
        assert_eq!(plain[0], scaled[0]);
        assert!((plain[7] / scaled[7] - 8.0).abs() < 1e-9);
    }
}
