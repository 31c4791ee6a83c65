//! Prompt tuning (Lester et al. 2021, arXiv:2104.08691): `h = decoder([P; E(x)])` with trained
//! embeddings P (virtual tokens, hidden) before those of every text, and nothing else trained.
//!
//! A fresh prompt is text to the model, so it does change the base, though little when it begins
//! as tokens of the vocabulary.

use super::peft::prompt_learning::{PromptConfig, read_table, write_table};
use super::random::Random;
use super::{Adapter, AdapterError, peft};
use crate::data::tokenizer::Tokenizer;
use crate::model::config::DecoderConfig;
use crate::model::decoder::Decoder;
use crate::model::virtual_tokens::VirtualTokens;
use candle_core::Var;
use domain::recipe::{PromptTuning, VirtualTokenInit};
use std::path::Path;

/// What PEFT calls these methods whose finished adapter is a table of embeddings.
const TYPES: [&str; 2] = [peft::PROMPT_TUNING, peft::P_TUNING];

/// The embeddings of one run's prompt.
#[derive(Debug)]
pub struct PromptTuningAdapter {
    table: Var,
    config: DecoderConfig,
}

impl PromptTuningAdapter {
    /// A fresh prompt for this decoder.
    pub fn new(
        decoder: &Decoder,
        tokenizer: &Tokenizer,
        settings: &PromptTuning,
        seed: u64,
    ) -> Result<Self, AdapterError> {
        let (count, config) = (settings.virtual_tokens as usize, decoder.config.clone());
        let mut random = Random::new(seed, decoder.device());
        let table = match initial_tokens(settings.init, &settings.init_text, count, &config, tokenizer, &mut random)? {
            Some(ids) => Var::from_tensor(&decoder.embed(&ids)?)?,
            None => random.normal((count, config.hidden_size))?,
        };
        Ok(Self { table, config })
    }

    /// Reads the finished prompt of prompt tuning or P-tuning.
    pub fn load(folder: &Path, decoder: &Decoder) -> Result<Self, AdapterError> {
        let count = PromptConfig::read(folder, &TYPES)?.num_virtual_tokens;
        let table = read_table(folder, (count, decoder.config.hidden_size), decoder.device())?;
        Ok(Self { table: Var::from_tensor(&table)?, config: decoder.config.clone() })
    }
}

impl Adapter for PromptTuningAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        vec![("prompt_embeddings".to_owned(), self.table.clone())]
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach_prompt(VirtualTokens::plain(self.table.clone()));
    }

    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        let count = self.table.dims()[0];
        peft::write_config(folder, &PromptConfig::new(peft::PROMPT_TUNING, base_model, count, &self.config))?;
        write_table(folder, self.table.as_detached_tensor())
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        let found = PromptConfig::read(folder, &TYPES)?.num_virtual_tokens;
        same_count(folder, "prompt_tuning", self.table.dims()[0], found)?;
        self.table.set(&read_table(folder, self.table.dims2()?, self.table.device())?)?;
        Ok(())
    }
}

/// Refuses an adapter of another number of virtual tokens.
pub(super) fn same_count(folder: &Path, table: &str, wanted: usize, found: usize) -> Result<(), AdapterError> {
    if wanted == found {
        return Ok(());
    }
    let problem = format!("it has {found} virtual tokens, the recipe's {table}.virtual_tokens is {wanted}");
    Err(AdapterError::OtherSettings { path: folder.to_owned(), problem })
}

/// The tokens that virtual tokens begin as; `None` for noise.
pub(super) fn initial_tokens(
    init: VirtualTokenInit,
    text: &str,
    count: usize,
    config: &DecoderConfig,
    tokenizer: &Tokenizer,
    random: &mut Random,
) -> Result<Option<Vec<u32>>, AdapterError> {
    Ok(match init {
        VirtualTokenInit::Random => None,
        VirtualTokenInit::Vocabulary => Some(random.below(config.vocab_size as u32, count)),
        VirtualTokenInit::Text => {
            let ids = tokenizer.encode(text)?;
            // A text of spaces may have no tokens at all.
            let some = if ids.is_empty() { vec![0] } else { ids };
            Some(some.into_iter().cycle().take(count).collect())
        }
    })
}
