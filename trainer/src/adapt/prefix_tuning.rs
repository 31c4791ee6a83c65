//! Prefix tuning (Li & Liang 2021, arXiv:2101.00190): attention over `[Kₚ; K]` and `[Vₚ; V]` with
//! trained keys and values of virtual tokens in every block; the text's positions follow theirs.
//!
//! One row of the table is a virtual token: of each layer its key, then its value, both
//! (kv_heads · head_dim), which is PEFT's layout. Keys are used as they are, without rotation. Under
//! `projection` the table is `W₂ tanh(W₁ e + b₁) + b₂`; that network serves training alone, see
//! [`super::p_tuning`] for the files. Otherwise a fresh prefix is what the model itself computes for
//! some tokens, so it acts as if they stood before the text.

use super::p_tuning::{network_variables, read_network};
use super::peft::prompt_learning::{PromptConfig, read_table, write_table};
use super::prompt_tuning::{initial_tokens, same_count};
use super::random::Random;
use super::{Adapter, AdapterError, peft};
use crate::data::tokenizer::Tokenizer;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Decoder, Mode};
use crate::model::virtual_tokens::{Between, VirtualTokens};
use crate::ops::reduced::in_f32;
use candle_core::{Tensor, Var};
use domain::recipe::PrefixTuning;
use std::path::Path;

/// The keys and values of one run's prefix.
#[derive(Debug)]
pub struct PrefixTuningAdapter {
    prefix: VirtualTokens,
    config: DecoderConfig,
}

impl PrefixTuningAdapter {
    /// A fresh prefix for this decoder, which must have no adapter.
    pub fn new(
        decoder: &Decoder,
        tokenizer: &Tokenizer,
        settings: &PrefixTuning,
        seed: u64,
    ) -> Result<Self, AdapterError> {
        let (count, config) = (settings.virtual_tokens as usize, decoder.config.clone());
        let mut random = Random::new(seed, decoder.device());
        let prefix = if settings.projection {
            let inner = if settings.hidden_size == 0 { config.hidden_size } else { settings.hidden_size as usize };
            let keys = config.kv_heads * config.head_dim;
            VirtualTokens {
                table: random.normal((count, keys))?,
                network: vec![random.dense(keys, inner)?, random.dense(inner, width(&config))?],
                between: Between::Tanh,
            }
        } else {
            let ids = initial_tokens(settings.init, &settings.init_text, count, &config, tokenizer, &mut random)?;
            VirtualTokens::plain(match ids {
                Some(ids) => Var::from_tensor(&computed(decoder, &ids)?)?,
                None => random.normal((count, width(&config)))?,
            })
        };
        Ok(Self { prefix, config })
    }

    /// Reads a finished prefix.
    pub fn load(folder: &Path, decoder: &Decoder) -> Result<Self, AdapterError> {
        let count = PromptConfig::read(folder, &[peft::PREFIX_TUNING])?.num_virtual_tokens;
        let table = read_table(folder, (count, width(&decoder.config)), decoder.device())?;
        Ok(Self { prefix: VirtualTokens::plain(Var::from_tensor(&table)?), config: decoder.config.clone() })
    }

    fn is_projected(&self) -> bool {
        !self.prefix.network.is_empty()
    }
}

impl Adapter for PrefixTuningAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        match self.is_projected() {
            true => network_variables(&self.prefix, "transform"),
            false => vec![("prompt_embeddings".to_owned(), self.prefix.table.clone())],
        }
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach_prefix(self.prefix.clone());
    }

    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        let mut config = PromptConfig::new(peft::PREFIX_TUNING, base_model, self.prefix.count(), &self.config);
        config.encoder_hidden_size = self.prefix.network.first().map(|layer| layer.bias.elem_count());
        config.prefix_projection = Some(self.is_projected());
        peft::write_config(folder, &config)?;
        write_table(folder, self.prefix.values(Mode::Inference)?)?;
        if self.is_projected() {
            peft::write_variables(&folder.join(super::p_tuning::ENCODER), self.variables())?;
        }
        Ok(())
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        let found = PromptConfig::read(folder, &[peft::PREFIX_TUNING])?;
        same_count(folder, "prefix_tuning", self.prefix.count(), found.num_virtual_tokens)?;
        if self.is_projected() {
            return read_network(folder, &self.variables(), "prefix_tuning without projection");
        }
        let table = &self.prefix.table;
        table.set(&read_table(folder, table.dims2()?, table.device())?)?;
        Ok(())
    }
}

/// Keys and values of one virtual token in all layers.
fn width(config: &DecoderConfig) -> usize {
    config.layers * 2 * config.kv_heads * config.head_dim
}

/// The keys and values that the decoder computes for tokens, (ids, width).
fn computed(decoder: &Decoder, ids: &[u32]) -> Result<Tensor, AdapterError> {
    let mut cache = decoder.new_cache(1, ids.len())?;
    decoder.forward(&Tensor::new(ids, decoder.device())?.unsqueeze(0)?, Some(&mut cache))?;
    let columns: Vec<&Tensor> = cache.layers().iter().flat_map(|(k, v)| [k, v]).collect();
    Ok(in_f32(&Tensor::cat(&columns, 1)?)?.contiguous()?)
}
