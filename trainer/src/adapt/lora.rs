//! Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685): `h = W x + (alpha / rank) · B A x`.
//!
//! A starts uniform in ±1/√in (PEFT's Kaiming-uniform with a = √5) and B at zero, so a fresh
//! adapter changes nothing.

use super::peft::{self, PeftConfig};
use crate::model::config::DecoderConfig;
use crate::model::decoder::Decoder;
use crate::model::family::Family;
use crate::model::projection::LowRank;
use candle_core::{DType, Device, Tensor, Var};
use domain::recipe::{Lora, TargetModule};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why an adapter cannot be read, written or fitted to a model.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    #[error("cannot read the adapter file {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write the adapter file {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("the adapter file {} is damaged: {problem}", path.display())]
    Malformed { path: PathBuf, problem: String },
    #[error("the adapter in {} does not fit the model: {problem}", path.display())]
    Misfit { path: PathBuf, problem: String },
    #[error("failed to place the adapter on the device: {0}")]
    Device(#[from] candle_core::Error),
}

/// The matrices of one run's adapter, by block and linear layer.
#[derive(Debug)]
pub struct LoraAdapter {
    pub settings: Lora,
    family: Family,
    pairs: BTreeMap<(usize, TargetModule), LowRank>,
}

impl LoraAdapter {
    /// A fresh adapter for every target module of every block; `seed` decides the A matrices.
    pub fn new(config: &DecoderConfig, settings: &Lora, seed: u64, device: &Device) -> Result<Self, AdapterError> {
        let rank = settings.rank as usize;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Self::build(config, settings, |_, _, (out, width)| {
            let bound = 1.0 / (width as f32).sqrt();
            let a: Vec<f32> = (0..rank * width).map(|_| rng.random_range(-bound..bound)).collect();
            Ok((Tensor::from_vec(a, (rank, width), device)?, Tensor::zeros((out, rank), DType::F32, device)?))
        })
    }

    /// Makes every pair from what `matrices` gives for (block, module, (out, in)).
    fn build(
        config: &DecoderConfig,
        settings: &Lora,
        mut matrices: impl FnMut(usize, TargetModule, (usize, usize)) -> Result<(Tensor, Tensor), AdapterError>,
    ) -> Result<Self, AdapterError> {
        let scale = settings.alpha / f64::from(settings.rank);
        let family = config.family;
        let settings = Lora { target_modules: family.with_companions(&settings.target_modules), ..settings.clone() };
        let mut pairs = BTreeMap::new();
        for layer in 0..config.layers {
            let linears = config.linear_layers().into_iter().map(|linear| linear.modules[0]);
            for module in linears.filter(|module| settings.target_modules.contains(module)) {
                let (a, b) = matrices(layer, module, module_shape(config, module))?;
                let (a, b) = (Var::from_tensor(&a)?, Var::from_tensor(&b)?);
                pairs.insert((layer, module), LowRank { a, b, scale, dropout: settings.dropout });
            }
        }
        Ok(Self { settings, family, pairs })
    }

    /// Puts the adapter on the decoder's linear layers; both share the variables.
    pub fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach(|layer, module| self.pairs.get(&(layer, module)).cloned());
    }

    /// Every variable under its name in PEFT's files, in a fixed order.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, Var)> {
        let mut variables = Vec::with_capacity(2 * self.pairs.len());
        for ((layer, module), pair) in &self.pairs {
            variables.push((peft::key(self.family, *layer, *module, "A"), pair.a.clone()));
            variables.push((peft::key(self.family, *layer, *module, "B"), pair.b.clone()));
        }
        variables
    }

    /// Number of trained parameters.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.variables().iter().map(|(_, v)| v.elem_count() as u64).sum()
    }

    /// Writes `adapter_config.json` and `adapter_model.safetensors` as PEFT does.
    pub fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        peft::write_config(folder, &PeftConfig::new(&self.settings, self.family, base_model))?;
        peft::write_tensors(
            &folder.join(peft::TENSORS),
            self.variables().into_iter().map(|(n, v)| (n, v.as_detached_tensor())),
        )
    }

    /// Reads what [`LoraAdapter::save`] or PEFT wrote, for a model of this shape.
    pub fn load(folder: &Path, config: &DecoderConfig, device: &Device) -> Result<Self, AdapterError> {
        let settings = peft::read_config(folder, config.family)?;
        let path = folder.join(peft::TENSORS);
        let mut tensors = peft::read_tensors(&path, device)?;
        let rank = settings.rank as usize;
        let adapter = Self::build(config, &settings, |layer, module, (out, width)| {
            let mut take = |which: &str, shape: (usize, usize)| {
                let key = peft::key(config.family, layer, module, which);
                let misfit = |problem: String| AdapterError::Misfit { path: folder.to_owned(), problem };
                let tensor = tensors.remove(&key).ok_or_else(|| misfit(format!("it has no {key}")))?;
                match tensor.dims2() {
                    Ok(found) if found == shape => Ok(tensor.to_dtype(DType::F32)?),
                    _ => Err(misfit(format!("{key} has the shape {:?} instead of {shape:?}", tensor.dims()))),
                }
            };
            Ok((take("A", (rank, width))?, take("B", (out, rank))?))
        })?;
        match tensors.keys().min() {
            Some(key) => Err(AdapterError::Misfit {
                path: folder.to_owned(),
                problem: format!("the model has no place for {key}"),
            }),
            None => Ok(adapter),
        }
    }

    /// Copies the values of another adapter of the same settings, keeping the variables.
    pub fn assign(&self, other: &Self) -> Result<(), AdapterError> {
        for ((_, to), (_, from)) in self.variables().iter().zip(other.variables()) {
            to.set(&from.as_detached_tensor())?;
        }
        Ok(())
    }

    /// The decoder's weights with the adapter folded in, `W + scale · B A`, by Hugging Face name.
    pub fn merged(&self, decoder: &Decoder) -> Result<BTreeMap<String, Tensor>, AdapterError> {
        let mut merged = BTreeMap::new();
        for projection in decoder.projections() {
            if let Some(pair) = self.pairs.get(&(projection.layer, projection.module)) {
                let delta = (pair.b.as_detached_tensor().matmul(&pair.a.as_detached_tensor())? * pair.scale)?;
                merged.insert(format!("{}.weight", projection.path()), (&projection.weight.dense()? + delta)?);
            }
        }
        Ok(merged)
    }
}

/// (out, in) of the linear layer that does the work of `module`.
#[must_use]
pub fn module_shape(config: &DecoderConfig, module: TargetModule) -> (usize, usize) {
    let found = config.linear_layers().into_iter().find(|linear| linear.modules.contains(&module));
    found.map_or((0, 0), |linear| (linear.out, linear.width))
}
