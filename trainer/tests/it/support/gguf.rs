//! The tiny model as a GGUF file, written as llama.cpp's converter would.

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Tensor};
use serde_json::json;
use std::path::{Path, PathBuf};
use trainer::model::family::Family;
use trainer::model::weights::{BaseModel, open};

/// Writes the tiny model below `folder` as a GGUF file of matrices of the type `dtype`, wide enough for blocks of 256 and
/// with a head of its own if it is not tied.
pub(crate) fn write_wide(folder: &Path, dtype: GgmlDType, is_tied: bool) -> Result<PathBuf> {
    let (model, file) = (folder.join("model"), folder.join(format!("{dtype:?}-{is_tied}.gguf")));
    let mut config = super::config();
    config["hidden_size"] = json!(256);
    config["intermediate_size"] = json!(256);
    config["tie_word_embeddings"] = json!(is_tied);
    super::write_model_of(&model, &config)?;
    super::add_merge(&model.join("tokenizer.json"));
    write_as(&model, &file, dtype)?;
    Ok(file)
}

/// Writes the Hugging Face model in `folder` as a GGUF file of f32 tensors.
pub(crate) fn write(folder: &Path, file: &Path) -> Result<()> {
    write_as(folder, file, GgmlDType::F32)
}

/// Writes the Hugging Face model in `folder` as a GGUF file whose matrices have the type `dtype`.
pub(crate) fn write_as(folder: &Path, file: &Path, dtype: GgmlDType) -> Result<()> {
    let mut model = open(folder, &Device::Cpu).map_err(candle_core::Error::wrap)?;
    let config = model.config.clone();
    let mut tensors = Vec::new();
    for (name, _) in config.tensor_shapes() {
        let tensor = model.weights.take(&name).map_err(candle_core::Error::wrap)?;
        let tensor = match (config.family, name.rsplit('.').nth(1)) {
            (Family::Llama, Some("q_proj")) => interleave(&tensor, config.heads)?,
            (Family::Llama, Some("k_proj")) => interleave(&tensor, config.kv_heads)?,
            (Family::Gemma3, Some(norm)) if norm.ends_with("norm") => (tensor + 1.0)?,
            _ => tensor,
        };
        let stored = if tensor.rank() == 2 { dtype } else { GgmlDType::F32 };
        tensors.push((stored_name(config.family, &name), QTensor::quantize(&tensor, stored)?));
    }
    let metadata = metadata(&model);
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    gguf_file::write(&mut std::fs::File::create(file)?, &metadata, &tensors)
}

/// Rows of each head from two halves to interleaved pairs.
fn interleave(weight: &Tensor, heads: usize) -> Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    weight.reshape((heads, 2, rows / heads / 2, columns))?.transpose(1, 2)?.contiguous()?.reshape((rows, columns))
}

fn stored_name(family: Family, name: &str) -> String {
    let after_attention = if family == Family::Gemma3 { "post_attention_norm" } else { "ffn_norm" };
    [
        ("model.layers.", "blk."),
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", after_attention),
        ("pre_feedforward_layernorm", "ffn_norm"),
        ("post_feedforward_layernorm", "post_ffw_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ]
    .iter()
    .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

fn metadata(model: &BaseModel) -> Vec<(String, Value)> {
    let c = &model.config;
    let architecture = c.family.as_str();
    let text = |s: &str| Value::String(s.to_owned());
    let count = |n: usize| Value::U32(n as u32);
    let tokens: Vec<String> = (0..c.vocab_size as u32).filter_map(|id| model.tokenizer.token(id)).collect();
    let kinds = (0..c.vocab_size as u32).map(|id| Value::I32(if model.tokenizer.is_special(id) { 3 } else { 1 }));
    let mut metadata = vec![
        ("general.architecture", text(architecture)),
        ("general.license", text("apache-2.0")),
        ("ARCH.block_count", count(c.layers)),
        ("ARCH.context_length", count(c.context_length)),
        ("ARCH.embedding_length", count(c.hidden_size)),
        ("ARCH.feed_forward_length", count(c.intermediate_size)),
        ("ARCH.attention.head_count", count(c.heads)),
        ("ARCH.attention.head_count_kv", count(c.kv_heads)),
        ("ARCH.attention.layer_norm_rms_epsilon", Value::F32(c.norm_epsilon as f32)),
        ("ARCH.rope.freq_base", Value::F32(c.rope_theta as f32)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("gpt-2")),
        ("tokenizer.ggml.tokens", Value::Array(tokens.iter().map(|t| text(t)).collect())),
        ("tokenizer.ggml.token_type", Value::Array(kinds.collect())),
        ("tokenizer.ggml.merges", Value::Array(vec![text("a b")])),
        ("tokenizer.ggml.eos_token_id", count(0)),
        ("tokenizer.chat_template", text(model.card.chat_template.as_deref().unwrap_or_default())),
    ];
    if c.head_dim * c.heads != c.hidden_size {
        metadata.push(("ARCH.attention.key_length", count(c.head_dim)));
    }
    if let Some(window) = c.sliding_window {
        metadata.push(("ARCH.attention.sliding_window", count(window)));
        metadata.push(("ARCH.attention.sliding_window_pattern", count(2)));
    }
    if let Some(theta) = c.local_rope_theta {
        metadata.push(("ARCH.rope.freq_base_swa", Value::F32(theta as f32)));
    }
    metadata.into_iter().map(|(key, value)| (key.replace("ARCH", architecture), value)).collect()
}
