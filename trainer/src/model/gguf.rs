//! A bounded reader of the GGUF container: metadata, tensor directory, tensor bytes.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. The file is hostile: each
//! count and length is held against the bytes left and against fixed limits before memory is
//! reserved for it. What the metadata means for a model is not decided here but in `gguf_model`.

use super::error::ModelError;
use crate::ops::quantized::Quantized;
use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const MAX_ENTRIES: u64 = 4096;
const MAX_TENSORS: u64 = 100_000;
const MAX_ARRAY: u64 = 4_000_000;
const MAX_STRING: u64 = 4 << 20;
const MAX_NAME: u64 = 256;

/// One metadata value. Numbers are widened: the width on disk carries no meaning for readers.
#[derive(Clone, Debug, PartialEq)]
pub enum GgufValue {
    Integer(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Integers(Vec<i32>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    /// An array of a kind nothing here reads (bools, 64-bit numbers); skipped.
    Skipped,
}

/// Where a tensor lies and how it is encoded.
#[derive(Clone, Debug)]
pub struct GgufTensor {
    /// Outermost dimension first, as in safetensors.
    pub shape: Vec<usize>,
    pub dtype: GgmlDType,
    /// From the start of the file.
    offset: u64,
    size_bytes: usize,
}

/// The header of a GGUF file, checked: every tensor lies inside the file and overlaps no other.
#[derive(Debug)]
pub struct Gguf {
    pub path: PathBuf,
    pub metadata: BTreeMap<String, GgufValue>,
    pub tensors: BTreeMap<String, GgufTensor>,
    pub size_bytes: u64,
}

impl Gguf {
    /// Reads the header; no tensor data.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(|e| ModelError::read(path, e))?;
        let size_bytes = file.metadata().map_err(|e| ModelError::read(path, e))?.len();
        let mut cursor = Cursor { path, reader: BufReader::new(file), left: size_bytes };
        let (tensor_count, entry_count) = cursor.preamble()?;
        let mut metadata = BTreeMap::new();
        for _ in 0..entry_count {
            let key = cursor.text(MAX_NAME, "a metadata key")?;
            let value = cursor.value()?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(cursor.bad(format!("the metadata key {key:?} stands twice")));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(GgufValue::Integer(n)) if (1..=1 << 20).contains(n) && n.count_ones() == 1 => *n as u64,
            Some(_) => return Err(cursor.bad("general.alignment is not a power of two")),
        };
        let mut tensors = BTreeMap::new();
        for _ in 0..tensor_count {
            let (name, tensor) = cursor.tensor_info()?;
            if tensors.insert(name.clone(), tensor).is_some() {
                return Err(cursor.bad(format!("the tensor {name:?} stands twice")));
            }
        }
        let data_start = (size_bytes - cursor.left).next_multiple_of(alignment);
        place(path, &mut tensors, data_start, size_bytes, alignment)?;
        Ok(Self { path: path.to_owned(), metadata, tensors, size_bytes })
    }

    /// Reads one tensor and dequantizes it to f32 on `device`.
    pub fn read(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let (info, raw) = self.read_raw(name)?;
        qtensor_from_ggml(info.dtype, &raw, info.shape.clone(), &Device::Cpu)
            .and_then(|q| q.dequantize(&Device::Cpu))
            .and_then(|t| t.to_device(device))
            .map_err(|source| ModelError::Device { path: self.path.clone(), source })
    }

    /// Reads one matrix without dequantizing it, for products on `device`; `None` when its format has to be dequantized.
    pub fn read_quantized(&self, name: &str, device: &Device) -> Result<Option<Quantized>, ModelError> {
        let shape = self.tensors.get(name).filter(|t| Quantized::supports(t.dtype)).map(|t| t.shape.as_slice());
        let Some([rows, columns]) = shape else { return Ok(None) };
        let (info, raw) = self.read_raw(name)?;
        let matrix = Quantized::new(info.dtype, raw, (*rows, *columns), device);
        matrix.map(Some).map_err(|source| ModelError::Device { path: self.path.clone(), source })
    }

    /// What the directory says of a tensor, and its bytes.
    fn read_raw(&self, name: &str) -> Result<(&GgufTensor, Vec<u8>), ModelError> {
        let info = self
            .tensors
            .get(name)
            .ok_or_else(|| ModelError::MissingTensor { path: self.path.clone(), tensor: name.to_owned() })?;
        let mut file = File::open(&self.path).map_err(|e| ModelError::read(&self.path, e))?;
        let mut raw = vec![0; info.size_bytes];
        file.seek(SeekFrom::Start(info.offset))
            .and_then(|_| file.read_exact(&mut raw))
            .map_err(|e| ModelError::read(&self.path, e))?;
        Ok((info, raw))
    }

    /// A text of the metadata.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key)? {
            GgufValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number of the metadata.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.metadata.get(key)? {
            GgufValue::Integer(n) => Some(*n),
            _ => None,
        }
    }

    /// A number of the metadata, whole or not.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.metadata.get(key)? {
            GgufValue::Float(x) => Some(*x),
            GgufValue::Integer(n) => Some(*n as f64),
            _ => None,
        }
    }

    /// A list of texts of the metadata.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.metadata.get(key)? {
            GgufValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// A list of whole numbers of the metadata.
    #[must_use]
    pub fn integers(&self, key: &str) -> Option<&[i32]> {
        match self.metadata.get(key)? {
            GgufValue::Integers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// A list of floating-point numbers of the metadata.
    #[must_use]
    pub fn floats(&self, key: &str) -> Option<&[f32]> {
        match self.metadata.get(key)? {
            GgufValue::Floats(numbers) => Some(numbers),
            _ => None,
        }
    }
}

/// Turns offsets relative to the data section into absolute ones and checks that tensors lie
/// inside the file, aligned, and apart from each other.
fn place(
    path: &Path,
    tensors: &mut BTreeMap<String, GgufTensor>,
    data_start: u64,
    file_size: u64,
    alignment: u64,
) -> Result<(), ModelError> {
    let mut spans = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors.iter_mut() {
        if tensor.offset % alignment != 0 {
            return Err(ModelError::malformed(
                path,
                format!("the tensor {name:?} is not aligned to {alignment} bytes"),
            ));
        }
        let start = data_start.checked_add(tensor.offset);
        let end = start.and_then(|s| s.checked_add(tensor.size_bytes as u64)).filter(|e| *e <= file_size);
        let (Some(start), Some(end)) = (start, end) else {
            return Err(ModelError::malformed(path, format!("the tensor {name:?} reaches past the end of the file")));
        };
        tensor.offset = start;
        spans.push((start, end, name));
    }
    spans.sort();
    match spans.windows(2).find(|w| w[1].0 < w[0].1) {
        Some(w) => Err(ModelError::malformed(path, format!("the tensors {:?} and {:?} overlap", w[0].2, w[1].2))),
        None => Ok(()),
    }
}

/// The ggml type of a type number, for the types that can be dequantized.
fn dtype(number: u32) -> Option<GgmlDType> {
    Some(match number {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        30 => GgmlDType::BF16,
        _ => return None,
    })
}

/// The usual name of a ggml type, for example `Q4_K`.
#[must_use]
pub(super) fn dtype_name(dtype: GgmlDType) -> String {
    let name = format!("{dtype:?}");
    match name.strip_suffix('K') {
        Some(bits) => format!("{bits}_K"),
        None => name,
    }
}

/// Sequential reading that never asks for more bytes than the file has left.
struct Cursor<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    left: u64,
}

impl Cursor<'_> {
    fn bad(&self, problem: impl Into<String>) -> ModelError {
        ModelError::malformed(self.path, problem)
    }

    /// Magic, version and the two counts.
    fn preamble(&mut self) -> Result<(u64, u64), ModelError> {
        if &self.bytes::<4>()? != b"GGUF" {
            return Err(self.bad("it does not begin with the letters GGUF"));
        }
        let version = self.u32()?;
        if !(2..=3).contains(&version) {
            return Err(self.bad(format!("GGUF version {version} is not 2 or 3")));
        }
        let tensors = self.u64()?;
        let entries = self.u64()?;
        // A tensor takes at least 24 bytes of directory, an entry at least 13.
        if tensors > MAX_TENSORS || entries > MAX_ENTRIES || tensors * 24 + entries * 13 > self.left {
            return Err(self.bad(format!("it claims {tensors} tensors and {entries} metadata entries")));
        }
        Ok((tensors, entries))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let mut buffer = [0; N];
        self.left = self.left.checked_sub(N as u64).ok_or_else(|| self.bad("it ends too early"))?;
        self.reader.read_exact(&mut buffer).map_err(|e| ModelError::read(self.path, e))?;
        Ok(buffer)
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ModelError> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn text(&mut self, limit: u64, what: &str) -> Result<String, ModelError> {
        let length = self.u64()?;
        if length > limit.min(self.left) {
            return Err(self.bad(format!("{what} claims {length} bytes")));
        }
        let mut buffer = vec![0; length as usize];
        self.left -= length;
        self.reader.read_exact(&mut buffer).map_err(|e| ModelError::read(self.path, e))?;
        String::from_utf8(buffer).or_else(|e| {
            // Some converters cut byte tokens in the middle of a character.
            Ok(String::from_utf8_lossy(e.as_bytes()).into_owned())
        })
    }

    fn value(&mut self) -> Result<GgufValue, ModelError> {
        let kind = self.u32()?;
        match kind {
            8 => Ok(GgufValue::Text(self.text(MAX_STRING, "a metadata text")?)),
            9 => self.array(),
            _ => self.scalar(kind),
        }
    }

    fn scalar(&mut self, kind: u32) -> Result<GgufValue, ModelError> {
        Ok(match kind {
            0 => GgufValue::Integer(i64::from(u8::from_le_bytes(self.bytes()?))),
            1 => GgufValue::Integer(i64::from(i8::from_le_bytes(self.bytes()?))),
            2 => GgufValue::Integer(i64::from(u16::from_le_bytes(self.bytes()?))),
            3 => GgufValue::Integer(i64::from(i16::from_le_bytes(self.bytes()?))),
            4 => GgufValue::Integer(i64::from(self.u32()?)),
            5 => GgufValue::Integer(i64::from(i32::from_le_bytes(self.bytes()?))),
            6 => GgufValue::Float(f64::from(f32::from_le_bytes(self.bytes()?))),
            7 => GgufValue::Bool(self.bytes::<1>()? != [0]),
            10 => GgufValue::Integer(i64::try_from(self.u64()?).unwrap_or(i64::MAX)),
            11 => GgufValue::Integer(i64::from_le_bytes(self.bytes()?)),
            12 => GgufValue::Float(f64::from_le_bytes(self.bytes()?)),
            _ => return Err(self.bad(format!("a metadata value has the unknown type {kind}"))),
        })
    }

    fn array(&mut self) -> Result<GgufValue, ModelError> {
        let kind = self.u32()?;
        let count = self.u64()?;
        let width: u64 = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10 | 11 | 12 => 8,
            _ => return Err(self.bad(format!("an array has elements of the type {kind}"))),
        };
        if count > MAX_ARRAY || count * width > self.left {
            return Err(self.bad(format!("an array claims {count} elements")));
        }
        match kind {
            4 | 5 => (0..count)
                .map(|_| self.bytes().map(i32::from_le_bytes))
                .collect::<Result<_, _>>()
                .map(GgufValue::Integers),
            6 => (0..count)
                .map(|_| self.bytes().map(f32::from_le_bytes))
                .collect::<Result<_, _>>()
                .map(GgufValue::Floats),
            8 => (0..count)
                .map(|_| self.text(MAX_STRING, "a text of an array"))
                .collect::<Result<_, _>>()
                .map(GgufValue::Texts),
            _ => {
                self.left -= count * width;
                self.reader.seek_relative((count * width) as i64).map_err(|e| ModelError::read(self.path, e))?;
                Ok(GgufValue::Skipped)
            }
        }
    }

    fn tensor_info(&mut self) -> Result<(String, GgufTensor), ModelError> {
        let name = self.text(MAX_NAME, "a tensor's name")?;
        let rank = self.u32()?;
        if !(1..=4).contains(&rank) {
            return Err(self.bad(format!("the tensor {name:?} has {rank} dimensions")));
        }
        let mut shape = Vec::with_capacity(4);
        let mut elements = 1u64;
        for _ in 0..rank {
            let size = self.u64()?;
            elements = elements
                .checked_mul(size)
                .filter(|n| *n > 0 && *n < 1 << 40)
                .ok_or_else(|| self.bad(format!("the tensor {name:?} has an impossible number of elements")))?;
            shape.push(size as usize);
        }
        shape.reverse();
        let number = self.u32()?;
        let dtype = dtype(number).ok_or_else(|| ModelError::UnsupportedDtype {
            path: self.path.to_owned(),
            tensor: name.clone(),
            dtype: format!("number {number}"),
            advice: "use a GGUF file quantized as Q4_0 to Q8_0, Q2_K to Q6_K, F16 or F32",
        })?;
        let row = shape.last().copied().unwrap_or(0);
        if row % dtype.block_size() != 0 {
            return Err(
                self.bad(format!("rows of the tensor {name:?} do not divide into blocks of {}", dtype.block_size()))
            );
        }
        let size_bytes = elements as usize / dtype.block_size() * dtype.type_size();
        Ok((name, GgufTensor { shape, dtype, offset: self.u64()?, size_bytes }))
    }
}
