//! Model files: what is read from them, and that no file, however damaged, does harm.

use crate::support::{self, gguf};
use candle_core::{Device, Tensor};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trainer::convert::{ConvertError, convert};
use trainer::inspect::inspect;
use trainer::model::config::DecoderConfig;
use trainer::model::error::ModelError;
use trainer::model::family::Family;
use trainer::model::weights::{BaseModel, open};

/// The tiny model as a folder and as a GGUF file.
struct Files {
    _folder: TempDir,
    hugging_face: PathBuf,
    gguf: PathBuf,
}

fn files() -> Files {
    let mut config = support::config();
    config["tie_word_embeddings"] = json!(false);
    files_of(&config)
}

fn files_of(config: &Value) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let (hugging_face, gguf) = (folder.path().join("model"), folder.path().join("model.gguf"));
    support::write_model_of(&hugging_face, config).unwrap();
    // A pair of tokens more than the bytes, for the merge that a GGUF tokenizer must have.
    support::add_merge(&hugging_face.join("tokenizer.json"));
    gguf::write(&hugging_face, &gguf).unwrap();
    Files { _folder: folder, hugging_face, gguf }
}

/// The families whose GGUF files are read, with the tiny model of each.
fn gguf_families() -> Vec<(Family, Value)> {
    let mut families = support::families();
    families.retain(|(family, _)| [Family::Llama, Family::Qwen2, Family::Qwen3, Family::Gemma3].contains(family));
    for (family, config) in &mut families {
        // In GGUF files the divisor of Gemma's scores follows from the size of the heads.
        if *family == Family::Gemma3 {
            config["query_pre_attn_scalar"] = config["head_dim"].clone();
        }
    }
    families
}

fn tensors(mut model: BaseModel) -> Vec<Vec<f32>> {
    let names = model.config.tensor_shapes();
    let read = |name: &str| model.weights.take(name).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    names.iter().map(|(name, _)| name.as_str()).map(read).collect()
}

fn open_cpu(path: &Path) -> Result<BaseModel, ModelError> {
    open(path, &Device::Cpu)
}

#[test]
fn gguf_and_safetensors_give_the_same_model() {
    for (family, config) in gguf_families() {
        let files = files_of(&config);
        let (a, b) = (open_cpu(&files.hugging_face).unwrap(), open_cpu(&files.gguf).unwrap());
        assert_eq!(DecoderConfig { bos_token_ids: vec![], ..a.config.clone() }, b.config);
        for text in ["abba 12 <|end|>\n", "naïve 东京 🎉"] {
            assert_eq!(a.tokenizer.encode(text).unwrap(), b.tokenizer.encode(text).unwrap());
        }
        assert_eq!((a.card.parameters, b.card.family.as_str()), (b.card.parameters, family.as_str()));
        for (x, y) in tensors(a).iter().flatten().zip(tensors(b).iter().flatten()) {
            // Gains that are stored one higher lose a last digit there.
            assert!(x == y || family == Family::Gemma3 && (x - y).abs() < 1e-7, "{}: {x} {y}", family.as_str());
        }
    }
}

#[test]
fn a_converted_model_is_the_same_model() {
    for (_, config) in gguf_families() {
        let files = files_of(&config);
        let out = files.gguf.with_file_name("converted");
        convert(&files.gguf, &out).unwrap();
        let (a, b) = (open_cpu(&files.gguf).unwrap(), open_cpu(&out).unwrap());
        assert_eq!(a.config, b.config);
        assert_eq!(a.card.chat_template, b.card.chat_template);
        assert_eq!(tensors(a), tensors(b));
        assert!(matches!(convert(&files.gguf, &out), Err(ConvertError::Exists(_))));
        let left = fs::read_dir(out.parent().unwrap()).unwrap().count();
        assert_eq!(left, 3, "nothing but the models remains");
    }
}

#[test]
fn families_without_a_reader_of_their_gguf_files_are_refused_in_words() {
    for (family, config) in support::families() {
        if matches!(family, Family::Glm4 | Family::Gpt2) {
            let error = open_cpu(&files_of(&config).gguf).unwrap_err().to_string();
            assert!(error.contains(family.as_str()) && error.contains("Hugging Face folder"), "{error}");
        }
    }
}

#[test]
fn every_family_survives_conversion() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        let (model, out) = (folder.path().join("model"), folder.path().join("converted"));
        support::write_model_of(&model, &config).unwrap();
        convert(&model, &out).unwrap();
        let (a, b) = (open_cpu(&model).unwrap(), open_cpu(&out).unwrap());
        assert_eq!(a.config, b.config);
        assert_eq!((inspect(&out).unwrap().family.as_str(), b.card.parameters), (family.as_str(), a.card.parameters));
        assert_eq!(tensors(a), tensors(b));
    }
}

#[test]
fn gpt2_is_read_without_the_outer_name_of_its_tensors() {
    let (_, config) = support::families().into_iter().find(|(family, _)| *family == Family::Gpt2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    support::write_model_of(folder.path(), &config).unwrap();
    let weights = folder.path().join("model.safetensors");
    let before = tensors(open_cpu(folder.path()).unwrap());
    let stored = candle_core::safetensors::load(&weights, &Device::Cpu).unwrap();
    let shortened: HashMap<String, Tensor> =
        stored.into_iter().map(|(name, t)| (name.trim_start_matches("transformer.").to_owned(), t)).collect();
    candle_core::safetensors::save(&shortened, &weights).unwrap();
    assert_eq!(before, tensors(open_cpu(folder.path()).unwrap()));
}

#[test]
fn half_precision_and_shards_are_read() {
    let files = files();
    let folder = &files.hugging_face;
    let before = tensors(open_cpu(folder).unwrap());
    let stored = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    let mut map = serde_json::Map::new();
    for (part, name) in ["one.safetensors", "two.safetensors"].into_iter().enumerate() {
        let half: HashMap<String, Tensor> = stored
            .iter()
            .filter(|(n, _)| n.len() % 2 == part)
            .map(|(n, t)| (n.clone(), t.to_dtype(candle_core::DType::BF16).unwrap()))
            .collect();
        map.extend(half.keys().map(|n| (n.clone(), json!(name))));
        candle_core::safetensors::save(&half, folder.join(name)).unwrap();
    }
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    let index = folder.join("model.safetensors.index.json");
    fs::write(&index, json!({ "weight_map": map }).to_string()).unwrap();
    assert_eq!(inspect(folder).unwrap().quantization, "BF16");
    let after = tensors(open_cpu(folder).unwrap());
    let largest = before.iter().flatten().zip(after.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest > 0.0 && largest < 0.01, "{largest}");
    map.insert("x".to_owned(), json!("../secret.safetensors"));
    fs::write(&index, json!({ "weight_map": map }).to_string()).unwrap();
    assert!(matches!(open_cpu(folder), Err(ModelError::Malformed { .. })), "no file outside the folder is read");
}

#[test]
fn every_missing_or_wrong_file_is_named() {
    let files = files();
    let folder = &files.hugging_face;
    let weights = folder.join("model.safetensors");
    let good = fs::read(&weights).unwrap();
    let refused = |what: &str| open_cpu(folder).err().unwrap_or_else(|| panic!("{what} was accepted")).to_string();
    let rejects = |bytes: &[u8], word: &str| {
        fs::write(&weights, bytes).unwrap();
        assert!(refused(word).contains(word), "{} lacks {word:?}", refused(word));
    };
    rejects(&[], "too early");
    rejects(&(1u64 << 60).to_le_bytes(), "claims 1152921504606846976 bytes");
    rejects(&good[..good.len() - 4], "past the end");
    rejects(&[good.as_slice(), b"x"].concat(), "follow the last tensor");
    rejects(&edited(&good, "\"F32\"", "\"F64\""), "F64");
    rejects(&edited(&good, "[0,", "[4,"), "does not fill");
    rejects(&edited(&good, "model.norm.weight", "model.warm.weight"), "lacks the tensor model.norm.weight");
    rejects(&edited(&good, "{", "["), "not a directory");
    fs::remove_file(&weights).unwrap();
    assert!(refused("no weights").contains("model.safetensors"));
    fs::write(folder.join("pytorch_model.bin"), b"\x80\x02").unwrap();
    assert!(refused("a pickle").contains("pickle"));
    fs::write(&weights, &good).unwrap();
    fs::remove_file(folder.join("tokenizer.json")).unwrap();
    assert!(refused("no tokenizer").contains("tokenizer.json"));
    fs::write(folder.join("config.json"), r#"{"architectures":["BertModel"]}"#).unwrap();
    assert!(refused("another architecture").contains("BertModel"));
    assert!(matches!(open_cpu(&folder.join("absent")), Err(ModelError::Read { .. })));
}

/// The file with the first `from` of its header replaced by `to` of the same length.
fn edited(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    [&file[..at], to.as_bytes(), &file[at + to.len()..]].concat()
}

#[test]
fn wrong_gguf_files_are_refused_in_words() {
    let files = files();
    let good = fs::read(&files.gguf).unwrap();
    let path = files.gguf.with_file_name("bad.gguf");
    let rejects = |bytes: &[u8], word: &str| {
        fs::write(&path, bytes).unwrap();
        let error = open_cpu(&path).unwrap_err().to_string();
        assert!(error.contains(word), "{error} lacks {word:?}");
    };
    let with = |at: usize, value: u64| [&good[..at], &value.to_le_bytes(), &good[at + 8..]].concat();
    rejects(b"GGML", "begin with the letters GGUF");
    rejects(&edited(&good, "GGUF", "GGUG"), "begin with the letters GGUF");
    rejects(&[&good[..4], &9u32.to_le_bytes(), &good[8..]].concat(), "version 9");
    rejects(&with(8, u64::MAX), "claims");
    rejects(&with(16, 1 << 60), "claims");
    rejects(&with(24, 1 << 60), "claims");
    rejects(&good[..good.len() / 2], "past the end");
    rejects(&good[..200], "");
    rejects(&edited(&good, "\u{5}\0\0\0\0\0\0\0llama", "\u{5}\0\0\0\0\0\0\0bloom"), "bloom");
    rejects(&edited(&good, "output_norm.weight", "output_warm.weight"), "model.norm.weight");
    rejects(&edited(&good, "tokenizer.ggml.tokens", "tokenizer.ggml.tokenz"), "tokenizer.ggml.tokens is missing");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    /// Bytes changed, inserted or cut anywhere in the header end in a model or in an error, and the
    /// attempt takes little memory.
    #[test]
    fn damaged_headers_do_no_harm(edits in proptest::collection::vec((0.0..1.0f64, any::<u64>(), 0..4u8), 1..6)) {
        thread_local!(static FILES: Files = files());
        FILES.with(|files| {
            let weights = files.hugging_face.join("model.safetensors");
            for (source, target) in [(&files.gguf, files.gguf.with_file_name("fuzz.gguf")), (&weights, weights.clone())] {
                let good = fs::read(source).unwrap();
                fs::write(&target, damaged(&good, &edits)).unwrap();
                let path = if source == &weights { &files.hugging_face } else { &target };
                let before = peak_kib();
                // Either answer is right; a panic or a huge allocation is not.
                let _ = open_cpu(path);
                // The kernel counts a little behind, so a later peak may read lower.
                let grown = peak_kib().saturating_sub(before);
                fs::write(source, &good).unwrap();
                assert!(grown < 16 << 10, "opening took {grown} KiB more");
            }
        });
    }
}

fn damaged(good: &[u8], edits: &[(f64, u64, u8)]) -> Vec<u8> {
    // The header is what is parsed; it fills the first part of these small files.
    let header = good.len().min(16 << 10);
    let mut bytes = good.to_vec();
    for (place, value, kind) in edits {
        let at = ((place * header as f64) as usize).min(bytes.len().saturating_sub(8));
        match kind {
            0 => bytes[at] = *value as u8,
            1 if at + 8 <= bytes.len() => bytes[at..at + 8].copy_from_slice(&value.to_le_bytes()),
            2 => bytes.insert(at, *value as u8),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// Most memory this process has ever held, in KiB; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
}
