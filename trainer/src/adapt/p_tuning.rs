//! P-tuning (Liu et al. 2021, arXiv:2103.10385): prompt tuning with embeddings made by a network,
//! `P = W₃ relu(W₂ relu(W₁ e + b₁) + b₂) + b₃` with e (virtual tokens, hidden) trained as well.
//!
//! The network is PEFT's `PromptEncoder` with an MLP. It serves training alone: the finished adapter
//! is P, in PEFT's files. Beside them lies `encoder.safetensors` with e and the network, which
//! PEFT does not read and from which training goes on.

use super::peft::prompt_learning::{PromptConfig, write_table};
use super::prompt_tuning::same_count;
use super::random::{Random, named};
use super::{Adapter, AdapterError, peft};
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Decoder, Mode};
use crate::model::virtual_tokens::{Between, VirtualTokens};
use candle_core::Var;
use domain::recipe::PTuning;
use std::path::Path;

/// File of the variables of a network that makes virtual tokens.
pub(super) const ENCODER: &str = "encoder.safetensors";

/// The embeddings of one run's prompt and the network that makes them.
#[derive(Debug)]
pub struct PTuningAdapter {
    prompt: VirtualTokens,
    config: DecoderConfig,
}

impl PTuningAdapter {
    /// A fresh prompt for this decoder.
    pub fn new(decoder: &Decoder, settings: &PTuning, seed: u64) -> Result<Self, AdapterError> {
        let hidden = decoder.config.hidden_size;
        let inner = if settings.hidden_size == 0 { hidden } else { settings.hidden_size as usize };
        let mut random = Random::new(seed, decoder.device());
        let prompt = VirtualTokens {
            table: random.normal((settings.virtual_tokens as usize, hidden))?,
            network: vec![random.dense(hidden, inner)?, random.dense(inner, inner)?, random.dense(inner, hidden)?],
            between: Between::Relu,
        };
        Ok(Self { prompt, config: decoder.config.clone() })
    }
}

impl Adapter for PTuningAdapter {
    fn variables(&self) -> Vec<(String, Var)> {
        network_variables(&self.prompt, "mlp_head")
    }

    fn attach_to(&self, decoder: &mut Decoder) {
        decoder.attach_prompt(self.prompt.clone());
    }

    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError> {
        let mut config = PromptConfig::new(peft::P_TUNING, base_model, self.prompt.count(), &self.config);
        config.encoder_hidden_size = Some(self.prompt.network[0].bias.elem_count());
        config.encoder_reparameterization_type = Some("MLP".to_owned());
        peft::write_config(folder, &config)?;
        write_table(folder, self.prompt.values(Mode::Inference)?)?;
        peft::write_variables(&folder.join(ENCODER), self.variables())
    }

    fn restore(&self, folder: &Path) -> Result<(), AdapterError> {
        let found = PromptConfig::read(folder, &[peft::P_TUNING])?;
        same_count(folder, "p_tuning", self.prompt.count(), found.num_virtual_tokens)?;
        read_network(folder, &self.variables(), "prompt_tuning")
    }
}

/// The variables of a table and its network, under the names of PEFT's modules: its layers are
/// numbered together with the nonlinearities between them.
pub(super) fn network_variables(tokens: &VirtualTokens, network: &str) -> Vec<(String, Var)> {
    let layers = tokens.network.iter().enumerate().flat_map(|(i, layer)| named(&format!("{network}.{}", 2 * i), layer));
    std::iter::once(("embedding.weight".to_owned(), tokens.table.clone())).chain(layers).collect()
}

/// Reads the variables of a network; `plain` is the recipe that trains an adapter without one.
pub(super) fn read_network(folder: &Path, variables: &[(String, Var)], plain: &str) -> Result<(), AdapterError> {
    let path = folder.join(ENCODER);
    if !path.exists() {
        let problem = format!(
            "it holds the finished virtual tokens alone and not the network that made them ({ENCODER}); train it on as {plain}"
        );
        return Err(AdapterError::OtherSettings { path: folder.to_owned(), problem });
    }
    peft::read_variables(&path, variables)
}
