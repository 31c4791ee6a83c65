//! The tokenizer in a GGUF file's metadata, written as the equivalent `tokenizer.json`.
//!
//! Byte-level BPE (`gpt2`) keeps its merges; how text is first cut into words is only named, so
//! the names that llama.cpp gives are translated here. SentencePiece (`llama`) keeps scores, from
//! which the merges follow as `transformers` derives them (`convert_slow_tokenizer.generate_merges`).

use crate::model::error::ModelError;
use crate::model::gguf::Gguf;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Kinds of tokens in `tokenizer.ggml.token_type` (llama.cpp's `llama_token_type`).
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;

const LLAMA3_WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2_WORDS: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The `tokenizer.json` equivalent to the file's tokenizer.
pub(super) fn tokenizer_json(file: &Gguf) -> Result<Value, ModelError> {
    let refuse = |problem: String| ModelError::Tokenizer { path: file.path.clone(), problem };
    let tokens =
        file.texts("tokenizer.ggml.tokens").ok_or_else(|| refuse("tokenizer.ggml.tokens is missing".to_owned()))?;
    let kinds = file.integers("tokenizer.ggml.token_type").unwrap_or_default();
    if !kinds.is_empty() && kinds.len() != tokens.len() {
        return Err(refuse(format!("it has {} tokens but {} token types", tokens.len(), kinds.len())));
    }
    let parts = match file.text("tokenizer.ggml.model") {
        Some("gpt2") => byte_level(file, tokens)?,
        Some("llama") => sentence_piece(file, tokens, kinds)?,
        Some(other) => {
            let kind: String = other.chars().take(40).collect();
            return Err(refuse(format!(
                "its kind {kind:?} is not supported; use the model's Hugging Face folder instead"
            )));
        }
        None => return Err(refuse("tokenizer.ggml.model is missing".to_owned())),
    };
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null, "post_processor": null,
        "added_tokens": added_tokens(tokens, kinds),
        "normalizer": parts.normalizer, "pre_tokenizer": parts.pre_tokenizer, "decoder": parts.decoder, "model": parts.model,
    }))
}

struct Parts {
    normalizer: Value,
    pre_tokenizer: Value,
    decoder: Value,
    model: Value,
}

fn added_tokens(tokens: &[String], kinds: &[i32]) -> Vec<Value> {
    let added = kinds
        .iter()
        .zip(tokens)
        .enumerate()
        .filter(|(_, (kind, _))| matches!(**kind, UNKNOWN | CONTROL | USER_DEFINED));
    added
        .map(|(id, (kind, content))| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                   "normalized": false, "special": *kind != USER_DEFINED})
        })
        .collect()
}

fn vocabulary(tokens: &[String]) -> Map<String, Value> {
    tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect()
}

/// Byte-level BPE: merges are stored, the cutting into words is named.
fn byte_level(file: &Gguf, tokens: &[String]) -> Result<Parts, ModelError> {
    let refuse = |problem: String| ModelError::Tokenizer { path: file.path.clone(), problem };
    let stored =
        file.texts("tokenizer.ggml.merges").ok_or_else(|| refuse("tokenizer.ggml.merges is missing".to_owned()))?;
    let merges: Option<Vec<Value>> = stored.iter().map(|m| m.split_once(' ').map(|(a, b)| json!([a, b]))).collect();
    let merges = merges.ok_or_else(|| refuse("a merge is not a pair of tokens".to_owned()))?;
    let byte_level = |use_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex});
    let words =
        |first: Value, use_regex: bool| json!({"type": "Sequence", "pretokenizers": [first, byte_level(use_regex)]});
    let split = |pattern: &str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
    let name = file.text("tokenizer.ggml.pre").unwrap_or("default");
    let pre_tokenizer = match name {
        "default" | "gpt-2" => byte_level(true),
        "smollm" => words(json!({"type": "Digits", "individual_digits": true}), true),
        "llama3" | "llama-v3" | "llama-bpe" => words(split(LLAMA3_WORDS), false),
        "qwen2" => words(split(QWEN2_WORDS), false),
        other => {
            let kind: String = other.chars().take(40).collect();
            return Err(refuse(format!(
                "its pre-tokenizer {kind:?} is not supported; use the model's Hugging Face folder instead"
            )));
        }
    };
    Ok(Parts {
        normalizer: if name == "qwen2" { json!({"type": "NFC"}) } else { Value::Null },
        pre_tokenizer,
        decoder: json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}),
        model: json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": matches!(name, "llama3" | "llama-v3" | "llama-bpe"),
            "vocab": vocabulary(tokens), "merges": merges}),
    })
}

/// SentencePiece BPE with byte fallback, as Llama 1, 2 and Mistral use it.
fn sentence_piece(file: &Gguf, tokens: &[String], kinds: &[i32]) -> Result<Parts, ModelError> {
    let scores = file.floats("tokenizer.ggml.scores").filter(|s| s.len() == tokens.len());
    let scores = scores.ok_or_else(|| ModelError::Tokenizer {
        path: file.path.clone(),
        problem: "tokenizer.ggml.scores do not match the tokens".to_owned(),
    })?;
    let unknown = kinds.iter().position(|k| *k == UNKNOWN).map(|id| tokens[id].clone());
    let prefix = !matches!(
        file.metadata.get("tokenizer.ggml.add_space_prefix"),
        Some(crate::model::gguf::GgufValue::Bool(false))
    );
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let mut normalizers = vec![replace];
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefix {
        normalizers.insert(0, json!({"type": "Prepend", "prepend": "▁"}));
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    Ok(Parts {
        normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
        pre_tokenizer: Value::Null,
        decoder: json!({"type": "Sequence", "decoders": decoders}),
        model: json!({"type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": vocabulary(tokens), "merges": merges_by_score(tokens, kinds, scores)}),
    })
}

/// Every way to write a token as two tokens, best score of the whole first. Tokens longer than
/// any published one's 64 characters are left whole, which bounds the work on hostile files.
fn merges_by_score(tokens: &[String], kinds: &[i32], scores: &[f32]) -> Vec<Value> {
    let is_plain = |id: usize| !matches!(kinds.get(id), Some(&(UNKNOWN | CONTROL | USER_DEFINED)));
    let ids: HashMap<&str, usize> =
        tokens.iter().enumerate().filter(|(id, _)| is_plain(*id)).map(|(id, t)| (t.as_str(), id)).collect();
    let mut merges = Vec::new();
    for (id, token) in tokens.iter().enumerate().filter(|(id, t)| is_plain(*id) && t.len() <= 256) {
        let mut splits: Vec<_> = token
            .char_indices()
            .skip(1)
            .filter_map(|(at, _)| {
                let (left, right) = token.split_at(at);
                Some((*ids.get(left)?, *ids.get(right)?, left, right))
            })
            .collect();
        splits.sort();
        merges.extend(splits.into_iter().map(|(_, _, left, right)| (scores[id], left, right)));
    }
    let order = |m: &(f32, &str, &str)| std::cmp::Reverse((m.1.chars().count(), m.2.chars().count()));
    merges.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| order(a).cmp(&order(b))));
    merges.into_iter().map(|(_, left, right)| json!([left, right])).collect()
}
