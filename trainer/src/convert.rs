//! Writes any readable model as a Hugging Face folder of f32 safetensors, so that Python tools can
//! load it and the adapters trained on it; a GGUF model also as a smaller GGUF file.

use crate::model::error::ModelError;
use crate::model::gguf_write::{self, GgufType};
use crate::model::weights::{self, BaseModel};
use candle_core::{Device, Tensor};
use domain::model::ModelFormat;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

mod config_json;

/// The file of all weights.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// Why a model could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(
        "cannot write a GGUF file from {}: its tokenizer would have to be rewritten; leave out --gguf and convert the folder with llama.cpp",
        .0.display()
    )]
    NotGguf(PathBuf),
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

/// Writes the model of the GGUF file `source` as the new GGUF file `out` with matrices of this type. The file
/// appears complete or not at all.
pub fn convert_to_gguf(source: &Path, out: &Path, dtype: GgufType) -> Result<(), ConvertError> {
    to_gguf_with(source, out, dtype, &mut |_, weight| Ok(weight))
}

/// As [`convert_to_gguf`], with every weight changed.
pub(crate) fn to_gguf_with<E: From<ConvertError> + From<ModelError>>(
    source: &Path,
    out: &Path,
    dtype: GgufType,
    change: &mut Change<'_, E>,
) -> Result<(), E> {
    if weights::open(source, &Device::Cpu).map_err(ConvertError::from)?.card.format != ModelFormat::Gguf {
        return Err(ConvertError::NotGguf(source.to_owned()).into());
    }
    let partial = partial_path(out)?;
    let written = gguf_write::write(source, &partial, dtype, change)
        .and_then(|()| std::fs::rename(&partial, out).map_err(|e| write_error(out, e).into()));
    if written.is_err() {
        // The first error is what the caller needs; a leftover file is only untidy.
        let _ = std::fs::remove_file(&partial);
    }
    written
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

/// Writes `model` into a folder, with every weight changed. What a former try left is replaced.
pub(crate) fn write_folder<E: From<ConvertError>>(
    mut model: BaseModel,
    folder: &Path,
    change: &mut Change<'_, E>,
) -> Result<(), E> {
    write_description(&model, folder)?;
    write_weights(&mut model, &folder.join(WEIGHTS), change)
}

/// Everything but the weights.
fn write_description(model: &BaseModel, folder: &Path) -> Result<(), ConvertError> {
    let config = &model.config;
    write_json(&folder.join("config.json"), &config_json::write(config))?;
    write_json(
        &folder.join("generation_config.json"),
        &json!({"bos_token_id": config.bos_token_ids.first(), "eos_token_id": config.eos_token_ids}),
    )?;
    if let Some(licence) = model.card.licence.as_deref().and_then(|text| text.lines().next()) {
        // Where Hugging Face, and this program, look for it.
        write_file(&folder.join("README.md"), format!("---\nlicense: {licence}\n---\n").as_bytes())?;
    }
    write_file(&folder.join("tokenizer.json"), model.tokenizer.to_json()?.as_bytes())?;
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config_json(model))
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
    let file = File::create(path).map_err(|e| write_error(path, e))?;
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
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| write_error(path, e))
}

pub(crate) fn write_error(path: &Path, source: std::io::Error) -> ConvertError {
    ConvertError::Model(ModelError::Write { path: path.to_owned(), source })
}
