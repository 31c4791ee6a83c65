//! `config.json` as a configuration, with the defaults that `transformers` has for each family, and a refusal of
//! every setting under which the decoder would compute something else than the model.

use super::fields::{FULL, Fields, SLIDING, brief};
use super::{DecoderConfig, MAX_CONTEXT, MAX_VOCABULARY};
use crate::model::error::ModelError;
use crate::model::family::Family;
use crate::ops::activation::Activation;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::path::Path;

impl DecoderConfig {
    /// Reads `config.json`. `path` is only named in errors.
    pub fn from_json(path: &Path, json: &Map<String, Value>) -> Result<Self, ModelError> {
        let fields = Fields { path, json };
        let family = fields.family()?;
        fields.refuse_unknown_maths(family)?;
        if family == Family::Gpt2 { fields.gpt2() } else { fields.llama_like(family) }?.checked(path)
    }
}

impl Fields<'_> {
    /// All families that name their fields as Llama does.
    fn llama_like(&self, family: Family) -> Result<DecoderConfig, ModelError> {
        let heads = self.count("num_attention_heads", HEADS)?;
        let hidden_size = self.count("hidden_size", HIDDEN)?;
        let layers = self.count("num_hidden_layers", LAYERS)?;
        let head_dim = self.optional_count("head_dim", 2..=1024)?.unwrap_or(match family {
            Family::Gemma3 => 256,
            Family::Qwen3 | Family::Glm4 => 128,
            _ => hidden_size / heads,
        });
        let gemma = family == Family::Gemma3;
        let (sliding_window, sliding_layers) = self.sliding(family, layers)?;
        Ok(DecoderConfig {
            family,
            vocab_size: self.count("vocab_size", 1..=MAX_VOCABULARY)?,
            hidden_size,
            intermediate_size: self.count("intermediate_size", 1..=1_048_576)?,
            layers,
            heads,
            kv_heads: self.optional_count("num_key_value_heads", HEADS)?.unwrap_or(heads),
            head_dim,
            rotary_dim: (head_dim as f64 * self.rotated_share(family)) as usize,
            context_length: self.optional_count("max_position_embeddings", 2..=MAX_CONTEXT)?.unwrap_or(2048),
            norm_epsilon: self.optional_number("rms_norm_eps")?.unwrap_or(1e-6),
            activation: self.activation(if gemma { "hidden_activation" } else { "hidden_act" }, family)?,
            score_divisor: match self.optional_number("query_pre_attn_scalar")?.filter(|_| gemma) {
                Some(divisor) => divisor,
                None if gemma => 256.0,
                None => head_dim as f64,
            },
            rope_theta: self.rope_theta()?.unwrap_or(if gemma { 1e6 } else { 1e4 }),
            local_rope_theta: if gemma { Some(self.local_rope_theta()?) } else { None },
            rope_scaling: self.rope_scaling()?,
            tie_embeddings: self.flag("tie_word_embeddings").unwrap_or(gemma),
            qkv_bias: match family {
                Family::Qwen2 => true,
                Family::Glm4 => self.flag("attention_bias").unwrap_or(true),
                _ => false,
            },
            sliding_window,
            sliding_layers,
            bos_token_ids: self.token_ids("bos_token_id"),
            eos_token_ids: self.token_ids("eos_token_id"),
        })
    }

    fn gpt2(&self) -> Result<DecoderConfig, ModelError> {
        let heads = self.count("n_head", HEADS)?;
        let hidden_size = self.count("n_embd", HIDDEN)?;
        let layers = self.count("n_layer", LAYERS)?;
        if !hidden_size.is_multiple_of(heads) {
            let problem = format!("must divide the {hidden_size} features of n_embd, not be {heads}");
            return Err(ModelError::config(self.path, "n_head", problem));
        }
        let head_dim = hidden_size / heads;
        Ok(DecoderConfig {
            family: Family::Gpt2,
            vocab_size: self.count("vocab_size", 1..=MAX_VOCABULARY)?,
            hidden_size,
            intermediate_size: self.optional_count("n_inner", 1..=1_048_576)?.unwrap_or(4 * hidden_size),
            layers,
            heads,
            kv_heads: heads,
            head_dim,
            rotary_dim: head_dim,
            context_length: self.count("n_positions", 2..=MAX_CONTEXT)?,
            norm_epsilon: self.optional_number("layer_norm_epsilon")?.unwrap_or(1e-5),
            activation: self.activation("activation_function", Family::Gpt2)?,
            score_divisor: if self.flag("scale_attn_weights") == Some(false) { 1.0 } else { head_dim as f64 },
            rope_theta: 1e4,
            local_rope_theta: None,
            rope_scaling: None,
            tie_embeddings: self.flag("tie_word_embeddings").unwrap_or(true),
            qkv_bias: true,
            sliding_window: None,
            sliding_layers: vec![false; layers],
            bos_token_ids: self.token_ids("bos_token_id"),
            eos_token_ids: self.token_ids("eos_token_id"),
        })
    }

    /// Refuses settings under which the decoder would compute something else than the model.
    fn refuse_unknown_maths(&self, family: Family) -> Result<(), ModelError> {
        if let Some(method) = self.json.get("quantization_config").and_then(|q| q.get("quant_method")) {
            return self.refuse(format!(
                "weights quantized by {}; use the unquantized safetensors or a GGUF file",
                brief(method)
            ));
        }
        let always: &[&str] =
            &["mlp_bias", "use_bidirectional_attention", "add_cross_attention", "scale_attn_by_inverse_layer_idx"];
        let biased: &[&str] = if matches!(family, Family::Qwen2 | Family::Glm4) { &[] } else { &["attention_bias"] };
        if let Some(flag) = always.iter().chain(biased).find(|flag| self.flag(flag) == Some(true)) {
            return self.refuse((*flag).to_owned());
        }
        let capped = ["attn_logit_softcapping", "final_logit_softcapping"];
        if let Some(field) = capped.iter().find(|field| self.present(field).is_some()) {
            return self.refuse((*field).to_owned());
        }
        let share = self.rotated_share(family);
        if family != Family::Glm4 && (share - 1.0).abs() > 1e-9 {
            return self.refuse(format!("rotary embedding on {share} of each head"));
        }
        Ok(())
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

    /// The family's own activation unless the file names one.
    fn activation(&self, field: &str, family: Family) -> Result<Activation, ModelError> {
        let named = match self.present(field) {
            None => None,
            Some(value) => match value.as_str() {
                Some("silu" | "swish") => Some(Activation::Silu),
                Some("gelu_new" | "gelu_pytorch_tanh") => Some(Activation::GeluTanh),
                _ => return self.refuse(format!("the activation {}", brief(value))),
            },
        };
        let usual =
            if matches!(family, Family::Gemma3 | Family::Gpt2) { Activation::GeluTanh } else { Activation::Silu };
        Ok(named.unwrap_or(usual))
    }

    /// The window, and which layers have it. Mistral's holds in all unless null; Qwen's only when `use_sliding_window`
    /// is set, and then from layer `max_window_layers` on; Gemma's in all but every sixth. A list of layer types goes
    /// before those rules.
    fn sliding(&self, family: Family, layers: usize) -> Result<(Option<usize>, Vec<bool>), ModelError> {
        let qwen = matches!(family, Family::Qwen2 | Family::Qwen3);
        let window = match family {
            Family::Llama | Family::Glm4 | Family::Gpt2 => None,
            Family::Qwen2 | Family::Qwen3 if self.flag("use_sliding_window") != Some(true) => None,
            _ => self.optional_count("sliding_window", 1..=MAX_CONTEXT)?,
        };
        if let Some(types) = self.present("layer_types").filter(|_| qwen || family == Family::Gemma3) {
            return Ok((window, self.layer_types(types, layers)?));
        }
        let first = if qwen { self.optional_count("max_window_layers", 0..=1024)?.unwrap_or(28) } else { 0 };
        let period = match family {
            Family::Gemma3 => self.optional_count("sliding_window_pattern", 1..=1024)?.or(Some(6)),
            _ => None,
        };
        let slides = |layer: usize| layer >= first && period.is_none_or(|period| !(layer + 1).is_multiple_of(period));
        let any = window.is_some() || family == Family::Gemma3;
        Ok((window, (0..layers).map(|layer| any && slides(layer)).collect()))
    }

    /// Whether each layer slides, from the list of their types.
    fn layer_types(&self, types: &Value, layers: usize) -> Result<Vec<bool>, ModelError> {
        let Some(types) = types.as_array().filter(|types| types.len() == layers) else {
            let problem = format!("must be a list of {layers} layer types");
            return Err(ModelError::config(self.path, "layer_types", problem));
        };
        types
            .iter()
            .map(|kind| match kind.as_str() {
                Some(SLIDING) => Ok(true),
                Some(FULL) => Ok(false),
                _ => self.refuse(format!("layers of type {}", brief(kind))),
            })
            .collect()
    }
}

const HEADS: RangeInclusive<usize> = 1..=1024;
const HIDDEN: RangeInclusive<usize> = 2..=65_536;
const LAYERS: RangeInclusive<usize> = 1..=1024;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::RopeScaling;
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

    /// The changes that make `class` of the base, and `more`.
    fn of(class: &str, more: Value) -> Value {
        let mut change = json!({ "architectures": [class] });
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        change
    }

    fn gpt2(more: Value) -> Value {
        let mut change = of("GPT2LMHeadModel", json!({ "n_embd": 64, "n_head": 4, "n_layer": 2, "n_positions": 32 }));
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        change
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
            json!({"architectures": ["Gemma3ForConditionalGeneration"]}),
            json!({"hidden_act": "gelu"}),
            json!({"attention_bias": true}),
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}),
            json!({"quantization_config": {"quant_method": "gptq"}}),
            json!({"num_key_value_heads": 3}),
            json!({"hidden_size": 1u64 << 60}),
            json!({"num_attention_heads": 0}),
            json!({"rms_norm_eps": -1.0}),
            json!({"eos_token_id": 100}),
            json!({"partial_rotary_factor": 0.5}),
            of("Qwen3ForCausalLM", json!({"attention_bias": true})),
            of("Qwen3ForCausalLM", json!({"use_sliding_window": true, "sliding_window": 0})),
            of("Qwen3ForCausalLM", json!({"layer_types": ["full_attention"]})),
            of("Qwen3ForCausalLM", json!({"layer_types": ["full_attention", "linear_attention"]})),
            of("Qwen3ForCausalLM", json!({"layer_types": "full_attention"})),
            of("Gemma3ForCausalLM", json!({"hidden_activation": "gelu"})),
            of("Gemma3ForCausalLM", json!({"final_logit_softcapping": 30.0})),
            of("Gemma3ForCausalLM", json!({"attn_logit_softcapping": 50.0})),
            of("Gemma3ForCausalLM", json!({"use_bidirectional_attention": true})),
            of("Gemma3ForCausalLM", json!({"query_pre_attn_scalar": 0})),
            of("Gemma3ForCausalLM", json!({"query_pre_attn_scalar": -256})),
            of("Gemma3ForCausalLM", json!({"query_pre_attn_scalar": 1e300})),
            of("Gemma3ForCausalLM", json!({"query_pre_attn_scalar": "256"})),
            of("Gemma3ForCausalLM", json!({"rope_local_base_freq": 0.0})),
            of("Gemma3ForCausalLM", json!({"rope_parameters": {"sliding_attention": {"rope_type": "yarn"}}})),
            of("Gemma3ForCausalLM", json!({"sliding_window": 1u64 << 40})),
            of("Gemma3ForCausalLM", json!({"sliding_window_pattern": 0})),
            of("Gemma3ForCausalLM", json!({"head_dim": 1u64 << 40})),
            of("Glm4ForCausalLM", json!({"partial_rotary_factor": 0.0})),
            of("Glm4ForCausalLM", json!({"partial_rotary_factor": 2.0})),
            of("Glm4ForCausalLM", json!({"partial_rotary_factor": -0.5})),
            of("Glm4ForCausalLM", json!({"partial_rotary_factor": 0.2})),
            of("Glm4ForCausalLM", json!({"partial_rotary_factor": "half"})),
            gpt2(json!({"n_head": 5})),
            gpt2(json!({"n_positions": 0})),
            gpt2(json!({"n_inner": 1u64 << 50})),
            gpt2(json!({"activation_function": "relu"})),
            gpt2(json!({"layer_norm_epsilon": 1.0})),
            gpt2(json!({"add_cross_attention": true})),
            gpt2(json!({"scale_attn_by_inverse_layer_idx": true})),
        ] {
            assert!(parse(change.clone()).is_err(), "{change}");
        }
    }

    #[test]
    fn each_family_has_its_window_where_its_own_rule_says() {
        let slides = |change: Value| {
            let config = parse(change).unwrap();
            (config.sliding_window, config.sliding_layers)
        };
        assert_eq!(slides(of("MistralForCausalLM", json!({"sliding_window": 32}))), (Some(32), vec![true, true]));
        for qwen in ["Qwen2ForCausalLM", "Qwen3ForCausalLM"] {
            let window = json!({"sliding_window": 32});
            assert_eq!(slides(of(qwen, window)), (None, vec![false, false]));
            let some = json!({"sliding_window": 32, "use_sliding_window": true, "max_window_layers": 1});
            assert_eq!(slides(of(qwen, some)), (Some(32), vec![false, true]));
        }
        let gemma = |more: Value| parse(of("Gemma3ForCausalLM", more)).unwrap();
        let six = gemma(json!({"sliding_window": 32, "num_hidden_layers": 7}));
        assert_eq!(six.sliding_layers, [true, true, true, true, true, false, true]);
        let listed = gemma(json!({"sliding_window": 32, "layer_types": ["full_attention", "sliding_attention"]}));
        assert_eq!(listed.sliding_layers, [false, true]);
    }

    #[test]
    fn what_files_leave_out_is_what_transformers_assumes() {
        let gemma = parse(of("Gemma3ForCausalLM", json!({"sliding_window": 512}))).unwrap();
        assert_eq!((gemma.head_dim, gemma.score_divisor, gemma.tie_embeddings), (256, 256.0, true));
        assert_eq!((gemma.rope_theta, gemma.local_rope_theta, gemma.embedding_scale()), (1e6, Some(1e4), Some(8.0)));
        let qwen = parse(of("Qwen3ForCausalLM", json!({}))).unwrap();
        assert_eq!((qwen.head_dim, qwen.tie_embeddings, qwen.qkv_bias), (128, false, false));
        let glm = parse(of("Glm4ForCausalLM", json!({}))).unwrap();
        assert_eq!((glm.head_dim, glm.rotary_dim, glm.qkv_bias), (128, 64, true));
        let gpt = parse(gpt2(json!({}))).unwrap();
        assert_eq!((gpt.intermediate_size, gpt.tie_embeddings, gpt.score_divisor), (256, true, 16.0));
        assert!(parse(of("Qwen2ForCausalLM", json!({}))).unwrap().qkv_bias);
    }

    #[test]
    fn old_and_new_files_of_gemma_say_the_same() {
        let common = json!({"sliding_window": 8, "sliding_window_pattern": 2});
        let with = |more: Value| {
            let mut change = of("Gemma3ForCausalLM", common.clone());
            change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            parse(change).unwrap()
        };
        let scaling = json!({"rope_type": "linear", "factor": 8.0});
        let old = with(json!({"rope_theta": 1e6, "rope_local_base_freq": 500.0, "rope_scaling": scaling}));
        let new = with(json!({"rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}
        }}));
        assert_eq!(old, new);
        assert_eq!(old.rope_scaling, Some(RopeScaling::Linear { factor: 8.0 }));
        let (far, near) = (old.inverse_frequencies(false), old.inverse_frequencies(true));
        assert!((far[0] - 0.125).abs() < 1e-12 && (near[0] - 1.0).abs() < 1e-12, "only far layers are stretched");
    }

    #[test]
    fn llama3_scaling_keeps_short_waves_and_stretches_long_ones() {
        let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192});
        let plain = parse(json!({"rope_theta": 500_000.0})).unwrap().inverse_frequencies(false);
        let scaled =
            parse(json!({"rope_theta": 500_000.0, "rope_scaling": scaling})).unwrap().inverse_frequencies(false);
        assert_eq!(plain[0], scaled[0]);
        assert!((plain[7] / scaled[7] - 8.0).abs() < 1e-9);
    }
}
