//! A base model opened from disk: configuration, card, tokenizer, chat template, and weights that
//! are read tensor by tensor when asked for.
//!
//! Opening reads headers and the tokenizer only, so it is also what `inspect` shows. Whatever the
//! files are, tensors come out as f32 under their Hugging Face names, unless quantized matrices are to
//! stay as they are.

use super::config::DecoderConfig;
use super::error::ModelError;
use super::gguf::{Gguf, GgufTensor};
use super::gguf_names::TensorNames;
use super::safetensors::Shard;
use super::{gguf_model, hugging_face};
use crate::data::template::ChatTemplate;
use crate::data::tokenizer::Tokenizer;
use crate::ops::Weight;
use crate::ops::integer::Integer;
use crate::ops::quantized::Quantized;
use candle_core::{DType, Device, Tensor};
use domain::model::ModelCard;
use domain::sample::{Message, Speaker};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Everything a run needs of a base model.
#[derive(Debug)]
pub struct BaseModel {
    pub config: DecoderConfig,
    pub card: ModelCard,
    pub tokenizer: Tokenizer,
    pub template: ChatTemplate,
    pub weights: Weights,
}

/// Opens a Hugging Face folder or a GGUF file; weights will be placed on `device`.
pub fn open(path: &Path, device: &Device) -> Result<BaseModel, ModelError> {
    let kind = std::fs::metadata(path).map_err(|e| ModelError::read(path, e))?;
    if kind.is_dir() {
        return hugging_face::open(path, device).map(with_end_of_turn);
    }
    let is_gguf = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gguf")) || begins_as_gguf(path);
    if kind.is_file() && is_gguf {
        return gguf_model::open(path, device).map(with_end_of_turn);
    }
    Err(ModelError::NotAModel { path: path.to_owned() })
}

/// Counts the special token with which the template ends an answer among the ends of texts: some
/// configurations name only the end of a whole document.
fn with_end_of_turn(mut model: BaseModel) -> BaseModel {
    let messages = [Message::new(Speaker::User, "a"), Message::new(Speaker::Assistant, "b")];
    let whole = model.template.render(&messages, false).unwrap_or_default();
    let after = whole.rsplit_once('b').map_or("", |(_, after)| after);
    let first = model.tokenizer.encode(after.trim_start()).ok().and_then(|ids| ids.first().copied());
    let ends = &mut model.config.eos_token_ids;
    ends.extend(first.filter(|id| model.tokenizer.is_special(*id) && !ends.contains(id)));
    model
}

fn begins_as_gguf(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut magic));
    read.is_ok() && &magic == b"GGUF"
}

/// The tensors of a model, read one at a time so that only what is kept takes memory.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    device: Device,
    source: Source,
    form: Form,
    /// What dense matrices become.
    dtype: DType,
}

/// What becomes of quantized matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Their values in f32.
    Dequantized,
    /// The blocks of the file, whose products are those of the dequantized values.
    Quantized,
    /// Laid out for products in whole numbers.
    Integer,
}

#[derive(Debug)]
enum Source {
    Safetensors(Vec<Shard>),
    Gguf { file: Gguf, names: TensorNames },
}

impl Weights {
    fn new(path: PathBuf, device: &Device, source: Source) -> Self {
        Self { path, device: device.clone(), source, form: Form::Dequantized, dtype: DType::F32 }
    }

    /// From now on [`Weights::take_matrix`] leaves quantized matrices as they are.
    pub fn keep_quantized(&mut self) -> Result<(), ModelError> {
        let is_quantized = |t: &GgufTensor| t.shape.len() == 2 && Quantized::supports(t.dtype);
        match &self.source {
            Source::Gguf { file, .. } if file.tensors.values().any(is_quantized) => self.form = Form::Quantized,
            _ => return Err(ModelError::NotQuantized { path: self.path.clone() }),
        }
        Ok(())
    }

    /// From now on [`Weights::take_matrix`] lays quantized matrices out for products in whole numbers: several times
    /// as fast for an answer, with rounded inputs (see [`Integer`]), so for inference alone. Others stay as they are.
    pub fn use_integers(&mut self) {
        self.form = Form::Integer;
    }

    /// From now on [`Weights::take_matrix`] rounds dense matrices to this type, one after the other as they are read.
    pub fn round_to(&mut self, dtype: DType) {
        self.dtype = dtype;
    }

    /// The type of dense matrices.
    pub(super) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Reads the matrix with this Hugging Face name: dense, or quantized if it is to stay so.
    pub fn take_matrix(&mut self, name: &str) -> Result<Weight, ModelError> {
        let quantized = match &self.source {
            Source::Gguf { file, names } if self.form != Form::Dequantized => {
                names.read_quantized(file, name, &self.device)?
            }
            _ => None,
        };
        let Some(matrix) = quantized else {
            let matrix = self.take(name)?.to_dtype(self.dtype).map_err(|source| self.device_error(source))?;
            return Ok(Weight::Dense(matrix));
        };
        let integer = if self.form == Form::Integer { Integer::new(&matrix) } else { None };
        Ok(integer.map_or(Weight::Quantized(matrix), Weight::Integer))
    }

    /// The tensors of checked safetensors files, held against `config`.
    pub(super) fn from_shards(
        path: &Path,
        shards: Vec<Shard>,
        config: &DecoderConfig,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let weights = Self::new(path.to_owned(), device, Source::Safetensors(shards));
        weights.check_shapes(config)?;
        Ok(weights)
    }

    /// The tensors of a checked GGUF file, held against `config`.
    pub(super) fn from_gguf(file: Gguf, config: &DecoderConfig, device: &Device) -> Result<Self, ModelError> {
        let names = TensorNames::new(config);
        let weights = Self::new(file.path.clone(), device, Source::Gguf { file, names });
        weights.check_shapes(config)?;
        Ok(weights)
    }

    /// Reads the tensor with this Hugging Face name as f32.
    pub fn take(&mut self, name: &str) -> Result<Tensor, ModelError> {
        let missing = || ModelError::MissingTensor { path: self.path.clone(), tensor: name.to_owned() };
        match &mut self.source {
            Source::Safetensors(shards) => {
                let (shard, name) = find(shards, name).ok_or_else(missing)?;
                shard.read(name, &self.device)
            }
            Source::Gguf { file, names } => {
                let tensor = names.read(file, name)?;
                tensor.to_device(&self.device).map_err(|source| self.device_error(source))
            }
        }
    }

    /// Where they will be.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The file or folder that they are from.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a tensor of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        match &self.source {
            Source::Safetensors(shards) => {
                find(shards, name).and_then(|(shard, name)| shard.tensors.get(name)).map(|t| t.shape.as_slice())
            }
            Source::Gguf { file, names } => file.tensors.get(&names.stored(name)?).map(|t| t.shape.as_slice()),
        }
    }

    /// The error of an operation on tensors just taken.
    pub(super) fn device_error(&self, source: candle_core::Error) -> ModelError {
        ModelError::Device { path: self.path.clone(), source }
    }

    fn check_shapes(&self, config: &DecoderConfig) -> Result<(), ModelError> {
        for (tensor, expected) in config.tensor_shapes() {
            match self.shape(&tensor) {
                None => return Err(ModelError::MissingTensor { path: self.path.clone(), tensor }),
                Some(found) if found != expected => {
                    let found = found.to_vec();
                    return Err(ModelError::WrongShape { path: self.path.clone(), tensor, expected, found });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Where a tensor is. The published GPT-2 files leave out the name of the decoder within the language model.
fn find<'s, 'n>(shards: &'s [Shard], name: &'n str) -> Option<(&'s Shard, &'n str)> {
    let names = [Some(name), name.strip_prefix("transformer.")];
    names
        .into_iter()
        .flatten()
        .find_map(|name| shards.iter().find(|shard| shard.tensors.contains_key(name)).map(|shard| (shard, name)))
}

/// The weight types of a model for its card: the commonest one, others in brackets. Takes a type
/// and an element count for each matrix.
pub(super) fn quantization(matrices: impl IntoIterator<Item = (String, u64)>) -> String {
    let mut totals: HashMap<String, u64> = HashMap::new();
    for (dtype, elements) in matrices {
        *totals.entry(dtype).or_default() += elements;
    }
    let mut by_share: Vec<_> = totals.into_iter().collect();
    by_share.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut names = by_share.into_iter().map(|(name, _)| name);
    let first = names.next().unwrap_or_default();
    let others: Vec<_> = names.collect();
    if others.is_empty() { first } else { format!("{first} (some {})", others.join(", ")) }
}
