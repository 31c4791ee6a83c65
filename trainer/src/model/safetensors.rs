//! A bounded reader of safetensors files: the JSON directory, then single tensors as f32.
//!
//! Format: <https://huggingface.co/docs/safetensors>. The header's claimed length, every offset
//! and every shape are held against the file before anything is sized by them.

use super::error::ModelError;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest JSON directory read. A 400-layer model needs about 1 MB.
const MAX_HEADER: u64 = 16 << 20;

/// Element type of a stored tensor, of those that can be trained from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoredDtype {
    F32,
    F16,
    Bf16,
}

impl StoredDtype {
    /// The type's name in the file format and on the model card.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }

    fn size_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::F32, Self::F16, Self::Bf16].into_iter().find(|d| d.as_str() == name)
    }

    /// Little-endian elements as f32.
    fn decode(self, raw: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => raw.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Self::F16 => raw.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            Self::Bf16 => raw.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        }
    }
}

/// Where a tensor lies in its file.
#[derive(Clone, Debug)]
pub struct StoredTensor {
    pub shape: Vec<usize>,
    pub dtype: StoredDtype,
    /// From the start of the file.
    offset: u64,
    size_bytes: usize,
}

/// The directory of one safetensors file, checked.
#[derive(Debug)]
pub struct Shard {
    pub path: PathBuf,
    pub tensors: BTreeMap<String, StoredTensor>,
    pub size_bytes: u64,
}

/// An entry of the directory as written. `__metadata__` is an object of other fields.
#[derive(Deserialize)]
struct Entry {
    dtype: Option<String>,
    shape: Option<Vec<u64>>,
    data_offsets: Option<(u64, u64)>,
}

impl Shard {
    /// Reads and checks the directory; no tensor data.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let mut file = File::open(path).map_err(|e| ModelError::read(path, e))?;
        let size_bytes = file.metadata().map_err(|e| ModelError::read(path, e))?.len();
        let mut prefix = [0; 8];
        file.read_exact(&mut prefix).map_err(|e| ModelError::read(path, e))?;
        let header_size = u64::from_le_bytes(prefix);
        let data_start = header_size.checked_add(8).filter(|n| *n <= size_bytes && header_size <= MAX_HEADER);
        let Some(data_start) = data_start else {
            return Err(ModelError::malformed(path, format!("its header claims {header_size} bytes")));
        };
        let mut header = vec![0; header_size as usize];
        file.read_exact(&mut header).map_err(|e| ModelError::read(path, e))?;
        let listed: BTreeMap<String, Entry> = serde_json::from_slice(&header)
            .map_err(|e| ModelError::malformed(path, format!("its header is not a directory of tensors ({e})")))?;
        let entries = listed.into_iter().filter(|(name, _)| name != "__metadata__");
        let tensors = entries
            .map(|(name, entry)| checked(path, &name, entry, data_start).map(|tensor| (name, tensor)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        cover(path, &tensors, data_start, size_bytes)?;
        Ok(Self { path: path.to_owned(), tensors, size_bytes })
    }

    /// Reads one tensor as f32 on `device`.
    pub fn read(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let info = self
            .tensors
            .get(name)
            .ok_or_else(|| ModelError::MissingTensor { path: self.path.clone(), tensor: name.to_owned() })?;
        let mut file = File::open(&self.path).map_err(|e| ModelError::read(&self.path, e))?;
        let mut raw = vec![0; info.size_bytes];
        file.seek(SeekFrom::Start(info.offset))
            .and_then(|_| file.read_exact(&mut raw))
            .map_err(|e| ModelError::read(&self.path, e))?;
        Tensor::from_vec(info.dtype.decode(&raw), info.shape.as_slice(), &Device::Cpu)
            .and_then(|t| t.to_device(device))
            .map_err(|source| ModelError::Device { path: self.path.clone(), source })
    }
}

/// Checks one entry: known type, and a shape that fills its span exactly.
fn checked(path: &Path, name: &str, entry: Entry, data_start: u64) -> Result<StoredTensor, ModelError> {
    let bad = |problem: &str| ModelError::malformed(path, format!("the tensor {name:?} {problem}"));
    let (Some(dtype), Some(shape), Some((begin, end))) = (entry.dtype, entry.shape, entry.data_offsets) else {
        return Err(bad("lacks its type, shape or span"));
    };
    let dtype = StoredDtype::from_name(&dtype).ok_or_else(|| ModelError::UnsupportedDtype {
        path: path.to_owned(),
        tensor: name.chars().take(200).collect(),
        dtype: dtype.chars().take(40).collect(),
        advice: "use weights stored as F32, F16 or BF16",
    })?;
    let elements = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let size_bytes = elements.and_then(|n| n.checked_mul(dtype.size_bytes() as u64));
    if shape.len() > 8 || size_bytes.is_none() || size_bytes != end.checked_sub(begin) {
        return Err(bad("has a shape that does not fill its span of bytes"));
    }
    let offset = data_start.checked_add(begin).ok_or_else(|| bad("reaches past the end of the file"))?;
    let shape = shape.iter().map(|d| *d as usize).collect();
    Ok(StoredTensor { shape, dtype, offset, size_bytes: (end - begin) as usize })
}

/// Checks that the tensors cover the data section without overlap or hole, as the format demands.
fn cover(
    path: &Path,
    tensors: &BTreeMap<String, StoredTensor>,
    data_start: u64,
    file_size: u64,
) -> Result<(), ModelError> {
    let mut spans: Vec<_> = tensors.iter().map(|(name, t)| (t.offset, t.size_bytes as u64, name)).collect();
    spans.sort();
    let mut position = data_start;
    for (offset, size, name) in spans {
        if offset != position {
            let what = if offset < position { "overlaps the one before it" } else { "leaves a hole before it" };
            return Err(ModelError::malformed(path, format!("the tensor {name:?} {what}")));
        }
        position = offset.checked_add(size).filter(|end| *end <= file_size).ok_or_else(|| {
            ModelError::malformed(path, format!("the tensor {name:?} reaches past the end of the file"))
        })?;
    }
    if position == file_size { Ok(()) } else { Err(ModelError::malformed(path, "bytes follow the last tensor")) }
}
