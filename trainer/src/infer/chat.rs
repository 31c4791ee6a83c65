//! A model one can talk to: what turns messages into tokens and knows where answers end.

use crate::data::template::{ChatTemplate, TemplateError};
use crate::data::tokenizer::{TokenizeError, Tokenizer};
use crate::model::decoder::Decoder;
use domain::sample::{Message, Speaker};

/// Why a model could not answer.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Tokenize(#[from] TokenizeError),
    #[error("cannot compute the model's answer: {0}")]
    Compute(#[from] candle_core::Error),
}

/// A decoder with the tokenizer and template that belong to it.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    pub decoder: &'a Decoder,
    pub tokenizer: &'a Tokenizer,
    pub template: &'a ChatTemplate,
}

/// A conversation as tokens, up to where the answer begins; never empty.
#[derive(Clone, Debug)]
pub struct Prompt {
    text: String,
    pub ids: Vec<u32>,
    /// Tokens cut off at the beginning because the context is too short.
    pub cut_tokens: usize,
}

impl Chat<'_> {
    /// Renders and tokenizes the turns before an answer. If prompt and `answer_tokens` together
    /// exceed the model's context, the beginning of the prompt is cut off, at most down to half
    /// the context.
    pub fn prompt(&self, messages: &[Message], answer_tokens: usize) -> Result<Prompt, InferError> {
        let text = self.template.render(messages, true)?;
        let ids = self.tokenizer.encode(&text)?;
        Ok(self.fitted(text, ids, answer_tokens))
    }

    /// A text as a prompt by itself, without the template: as base models are asked. It begins with what the tokenizer puts
    /// before any text.
    pub fn plain_prompt(&self, text: String, answer_tokens: usize) -> Result<Prompt, InferError> {
        let mut ids = self.tokenizer.encode_alone(&text)?;
        if ids.last().is_some_and(|id| self.ends_turn(*id)) {
            ids.pop();
        }
        Ok(self.fitted(text, ids, answer_tokens))
    }

    fn fitted(&self, text: String, mut ids: Vec<u32>, answer_tokens: usize) -> Prompt {
        let config = &self.decoder.config;
        let context = self.decoder.context_length();
        let room = context.saturating_sub(answer_tokens.max(1)).max(context / 2);
        let cut_tokens = ids.len().saturating_sub(room);
        ids.drain(..cut_tokens);
        if ids.is_empty() {
            ids.extend(config.bos_token_ids.iter().chain(&config.eos_token_ids).chain(&[0]).take(1));
        }
        Prompt { text, ids, cut_tokens }
    }

    /// The tokens of `continuation` right behind a plain prompt: those that the whole text has more than the prompt.
    pub fn continuation_ids(&self, prompt: &Prompt, continuation: &str) -> Result<Vec<u32>, InferError> {
        let before = self.tokenizer.encode(&prompt.text)?.len();
        let whole = self.tokenizer.encode(&format!("{}{continuation}", prompt.text))?;
        Ok(whole.get(before..).unwrap_or_default().to_vec())
    }

    /// The tokens of `answer` as the continuation of `prompt`, the end of the turn included.
    pub fn answer_ids(&self, messages: &[Message], prompt: &Prompt, answer: &str) -> Result<Vec<u32>, InferError> {
        let mut whole = messages.to_vec();
        whole.push(Message::new(Speaker::Assistant, answer));
        let text = self.template.render(&whole, false)?;
        // A template that writes earlier turns differently once answered leaves only the answer itself.
        let mut ids = self.tokenizer.encode(text.strip_prefix(&prompt.text).unwrap_or(answer))?;
        match ids.iter().rposition(|id| self.ends_turn(*id)) {
            Some(end) => ids.truncate(end + 1),
            None => ids.extend(self.decoder.config.eos_token_ids.first()),
        }
        Ok(ids)
    }

    /// Whether the model says with this token that its answer is over.
    #[must_use]
    pub fn ends_turn(&self, id: u32) -> bool {
        self.decoder.config.eos_token_ids.contains(&id)
    }

    /// Tokens that an answer may have after `prompt` within the context, at most `wanted`.
    #[must_use]
    pub fn room_after(&self, prompt: &Prompt, wanted: usize) -> usize {
        wanted.min(self.decoder.context_length().saturating_sub(prompt.ids.len()))
    }
}
