//! A Hugging Face model folder as a base model: config.json, tokenizer.json, tokenizer_config.json
//! and safetensors, in one file or in shards with an index.

use super::config::{DecoderConfig, token_ids};
use super::error::ModelError;
use super::safetensors::Shard;
use super::weights::{BaseModel, Weights, quantization};
use crate::data::template::ChatTemplate;
use crate::data::tokenizer::Tokenizer;
use candle_core::Device;
use domain::model::{ModelCard, ModelFormat};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

const MAX_CONFIG: u64 = 4 << 20;
const MAX_INDEX: u64 = 32 << 20;
const MAX_TOKENIZER: u64 = 128 << 20;
const MAX_SHARDS: usize = 1000;

/// Reads the headers and the tokenizer of a model folder.
pub(super) fn open(folder: &Path, device: &Device) -> Result<BaseModel, ModelError> {
    let config_path = folder.join("config.json");
    if !config_path.exists() {
        return Err(ModelError::NotAModel { path: folder.to_owned() });
    }
    let json = read_object(&config_path, MAX_CONFIG)?;
    let mut config = DecoderConfig::from_json(&config_path, &json)?;
    let shards = shard_paths(folder)?.iter().map(|p| Shard::open(p)).collect::<Result<Vec<_>, _>>()?;
    let tokenizer_path = require(folder, "tokenizer.json")?;
    let tokenizer = Tokenizer::from_json(&tokenizer_path, &read(&tokenizer_path, MAX_TOKENIZER)?)?;
    let special = optional_object(&folder.join("tokenizer_config.json"))?;
    add_stop_tokens(&mut config, folder, &special, &tokenizer)?;
    let source = template_source(folder, &special)?;
    let template = ChatTemplate::new(source.as_deref(), &token(&special, "bos_token"), &token(&special, "eos_token"))
        .map_err(|e| ModelError::Template { path: folder.to_owned(), problem: e.to_string() })?;
    let card = ModelCard { chat_template: source, licence: licence(folder), ..card(&config, &json, &shards) };
    let weights = Weights::from_shards(folder, shards, &config, device)?;
    Ok(BaseModel { config, card, tokenizer, template, weights })
}

/// The weight files: `model.safetensors`, or those that the index names.
fn shard_paths(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let index_path = folder.join("model.safetensors.index.json");
    let single = folder.join("model.safetensors");
    if single.exists() {
        return Ok(vec![single]);
    }
    if !index_path.exists() {
        let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"];
        if pickled.iter().any(|name| folder.join(name).exists()) {
            return Err(ModelError::Pickle { path: folder.to_owned() });
        }
        return Err(ModelError::MissingFile { path: folder.to_owned(), name: "model.safetensors".to_owned() });
    }
    let index = read_object(&index_path, MAX_INDEX)?;
    let map = index.get("weight_map").and_then(Value::as_object);
    let names: Option<BTreeSet<&str>> = map.and_then(|m| m.values().map(Value::as_str).collect());
    let Some(names) = names.filter(|n| !n.is_empty() && n.len() <= MAX_SHARDS) else {
        return Err(ModelError::malformed(&index_path, "it has no weight_map from tensors to files"));
    };
    names.into_iter().map(|name| shard_path(folder, &index_path, name)).collect()
}

/// A shard's path; its name may not lead out of the folder.
fn shard_path(folder: &Path, index_path: &Path, name: &str) -> Result<PathBuf, ModelError> {
    let mut parts = Path::new(name).components();
    let is_plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    if !is_plain || !name.ends_with(".safetensors") {
        return Err(ModelError::malformed(
            index_path,
            format!("it names the file {:?}", name.chars().take(80).collect::<String>()),
        ));
    }
    require(folder, name)
}

fn require(folder: &Path, name: &str) -> Result<PathBuf, ModelError> {
    let path = folder.join(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(ModelError::MissingFile { path: folder.to_owned(), name: name.to_owned() })
    }
}

/// A whole file, refused when larger than `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ModelError> {
    let file = std::fs::File::open(path).map_err(|e| ModelError::read(path, e))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| ModelError::read(path, e))?;
    if bytes.len() as u64 > limit {
        return Err(ModelError::malformed(path, format!("it is larger than {} MiB", limit >> 20)));
    }
    Ok(bytes)
}

fn read_object(path: &Path, limit: u64) -> Result<Map<String, Value>, ModelError> {
    let bytes = read(path, limit)?;
    serde_json::from_slice(&bytes).map_err(|e| ModelError::malformed(path, format!("it is not a JSON object ({e})")))
}

fn optional_object(path: &Path) -> Result<Map<String, Value>, ModelError> {
    if path.exists() { read_object(path, MAX_CONFIG) } else { Ok(Map::new()) }
}

/// Adds the ends of turns that `generation_config.json` and the tokenizer name to those of
/// `config.json`: chat models often end a turn with another token than a text.
fn add_stop_tokens(
    config: &mut DecoderConfig,
    folder: &Path,
    special: &Map<String, Value>,
    tokenizer: &Tokenizer,
) -> Result<(), ModelError> {
    let generation = optional_object(&folder.join("generation_config.json"))?;
    let named = tokenizer.token_id(&token(special, "eos_token"));
    for id in token_ids(generation.get("eos_token_id")).into_iter().chain(named) {
        if (id as usize) < config.vocab_size && !config.eos_token_ids.contains(&id) {
            config.eos_token_ids.push(id);
        }
    }
    Ok(())
}

/// A special token of `tokenizer_config.json`: a text, or an object with `content`.
fn token(special: &Map<String, Value>, field: &str) -> String {
    let value = special.get(field);
    let text = value.and_then(Value::as_str).or_else(|| value.and_then(|v| v.get("content")).and_then(Value::as_str));
    text.unwrap_or_default().to_owned()
}

/// The chat template: its own file, or a field that is a text or a list of named texts.
fn template_source(folder: &Path, special: &Map<String, Value>) -> Result<Option<String>, ModelError> {
    let path = folder.join("chat_template.jinja");
    if path.exists() {
        let bytes = read(&path, MAX_CONFIG)?;
        return String::from_utf8(bytes).map(Some).map_err(|_| ModelError::malformed(&path, "it is not UTF-8"));
    }
    Ok(match special.get("chat_template") {
        Some(Value::String(source)) => Some(source.clone()),
        Some(Value::Array(named)) => {
            let default = named.iter().find(|t| t.get("name").and_then(Value::as_str) == Some("default"));
            default.and_then(|t| t.get("template")).and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    })
}

/// The `license:` of the front matter of README.md.
fn licence(folder: &Path) -> Option<String> {
    let mut head = vec![0; 8192];
    let length = std::fs::File::open(folder.join("README.md")).and_then(|mut f| f.read(&mut head)).ok()?;
    let text = String::from_utf8_lossy(&head[..length]).into_owned();
    let matter = text.strip_prefix("---")?.split("\n---").next()?;
    let line = matter.lines().find_map(|l| l.strip_prefix("license:"))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned()).filter(|l| !l.is_empty())
}

fn card(config: &DecoderConfig, json: &Map<String, Value>, shards: &[Shard]) -> ModelCard {
    let class = json.get("architectures").and_then(|a| a.get(0)).and_then(Value::as_str);
    let matrices = shards.iter().flat_map(|s| s.tensors.values()).filter(|t| t.shape.len() > 1);
    let sizes = matrices.map(|t| (t.dtype.as_str().to_owned(), t.shape.iter().map(|d| *d as u64).product()));
    let base = config.card(ModelFormat::HuggingFace);
    ModelCard {
        architecture: class.map_or(base.architecture.clone(), str::to_owned),
        quantization: quantization(sizes),
        size_bytes: shards.iter().map(|s| s.size_bytes).sum(),
        ..base
    }
}
