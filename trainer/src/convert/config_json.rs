//! The `config.json` that `transformers` (4 and 5) reads as the same model.

use crate::model::config::{DecoderConfig, RopeScaling};
use crate::model::family::Family;
use crate::ops::activation::Activation;
use serde_json::{Value, json};

pub(super) fn write(config: &DecoderConfig) -> Value {
    let mut json = if config.family == Family::Gpt2 { gpt2(config) } else { llama_like(config) };
    let common = json!({
        "architectures": [config.family.class_name()],
        "model_type": config.family.model_type(),
        "vocab_size": config.vocab_size,
        "tie_word_embeddings": config.tie_embeddings,
        "bos_token_id": config.bos_token_ids.first(),
        "eos_token_id": config.eos_token_ids,
        // Some families' own default lies beyond a smaller vocabulary.
        "pad_token_id": null,
        "torch_dtype": "float32",
    });
    merge(&mut json, common);
    json
}

fn merge(json: &mut Value, more: Value) {
    if let (Value::Object(json), Value::Object(more)) = (json, more) {
        json.extend(more);
    }
}

fn gpt2(config: &DecoderConfig) -> Value {
    json!({
        // The older of two names of the same function is the one that GPT-2 has always had.
        "activation_function": if config.activation == Activation::GeluTanh { "gelu_new" } else { "silu" },
        "n_embd": config.hidden_size,
        "n_inner": config.intermediate_size,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_positions": config.context_length,
        "layer_norm_epsilon": config.norm_epsilon,
        "scale_attn_weights": config.score_divisor != 1.0,
    })
}

fn llama_like(config: &DecoderConfig) -> Value {
    let mut json = json!({
        "hidden_act": activation(config.activation),
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.context_length,
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": config.rope_theta,
        "rope_scaling": config.rope_scaling.as_ref().map(rope_scaling),
        "sliding_window": config.sliding_window,
    });
    let own = match config.family {
        Family::Qwen2 | Family::Qwen3 => json!({
            "attention_bias": false,
            "use_sliding_window": config.sliding_window.is_some(),
            "max_window_layers": config.sliding_layers.iter().position(|s| *s).unwrap_or(config.layers),
            "layer_types": layer_types(config),
        }),
        Family::Gemma3 => json!({
            "attention_bias": false,
            "hidden_activation": activation(config.activation),
            "query_pre_attn_scalar": number(config.score_divisor),
            "rope_local_base_freq": config.local_rope_theta.unwrap_or(config.rope_theta),
            "layer_types": layer_types(config),
        }),
        Family::Glm4 => json!({
            "attention_bias": config.qkv_bias,
            "partial_rotary_factor": config.rotary_dim as f64 / config.head_dim as f64,
        }),
        Family::Llama | Family::Mistral | Family::Gpt2 => json!({ "attention_bias": false, "mlp_bias": false }),
    };
    merge(&mut json, own);
    json
}

fn layer_types(config: &DecoderConfig) -> Vec<&'static str> {
    let name = |slides: &bool| if *slides { "sliding_attention" } else { "full_attention" };
    config.sliding_layers.iter().map(name).collect()
}

fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Silu => "silu",
        Activation::GeluTanh => "gelu_pytorch_tanh",
    }
}

/// A whole number as such: `transformers` refuses 256.0 where it has always written 256.
fn number(x: f64) -> Value {
    if x.fract() == 0.0 { json!(x as u64) } else { json!(x) }
}

fn rope_scaling(scaling: &RopeScaling) -> Value {
    match scaling {
        RopeScaling::Linear { factor } => json!({"rope_type": "linear", "factor": factor}),
        RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context_length } => json!({
            "rope_type": "llama3", "factor": factor, "low_freq_factor": low_freq_factor, "high_freq_factor": high_freq_factor,
            "original_max_position_embeddings": original_context_length,
        }),
    }
}
