//! Writes a GGUF model again with other weights: metadata and tokenizer are copied from the file
//! that it came from, tensors keep their names and their order of rows.

use super::error::ModelError;
use super::gguf::Gguf;
use super::gguf_names::TensorNames;
use super::weights;
use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

/// How the matrices of a GGUF file are stored; vectors are always f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum GgufType {
    F32,
    F16,
    /// 8 bits per weight and a scale per 32 weights.
    #[value(name = "q8_0")]
    Q8_0,
    /// 4 bits per weight and a scale per 32 weights; 8 bits in the output layer, as llama.cpp has it: errors
    /// there reach the answer undamped.
    #[value(name = "q4_0")]
    Q4_0,
}

impl GgufType {
    /// The type to use for a tensor of this shape.
    fn of(self, shape: &[usize], is_output: bool) -> GgmlDType {
        let is_vector = shape.len() < 2;
        let has_blocks = shape.last().is_some_and(|row| row.is_multiple_of(32));
        match self {
            _ if is_vector => GgmlDType::F32,
            Self::F32 => GgmlDType::F32,
            Self::Q4_0 if has_blocks && !is_output => GgmlDType::Q4_0,
            Self::Q8_0 | Self::Q4_0 if has_blocks => GgmlDType::Q8_0,
            Self::F16 | Self::Q8_0 | Self::Q4_0 => GgmlDType::F16,
        }
    }

    /// Its number in `general.file_type`.
    fn number(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
        }
    }
}

/// Writes the model of the GGUF file `source` to the new file `out`, every weight being what `change` makes
/// of it under its Hugging Face name.
pub fn write<E: From<ModelError>>(
    source: &Path,
    out: &Path,
    dtype: GgufType,
    mut change: impl FnMut(&str, Tensor) -> Result<Tensor, E>,
) -> Result<(), E> {
    let device = |e| ModelError::Device { path: source.to_owned(), source: e };
    let config = weights::open(source, &Device::Cpu)?.config;
    let (file, names) = (Gguf::open(source)?, TensorNames::new(&config));
    let output = if config.tie_embeddings { config.family.embedding() } else { "lm_head.weight" };
    let mut tensors = BTreeMap::new();
    for (name, _) in config.tensor_shapes() {
        let Some(stored) = names.stored(&name) else { continue };
        let tensor = names.as_stored(&name, &change(&name, names.read(&file, &name)?)?).map_err(device)?;
        let quantized = QTensor::quantize(&tensor, dtype.of(tensor.dims(), name == output)).map_err(device)?;
        tensors.insert(stored, quantized);
    }
    // What a file holds besides weights, such as the divisors of rotary frequencies.
    for stored in file.tensors.keys() {
        if !tensors.contains_key(stored) {
            let tensor = file.read(stored, &Device::Cpu)?;
            tensors.insert(stored.clone(), QTensor::quantize(&tensor, GgmlDType::F32).map_err(device)?);
        }
    }
    Ok(write_file(out, &metadata(source, dtype)?, &tensors)?)
}

fn metadata(source: &Path, dtype: GgufType) -> Result<BTreeMap<String, Value>, ModelError> {
    let mut reader = BufReader::new(File::open(source).map_err(|e| ModelError::read(source, e))?);
    let content = Content::read(&mut reader);
    let content = content.map_err(|e| ModelError::Device { path: source.to_owned(), source: e })?;
    let mut metadata: BTreeMap<String, Value> = content.metadata.into_iter().collect();
    // The writer aligns to the default.
    metadata.remove("general.alignment");
    metadata.insert("general.file_type".to_owned(), Value::U32(dtype.number()));
    Ok(metadata)
}

fn write_file(
    out: &Path,
    metadata: &BTreeMap<String, Value>,
    tensors: &BTreeMap<String, QTensor>,
) -> Result<(), ModelError> {
    let failed = |source: std::io::Error| ModelError::Write { path: out.to_owned(), source };
    // llama.cpp reads the architecture first to know which other keys to expect.
    let mut entries: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
    entries.sort_by_key(|(key, _)| *key != "general.architecture");
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut writer = BufWriter::new(File::create_new(out).map_err(failed)?);
    gguf_file::write(&mut writer, &entries, &tensors).map_err(|e| failed(std::io::Error::other(e)))?;
    writer.flush().map_err(failed)?;
    writer.get_ref().sync_all().map_err(failed)
}
