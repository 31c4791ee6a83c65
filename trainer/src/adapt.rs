//! What a run trains on top of a base model: one file per method, all behind [`Adapter`].
//!
//! A method is a set of variables and the places of the decoder that they are attached to. The
//! loop, checkpoints and commands know methods only through the trait.

pub mod bottleneck;
pub mod full;
pub mod lora;
pub mod p_tuning;
mod peft;
pub mod prefix_tuning;
pub mod prompt_tuning;
mod random;

pub use lora::LoraAdapter;

use crate::convert::ConvertError;
use crate::data::tokenizer::Tokenizer;
use crate::model::decoder::Decoder;
use crate::model::error::ModelError;
use crate::optim::Parameter;
use candle_core::{Tensor, Var};
use domain::recipe::{Method, Recipe};
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
    #[error("cannot go on training the adapter in {}: {problem}", path.display())]
    OtherSettings { path: PathBuf, problem: String },
    #[error("failed to tokenize the text that virtual tokens begin as: {0}")]
    InitText(#[from] crate::data::tokenizer::TokenizeError),
    // Boxed: they are the largest by far.
    #[error(transparent)]
    Model(Box<ModelError>),
    #[error(transparent)]
    Convert(Box<ConvertError>),
    #[error("failed to place the adapter on the device: {0}")]
    Device(#[from] candle_core::Error),
}

impl From<ModelError> for AdapterError {
    fn from(error: ModelError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl From<ConvertError> for AdapterError {
    fn from(error: ConvertError) -> Self {
        Self::Convert(Box::new(error))
    }
}

/// Variables that a run trains, and where they act.
pub trait Adapter: std::fmt::Debug + Send + Sync {
    /// Every variable under its name in checkpoints, in a fixed order.
    fn variables(&self) -> Vec<(String, Var)>;

    /// How many times as fast as others the variable of this name learns.
    fn learning_rate_factor(&self, _variable: &str) -> f64 {
        1.0
    }

    /// Puts the adapter on the decoder; both share the variables.
    fn attach_to(&self, decoder: &mut Decoder);

    /// Takes the adapter off again: what remains is exactly the base model.
    fn detach_from(&self, decoder: &mut Decoder) -> Result<(), AdapterError> {
        decoder.detach();
        Ok(())
    }

    /// Writes the files that make up the finished adapter, and all that [`Adapter::restore`] needs.
    fn save(&self, folder: &Path, base_model: &str) -> Result<(), AdapterError>;

    /// Takes the variables' values from a folder that [`Adapter::save`] wrote under the same settings, or
    /// that PEFT wrote.
    fn restore(&self, folder: &Path) -> Result<(), AdapterError>;

    /// What the weight of this Hugging Face name, as it is stored there, becomes with the adapter folded in;
    /// `None` when the method cannot be expressed as weights.
    fn merged(&self, _name: &str, _weight: &Tensor) -> Result<Option<Tensor>, AdapterError> {
        Ok(None)
    }

    /// Every variable as the optimizer takes it.
    fn parameters(&self) -> Vec<Parameter> {
        let with_factor = |(name, variable): (String, Var)| {
            let learning_rate_factor = self.learning_rate_factor(&name);
            Parameter { name, variable, learning_rate_factor }
        };
        self.variables().into_iter().map(with_factor).collect()
    }

    /// Numbers that the model has more with the adapter than without.
    fn added_parameters(&self) -> u64 {
        self.parameter_count()
    }

    /// Bytes of the files that [`Adapter::save`] writes, small ones aside.
    fn file_bytes(&self) -> u64 {
        4 * self.parameter_count()
    }

    /// Number of trained numbers.
    fn parameter_count(&self) -> u64 {
        self.variables().iter().map(|(_, v)| v.elem_count() as u64).sum()
    }
}

/// A fresh adapter as the recipe says, for this decoder and on its device.
pub fn new(recipe: &Recipe, decoder: &Decoder, tokenizer: &Tokenizer) -> Result<Box<dyn Adapter>, AdapterError> {
    let seed = recipe.seed;
    Ok(match recipe.method {
        Method::Full => Box::new(full::FullAdapter::new(decoder, &recipe.full)?),
        Method::Lora => Box::new(LoraAdapter::new(decoder, &recipe.lora, seed)?),
        Method::PromptTuning => {
            Box::new(prompt_tuning::PromptTuningAdapter::new(decoder, tokenizer, &recipe.prompt_tuning, seed)?)
        }
        Method::PTuning => Box::new(p_tuning::PTuningAdapter::new(decoder, &recipe.p_tuning, seed)?),
        Method::PrefixTuning => {
            Box::new(prefix_tuning::PrefixTuningAdapter::new(decoder, tokenizer, &recipe.prefix_tuning, seed)?)
        }
        Method::Bottleneck => Box::new(bottleneck::BottleneckAdapter::new(decoder, &recipe.bottleneck, seed)?),
    })
}

/// Reads a finished adapter of any method, written here or by PEFT, to use it as it is.
pub fn load(folder: &Path, decoder: &Decoder) -> Result<Box<dyn Adapter>, AdapterError> {
    if full::FullAdapter::is_in(folder) {
        return Ok(Box::new(full::FullAdapter::load(folder, decoder)?));
    }
    Ok(match peft::kind(folder)?.as_str() {
        peft::LORA => Box::new(LoraAdapter::load(folder, decoder)?),
        peft::PROMPT_TUNING | peft::P_TUNING => Box::new(prompt_tuning::PromptTuningAdapter::load(folder, decoder)?),
        peft::PREFIX_TUNING => Box::new(prefix_tuning::PrefixTuningAdapter::load(folder, decoder)?),
        peft::BOTTLENECK => Box::new(bottleneck::BottleneckAdapter::load(folder, decoder)?),
        other => {
            let problem = format!("peft_type {other:?} is not supported");
            return Err(AdapterError::Malformed { path: folder.join(peft::CONFIG), problem });
        }
    })
}
