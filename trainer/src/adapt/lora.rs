//! Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685): `h = W x + s · B A x`, s = alpha / rank.
//!
//! Three published changes of it are settings, alone or together:
//! - rsLoRA (Kalajdzievski 2023, arXiv:2312.03732): s = alpha / √rank.
//! - DoRA (Liu et al. 2024, arXiv:2402.09353): `h = m ∘ (W x + s · B A x) / ‖W + s · B A‖` with the norm
//!   taken of each row and counted as constant by the gradient (section 4.3), m trained and at
//!   first ‖W‖. Under dropout the adapter's input alone is dropped; PEFT then also drops the
//!   input of the W that m scales.
//! - LoRA+ (Hayou et al. 2024, arXiv:2402.12354): B has a higher learning rate than A.
//!
//! A starts uniform in ±1/√in (PEFT's Kaiming-uniform with a = √5) and B at zero, so a fresh
//! adapter changes nothing.

use super::peft::lora::{LoraConfig, key, magnitude_key, read_settings};
use super::{Adapter, AdapterError, peft};
use crate::model::decoder::Decoder;
use crate::model::family::Family;
use crate::model::projection::{self, LowRank, Magnitude};
use candle_core::{DType, Tensor, Var};
use domain::recipe::{Lora, TargetModule};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;

/// The matrices of one run's adapter, by block and linear layer.
#[derive(Debug)]
pub struct LoraAdapter {
    pub settings: Lora,
    family: Family,
    pairs: BTreeMap<(usize, TargetModule), LowRank>,
}

impl LoraAdapter {
    /// A fresh adapter for every target module of every block; `seed` decides the A matrices.
    pub fn new(decoder: &Decoder, settings: &Lora, seed: u64) -> Result<Self, AdapterError> {
        let (rank, device, family) = (settings.rank as usize, decoder.device(), decoder.config.family);
        // A layer that does the work of several modules is trained for all of them.
        let settings = Lora { target_modules: family.with_companions(&settings.target_modules), ..settings.clone() };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut projections: Vec<_> =
            decoder.projections().filter(|p| settings.target_modules.contains(&p.module)).collect();
        projections.sort_by_key(|p| (p.layer, p.module));
        let mut pairs = BTreeMap::new();
        for projection in projections {
            let (out, width) = projection.weight.dims2()?;
            let bound = 1.0 / (width as f32).sqrt();
            let a: Vec<f32> = (0..rank * width).map(|_| rng.random_range(-bound..bound)).collect();
            let mut pair = LowRank {
                a: Var::from_vec(a, (rank, width), device)?,
                b: Var::zeros((out, rank), DType::F32, device)?,
                scale: settings.scale(),
                dropout: settings.dropout,
                magnitude: None,
            };
            if settings.dora {
                let squares = projection.row_squares()?;
                let lengths = Var::from_tensor(&projection.row_lengths(&pair, &squares)?)?;
                pair.magnitude = Some(Magnitude { lengths, squares });
            }
            pairs.insert((projection.layer, projection.module), pair);
        }
        Ok(Self { settings, family, pairs })
    }

    /// Reads what [`Adapter::save`] or PEFT wrote, for a model of this shape.
    pub fn load(folder: &Path, decoder: &Decoder) -> Result<Self, AdapterError> {
        let adapter = Self::new(decoder, &read_settings(folder, decoder.config.family)?, 0)?;
        adapter.restore(folder)?;
        Ok(adapter)
    }

    /// The weight `W` (out, in) of one linear layer with the adapter folded in.
    fn folded(pair: &LowRank, weight: &Tensor) -> Result<Tensor, AdapterError> {
        let delta = (pair.b.as_detached_tensor().matmul(&pair.a.as_detached_tensor())? * pair.scale)?;
        let sum = (weight + delta)?;
        let Some(magnitude) = &pair.magnitude else { return Ok(sum) };
        let norms = sum.sqr()?.sum_keepdim(1)?.clamp(1e-24f32, f32::MAX)?.sqrt()?;
        Ok(sum.broadcast_mul(&magnitude.lengths.as_detached_tensor().unsqueeze(1)?.div(&norms)?)?)
    }
}

impl Adapter for LoraAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        let mut variables = Vec::with_capacity(3 * self.pairs.len());
        for ((layer, module), pair) in &self.pairs {
            variables.push((key(self.family, *layer, *module, "A"), pair.a.clone()));
            variables.push((key(self.family, *layer, *module, "B"), pair.b.clone()));
            if let Some(magnitude) = &pair.magnitude {
                variables.push((magnitude_key(self.family, *layer, *module), magnitude.lengths.clone()));
            }
        }
        variables
    }

    fn learning_rate_factor(&self, variable: &str) -> f64 {
        if variable.ends_with("lora_B.weight") { self.settings.plus_ratio } else { 1.0 }
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach(|layer, module| self.pairs.get(&(layer, module)).cloned());
    }

    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        peft::write_config(folder, &LoraConfig::new(&self.settings, self.family, base_model))?;
        peft::write_variables(&folder.join(peft::TENSORS), self.variables())
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        if let Some(problem) = difference(&self.settings, &read_settings(folder, self.family)?) {
            return Err(AdapterError::OtherSettings { path: folder.to_owned(), problem });
        }
        peft::read_variables(&folder.join(peft::TENSORS), &self.variables())
    }

    fn merged(&self, name: &str, weight: &Tensor) -> Result<Option<Tensor>, AdapterError> {
        let pair = self.pairs.iter().find(|((layer, module), _)| {
            name.strip_suffix(".weight").is_some_and(|path| path == projection::path(self.family, *layer, *module))
        });
        Ok(Some(match pair {
            Some((_, pair)) if self.family.stores_inputs_first() => {
                Self::folded(pair, &weight.t()?.contiguous()?)?.t()?.contiguous()?
            }
            Some((_, pair)) => Self::folded(pair, weight)?,
            None => weight.clone(),
        }))
    }
}

/// The first setting in which an adapter on disk is another function than the one wanted. Dropout
/// and the learning rates matter to training alone.
fn difference(wanted: &Lora, found: &Lora) -> Option<String> {
    let sorted = |lora: &Lora| {
        let mut modules: Vec<_> = lora.target_modules.iter().map(|m| m.as_str()).collect();
        modules.sort_unstable();
        modules.join(", ")
    };
    let fields = |lora: &Lora| {
        [
            ("rank", lora.rank.to_string()),
            ("alpha", lora.alpha.to_string()),
            ("rslora", lora.rslora.to_string()),
            ("dora", lora.dora.to_string()),
            ("target_modules", sorted(lora)),
        ]
    };
    let mut both = fields(wanted).into_iter().zip(fields(found));
    both.find(|(a, b)| a.1 != b.1)
        .map(|((field, want), (_, have))| format!("its {field} is {have}, the recipe's lora.{field} is {want}"))
}
