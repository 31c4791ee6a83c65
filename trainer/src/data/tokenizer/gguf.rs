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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::data::tokenizer::Tokenizer;
    use crate::model::gguf::GgufValue;

    /// A file of these tokens, each with a score and a kind.
    fn file(model: &str, pre: &str, tokens: &[(&str, f32, i32)]) -> Gguf {
        let metadata = [
            ("tokenizer.ggml.model", GgufValue::Text(model.to_owned())),
            ("tokenizer.ggml.pre", GgufValue::Text(pre.to_owned())),
            ("tokenizer.ggml.tokens", GgufValue::Texts(tokens.iter().map(|t| t.0.to_owned()).collect())),
            ("tokenizer.ggml.scores", GgufValue::Floats(tokens.iter().map(|t| t.1).collect())),
            ("tokenizer.ggml.token_type", GgufValue::Integers(tokens.iter().map(|t| t.2).collect())),
            ("tokenizer.ggml.merges", GgufValue::Texts(vec!["1 2".to_owned()])),
        ];
        let metadata = metadata.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Gguf { path: "test.gguf".into(), metadata, tensors: std::collections::BTreeMap::new(), size_bytes: 0 }
    }

    #[test]
    fn sentence_piece_merges_by_score_and_falls_back_to_bytes() {
        let tokens = [
            ("<unk>", 0.0, UNKNOWN),
            ("</s>", 0.0, CONTROL),
            ("<0xC3>", 0.0, 6),
            ("<0xA9>", 0.0, 6),
            ("▁", -9.0, 1),
            ("a", -8.0, 1),
            ("b", -7.0, 1),
            ("ab", -2.0, 1),
            ("▁a", -1.0, 1),
            ("▁ab", -3.0, 1),
        ];
        let tokenizer = Tokenizer::from_gguf(&file("llama", "default", &tokens)).unwrap();
        assert_eq!(tokenizer.encode("ab").unwrap(), [9]);
        assert_eq!(tokenizer.encode("bab").unwrap(), [4, 6, 7], "ab is merged, the prefix stays alone");
        assert_eq!(tokenizer.encode("aé</s>").unwrap(), [8, 2, 3, 1]);
        assert_eq!(tokenizer.decode(&[8, 2, 3, 1]), "aé");
    }

    #[test]
    fn digits_are_cut_as_the_model_was_taught() {
        let tokens = [("1", 0.0, 1), ("2", 0.0, 1), ("12", 0.0, 1)];
        let encode = |pre: &str| Tokenizer::from_gguf(&file("gpt2", pre, &tokens)).unwrap().encode("12").unwrap();
        assert_eq!((encode("smollm"), encode("qwen2")), (vec![0, 1], vec![0, 1]), "one digit at a time");
        assert_eq!((encode("default"), encode("llama-bpe")), (vec![2], vec![2]), "several digits together");
    }

    #[test]
    fn unknown_kinds_are_refused() {
        for (model, pre) in [("bert", "default"), ("gpt2", "tekken")] {
            let error = Tokenizer::from_gguf(&file(model, pre, &[("1", 0.0, 1)])).unwrap_err().to_string();
            assert!(error.contains("not supported"), "{error}");
        }
    }
}
