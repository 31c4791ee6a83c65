//! Writes any readable model as a Hugging Face folder of f32 safetensors, so that Python tools can
//! load it and the adapters trained on it.

use crate::model::config::{DecoderConfig, RopeScaling};
use crate::model::error::ModelError;
use crate::model::weights::{self, BaseModel};
use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a model could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{} exists already: choose another folder or remove it first", .0.display())]
    Exists(PathBuf),
    #[error("cannot write the tokenizer: {0}")]
    Tokenizer(#[from] crate::data::tokenizer::TokenizeError),
    #[error("cannot read a tensor's values: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// Converts the model at `source` into the new folder `out`. The folder appears complete or not
/// at all: it is written under another name beside it, then renamed.
pub fn convert(source: &Path, out: &Path) -> Result<(), ConvertError> {
    convert_with(source, out, &mut |_, weight| Ok(weight))
}

/// What a weight of this Hugging Face name becomes on the way.
pub(crate) type Change<'a, E> = dyn FnMut(&str, Tensor) -> Result<Tensor, E> + 'a;

/// As [`convert`], with every weight changed.
pub(crate) fn convert_with<E: From<ConvertError>>(
    source: &Path,
    out: &Path,
    change: &mut Change<'_, E>,
) -> Result<(), E> {
    let partial = partial_path(out)?;
    let model = weights::open(source, &Device::Cpu).map_err(ConvertError::from)?;
    let written = std::fs::create_dir_all(&partial)
        .map_err(|e| write_error(&partial, e).into())
        .and_then(|()| write_folder(model, &partial, change))
        .and_then(|()| std::fs::rename(&partial, out).map_err(|e| write_error(out, e).into()));
    if written.is_err() {
        // The first error is what the caller needs; a leftover folder is only untidy.
        let _ = std::fs::remove_dir_all(&partial);
    }
    written
}

/// A place beside the new `out` to write it at first.
pub(crate) fn partial_path(out: &Path) -> Result<PathBuf, ConvertError> {
    if out.exists() {
        return Err(ConvertError::Exists(out.to_owned()));
    }
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".partial-{}", std::process::id()));
    Ok(out.with_file_name(name))
}

fn write_folder<E: From<ConvertError>>(
    mut model: BaseModel,
    folder: &Path,
    change: &mut Change<'_, E>,
) -> Result<(), E> {
    write_description(&model, folder)?;
    write_weights(&mut model, &folder.join("model.safetensors"), change)
}

/// Everything but the weights.
fn write_description(model: &BaseModel, folder: &Path) -> Result<(), ConvertError> {
    let config = &model.config;
    write_json(&folder.join("config.json"), &config_json(config))?;
    write_json(
        &folder.join("generation_config.json"),
        &json!({"bos_token_id": config.bos_token_ids.first(), "eos_token_id": config.eos_token_ids}),
    )?;
    write_file(&folder.join("tokenizer.json"), model.tokenizer.to_json()?.as_bytes())?;
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config_json(model))
}

/// The fields of `config.json` that `transformers` reads for these families.
fn config_json(config: &DecoderConfig) -> Value {
    let mut json = json!({
        "architectures": [config.family.class_name()],
        "model_type": config.family.as_str(),
        "hidden_act": "silu",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.context_length,
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": config.rope_theta,
        "rope_scaling": config.rope_scaling.as_ref().map(rope_scaling_json),
        "tie_word_embeddings": config.tie_embeddings,
        "sliding_window": config.sliding_window,
        "bos_token_id": config.bos_token_ids.first(),
        "eos_token_id": config.eos_token_ids,
        "torch_dtype": "float32",
    });
    if config.qkv_bias {
        json["use_sliding_window"] = json!(config.sliding_window.is_some());
        json["max_window_layers"] = json!(if config.sliding_window.is_some() { 0 } else { config.layers });
    } else {
        json["attention_bias"] = json!(false);
        json["mlp_bias"] = json!(false);
    }
    json
}

fn rope_scaling_json(scaling: &RopeScaling) -> Value {
    match scaling {
        RopeScaling::Linear { factor } => json!({"rope_type": "linear", "factor": factor}),
        RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context_length } => json!({
            "rope_type": "llama3", "factor": factor, "low_freq_factor": low_freq_factor, "high_freq_factor": high_freq_factor,
            "original_max_position_embeddings": original_context_length,
        }),
    }
}

fn tokenizer_config_json(model: &BaseModel) -> Value {
    let token = |ids: &[u32]| ids.first().and_then(|id| model.tokenizer.token(*id));
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": token(&model.config.bos_token_ids),
        "eos_token": token(&model.config.eos_token_ids),
        "model_max_length": model.config.context_length,
        "clean_up_tokenization_spaces": false,
        "chat_template": model.card.chat_template,
    })
}

/// Writes the tensors one after the other, so that memory holds one at a time.
fn write_weights<E: From<ConvertError>>(
    model: &mut BaseModel,
    path: &Path,
    change: &mut Change<'_, E>,
) -> Result<(), E> {
    let shapes = model.config.tensor_shapes();
    let mut header = serde_json::Map::from_iter([("__metadata__".to_owned(), json!({"format": "pt"}))]);
    let mut end = 0u64;
    for (name, shape) in &shapes {
        let begin = end;
        end += 4 * shape.iter().map(|d| *d as u64).product::<u64>();
        header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}));
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let file = File::create_new(path).map_err(|e| write_error(path, e))?;
    let mut writer = BufWriter::new(file);
    let mut put = |bytes: &[u8]| writer.write_all(bytes).map_err(|e| write_error(path, e));
    put(&(header.len() as u64).to_le_bytes())?;
    put(&header)?;
    for (name, _) in &shapes {
        let weight = change(name, model.weights.take(name).map_err(ConvertError::from)?)?;
        put(&little_endian(&weight).map_err(ConvertError::from)?)?;
    }
    let file = writer.into_inner().map_err(|e| write_error(path, e.into_error()))?;
    Ok(file.sync_all().map_err(|e| write_error(path, e))?)
}

fn little_endian(tensor: &Tensor) -> Result<Vec<u8>, candle_core::Error> {
    Ok(tensor.flatten_all()?.to_vec1::<f32>()?.into_iter().flat_map(f32::to_le_bytes).collect())
}

fn write_json(path: &Path, value: &Value) -> Result<(), ConvertError> {
    write_file(path, format!("{value:#}\n").as_bytes())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ConvertError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| write_error(path, e))
}

pub(crate) fn write_error(path: &Path, source: std::io::Error) -> ConvertError {
    ConvertError::Model(ModelError::Write { path: path.to_owned(), source })
}
