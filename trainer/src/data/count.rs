//! How many tokens samples have under a model's tokenizer and chat template: what a dataset's
//! statistics show. Needs no weights.

use super::masking::EncodeError;
use super::template::ChatTemplate;
use super::tokenizer::Tokenizer;
use crate::model::{error::ModelError, weights};
use candle_core::Device;
use domain::sample::Sample;
use std::path::Path;

/// Counts tokens as one base model sees them.
#[derive(Debug)]
pub struct TokenCounter {
    template: ChatTemplate,
    tokenizer: Tokenizer,
}

impl TokenCounter {
    /// Reads the tokenizer and the chat template of the model at `path`.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let model = weights::open(path, &Device::Cpu)?;
        Ok(Self { template: model.template, tokenizer: model.tokenizer })
    }

    /// Tokens of the whole conversation, uncut.
    pub fn count(&self, sample: &Sample) -> Result<u32, EncodeError> {
        let text = self.template.render(&sample.messages, false)?;
        let tokens = self.tokenizer.encode(&text)?.len();
        Ok(u32::try_from(tokens).unwrap_or(u32::MAX))
    }
}
