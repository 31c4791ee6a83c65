//! Bottleneck adapters: `y ← y + U f(D y + d) + u` on the output y of attention and of the
//! feed-forward network (Houlsby et al. 2019, arXiv:1902.00751), or of the latter alone (Pfeiffer et
//! al. 2020, arXiv:2005.00247), before the residual is added.
//!
//! D starts uniform in ±1/√hidden and U, u and d at zero, so a fresh adapter changes nothing.
//!
//! PEFT has no such method, so the files are our own in its manner. `adapter_config.json`:
//! `peft_type` is `"BOTTLENECK"`, `base_model_name_or_path` names the base, and `size`,
//! `placement` and `activation` are the recipe's. `adapter_model.safetensors`, f32:
//! `model.layers.N.PART_adapter.down.weight` (size, hidden) and `.down.bias`, `.up.weight` (hidden,
//! size) and `.up.bias`, with PART `attention` or `feed_forward`.

use super::random::{Random, named};
use super::{Adapter, AdapterError, peft};
use crate::model::bottleneck::{Bottleneck, Part};
use crate::model::decoder::Decoder;
use crate::model::dense::Dense;
use candle_core::{DType, Var};
use domain::recipe::{self, Placement};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The networks of one run's adapter, by block and part.
#[derive(Debug)]
pub struct BottleneckAdapter {
    settings: recipe::Bottleneck,
    networks: BTreeMap<(usize, Part), Bottleneck>,
}

#[derive(Serialize, Deserialize)]
struct Config {
    peft_type: String,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    #[serde(flatten)]
    settings: recipe::Bottleneck,
}

impl BottleneckAdapter {
    /// A fresh adapter for every block of this decoder.
    pub fn new(decoder: &Decoder, settings: &recipe::Bottleneck, seed: u64) -> Result<Self, AdapterError> {
        let (hidden, size, device) = (decoder.config.hidden_size, settings.size as usize, decoder.device());
        let mut random = Random::new(seed, device);
        let parts: &[Part] = match settings.placement {
            Placement::Houlsby => &[Part::Attention, Part::FeedForward],
            Placement::Pfeiffer => &[Part::FeedForward],
        };
        let mut networks = BTreeMap::new();
        for place in (0..decoder.config.layers).flat_map(|layer| parts.iter().map(move |part| (layer, *part))) {
            let zeros = |n: usize| Var::zeros(n, DType::F32, device);
            let down =
                Dense { weight: random.uniform((size, hidden), 1.0 / (hidden as f32).sqrt())?, bias: zeros(size)? };
            let up = Dense { weight: Var::zeros((hidden, size), DType::F32, device)?, bias: zeros(hidden)? };
            networks.insert(place, Bottleneck { down, up, activation: settings.activation });
        }
        Ok(Self { settings: settings.clone(), networks })
    }

    /// Reads what [`Adapter::save`] wrote, for a model of this shape.
    pub fn load(folder: &Path, decoder: &Decoder) -> Result<Self, AdapterError> {
        let adapter = Self::new(decoder, &read_settings(folder)?, 0)?;
        adapter.restore(folder)?;
        Ok(adapter)
    }
}

impl Adapter for BottleneckAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        let of = |((layer, part), network): (&(usize, Part), &Bottleneck)| {
            let part = match part {
                Part::Attention => "attention",
                Part::FeedForward => "feed_forward",
            };
            let name = format!("model.layers.{layer}.{part}_adapter");
            [named(&format!("{name}.down"), &network.down), named(&format!("{name}.up"), &network.up)].concat()
        };
        self.networks.iter().flat_map(of).collect()
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach_bottlenecks(|layer, part| self.networks.get(&(layer, part)).cloned());
    }

    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        let config = Config {
            peft_type: peft::BOTTLENECK.to_owned(),
            base_model_name_or_path: Some(base_model.to_owned()),
            settings: self.settings.clone(),
        };
        peft::write_config(folder, &config)?;
        peft::write_variables(&folder.join(peft::TENSORS), self.variables())
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        let found = read_settings(folder)?;
        if found != self.settings {
            let problem = format!("it is {found:?}, the recipe wants {:?}", self.settings);
            return Err(AdapterError::OtherSettings { path: folder.to_owned(), problem });
        }
        peft::read_variables(&folder.join(peft::TENSORS), &self.variables())
    }
}

fn read_settings(folder: &Path) -> Result<recipe::Bottleneck, AdapterError> {
    peft::expect_kind(folder, &[peft::BOTTLENECK])?;
    let config: Config = peft::read_config(folder)?;
    match config.settings.size {
        1..=4096 => Ok(config.settings),
        size => Err(peft::bad_config(folder, format!("size must be between 1 and 4096, not {size}"))),
    }
}
