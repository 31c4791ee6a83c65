//! The files of an adapter: `adapter_config.json` and `adapter_model.safetensors`, as Hugging Face
//! PEFT names and fills them, so that an adapter written here loads there and the other way round.

pub(super) mod lora;
pub(super) mod prompt_learning;

use super::AdapterError;
use candle_core::{DType, Device, Tensor, Var};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::Path;

pub(super) const CONFIG: &str = "adapter_config.json";
pub(super) const TENSORS: &str = "adapter_model.safetensors";

// Values of `peft_type`.
pub(super) const LORA: &str = "LORA";
pub(super) const PROMPT_TUNING: &str = "PROMPT_TUNING";
pub(super) const P_TUNING: &str = "P_TUNING";
pub(super) const PREFIX_TUNING: &str = "PREFIX_TUNING";
/// Ours: PEFT has no bottleneck adapters.
pub(super) const BOTTLENECK: &str = "BOTTLENECK";

/// The `peft_type` of the adapter in `folder`.
pub(super) fn kind(folder: &Path) -> Result<String, AdapterError> {
    #[derive(serde::Deserialize)]
    struct Kind {
        peft_type: String,
    }
    Ok(read_config::<Kind>(folder)?.peft_type)
}

/// Refuses an adapter whose `peft_type` is none of these.
pub(super) fn expect_kind(folder: &Path, kinds: &[&str]) -> Result<(), AdapterError> {
    let found = kind(folder)?;
    if kinds.contains(&found.as_str()) {
        return Ok(());
    }
    let problem = format!("it is of type {found}, not {}", kinds.join(" or "));
    Err(AdapterError::OtherSettings { path: folder.to_owned(), problem })
}

pub(super) fn write_config(folder: &Path, config: &impl Serialize) -> Result<(), AdapterError> {
    let path = folder.join(CONFIG);
    let text = serde_json::to_string_pretty(config).map_err(std::io::Error::other);
    text.and_then(|t| std::fs::write(&path, t)).map_err(|source| AdapterError::Write { path, source })
}

pub(super) fn read_config<T: DeserializeOwned>(folder: &Path) -> Result<T, AdapterError> {
    let path = folder.join(CONFIG);
    let text = std::fs::read_to_string(&path).map_err(|source| AdapterError::Read { path: path.clone(), source })?;
    serde_json::from_str(&text).map_err(|e| AdapterError::Malformed { path, problem: e.to_string() })
}

/// An error about the contents of `adapter_config.json`.
pub(super) fn bad_config(folder: &Path, problem: impl Into<String>) -> AdapterError {
    AdapterError::Malformed { path: folder.join(CONFIG), problem: problem.into() }
}

pub(super) fn write_tensors(
    path: &Path,
    tensors: impl IntoIterator<Item = (String, Tensor)>,
) -> Result<(), AdapterError> {
    // transformers asks for this metadata entry when it reads the file.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let tensors: Vec<_> = tensors.into_iter().collect();
    safetensors::serialize_to_file(tensors, Some(metadata), path).map_err(|e| match e {
        safetensors::SafeTensorError::IoError(source) => AdapterError::Write { path: path.to_owned(), source },
        other => AdapterError::Malformed { path: path.to_owned(), problem: other.to_string() },
    })
}

pub(super) fn write_variables(path: &Path, variables: Vec<(String, Var)>) -> Result<(), AdapterError> {
    write_tensors(path, variables.into_iter().map(|(name, v)| (name, v.as_detached_tensor())))
}

pub(super) fn read_tensors(path: &Path, device: &Device) -> Result<HashMap<String, Tensor>, AdapterError> {
    let bytes = std::fs::read(path).map_err(|source| AdapterError::Read { path: path.to_owned(), source })?;
    candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| AdapterError::Malformed { path: path.to_owned(), problem: e.to_string() })
}

/// Sets every variable to the tensor of its name in the file, all of which must find a place.
pub(super) fn read_variables(path: &Path, variables: &[(String, Var)]) -> Result<(), AdapterError> {
    let misfit = |problem: String| AdapterError::Misfit { path: path.to_owned(), problem };
    let device = variables.first().map_or(&Device::Cpu, |(_, v)| v.device());
    let mut tensors = read_tensors(path, device)?;
    for (name, variable) in variables {
        let tensor = tensors.remove(name).ok_or_else(|| misfit(format!("it has no {name}")))?;
        if tensor.dims() != variable.dims() {
            let problem = format!("{name} has the shape {:?} instead of {:?}", tensor.dims(), variable.dims());
            return Err(misfit(problem));
        }
        variable.set(&tensor.to_dtype(DType::F32)?)?;
    }
    match tensors.keys().min() {
        Some(key) => Err(misfit(format!("the model has no place for {key}"))),
        None => Ok(()),
    }
}
