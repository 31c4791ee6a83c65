//! Full fine-tuning: the weights of the base model themselves are trained.
//!
//! What it saves is no adapter but a whole model: a Hugging Face folder that `transformers` and every
//! command here open. The base is not kept in memory meanwhile; where it is wanted again, it is
//! read again.

use super::{Adapter, AdapterError};
use crate::convert::{self, WEIGHTS};
use crate::model::config::DecoderConfig;
use crate::model::decoder::Decoder;
use crate::model::safetensors::Shard;
use crate::model::weights;
use candle_core::{Device, Tensor, Var};
use domain::estimate::tokenizer_bytes;
use domain::recipe::Full;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The trained weights of a model.
#[derive(Debug)]
pub struct FullAdapter {
    /// By Hugging Face name, as the decoder computes with them.
    trained: BTreeMap<String, Var>,
    config: DecoderConfig,
    device: Device,
    /// The base model, as file or folder.
    base: PathBuf,
}

impl FullAdapter {
    /// Variables with the values of those weights of `decoder` that `settings` choose.
    pub fn new(decoder: &Decoder, settings: &Full) -> Result<Self, AdapterError> {
        let chosen = decoder.weights().into_iter().filter(|(name, _)| is_trained(decoder, settings, name));
        let trained = chosen.map(|(name, weight)| Ok((name, Var::from_tensor(&weight.detach())?)));
        Ok(Self {
            trained: trained.collect::<Result<_, AdapterError>>()?,
            config: decoder.config.clone(),
            device: decoder.device().clone(),
            base: decoder.source.clone(),
        })
    }

    /// Reads what [`Adapter::save`] wrote, for a model of this shape.
    pub fn load(folder: &Path, decoder: &Decoder) -> Result<Self, AdapterError> {
        let adapter = Self::new(decoder, &Full::default())?;
        adapter.restore(folder)?;
        Ok(adapter)
    }

    /// Whether `folder` holds a whole model rather than an adapter.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join("config.json").is_file() && folder.join(WEIGHTS).is_file()
    }

    /// A trained weight as files hold it.
    fn stored(&self, name: &str) -> Result<Option<Tensor>, AdapterError> {
        let found = self.trained.get(name);
        Ok(found.map(|v| self.config.exchanged(name, &v.as_detached_tensor())).transpose()?)
    }
}

/// Whether the weight of this Hugging Face name is trained.
fn is_trained(decoder: &Decoder, settings: &Full, name: &str) -> bool {
    let family = decoder.config.family;
    let is_frozen = (0..decoder.config.layers.min(settings.freeze_blocks_below as usize))
        .any(|block| name.starts_with(&format!("{}.", family.block(block))));
    let is_embedding =
        name == family.embedding() || family.learnt_positions() == Some(name) || name == "lm_head.weight";
    !is_frozen && (settings.train_embeddings || !is_embedding)
}

impl Adapter for FullAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        self.trained.iter().map(|(name, variable)| (name.clone(), variable.clone())).collect()
    }

    fn added_parameters(&self) -> u64 {
        0
    }

    fn file_bytes(&self) -> u64 {
        let elements = |shape: &[usize]| shape.iter().map(|d| *d as u64).product::<u64>();
        4 * self.config.tensor_shapes().iter().map(|(_, shape)| elements(shape)).sum::<u64>()
            + tokenizer_bytes(self.config.vocab_size as u64)
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.set_weights(|name| self.trained.get(name).map(|v| v.as_tensor().clone()));
    }

    fn detach_from(&self, decoder: &mut Decoder) -> Result<(), AdapterError> {
        let mut base = weights::open(&self.base, &self.device)?.weights;
        let mut read = BTreeMap::new();
        for name in self.trained.keys() {
            read.insert(name, self.config.exchanged(name, &base.take(name)?)?);
        }
        decoder.set_weights(|name| read.get(&name.to_owned()).cloned());
        Ok(())
    }

    /// Writes a whole model. Weights that are not trained are copied from the base.
    fn save(&self, folder: &Path, _base_model: &str) -> Result<(), AdapterError> {
        let base = weights::open(&self.base, &Device::Cpu)?;
        convert::write_folder(base, folder, &mut |name, weight| {
            Ok::<_, AdapterError>(self.stored(name)?.unwrap_or(weight))
        })
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        let shard = Shard::open(&folder.join(WEIGHTS))?;
        for (name, variable) in &self.trained {
            let weight = self.config.exchanged(name, &shard.read(name, &self.device)?)?;
            if weight.shape() != variable.shape() {
                let problem = format!("{name} has the shape {:?} instead of {:?}", weight.dims(), variable.dims());
                return Err(AdapterError::Misfit { path: folder.to_owned(), problem });
            }
            variable.set(&weight)?;
        }
        Ok(())
    }

    fn merged(&self, name: &str, weight: &Tensor) -> Result<Option<Tensor>, AdapterError> {
        Ok(Some(self.stored(name)?.unwrap_or_else(|| weight.clone())))
    }
}
