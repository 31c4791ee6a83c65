//! Writing one answer, token by token, as a stream of text.

use super::chat::{Chat, InferError};
use super::sampler::{Sampler, Sampling};
use candle_core::Tensor;
use domain::sample::Message;
use std::ops::ControlFlow;

/// Limits and chance of one answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GenerateOptions {
    pub sampling: Sampling,
    pub max_new_tokens: usize,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self { sampling: Sampling::default(), max_new_tokens: 256 }
    }
}

/// A finished answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    pub text: String,
    pub tokens: usize,
    /// Whether the model ended its turn itself, rather than being cut off.
    pub is_complete: bool,
}

/// Answers `messages`. `on_text` gets each piece of text as soon as its characters are whole, and
/// may break off.
pub fn generate(
    chat: Chat<'_>,
    messages: &[Message],
    options: &GenerateOptions,
    mut on_text: impl FnMut(&str) -> ControlFlow<()>,
) -> Result<Generated, InferError> {
    let prompt = chat.prompt(messages, options.max_new_tokens)?;
    let room = chat.room_after(&prompt, options.max_new_tokens);
    let decoder = chat.decoder;
    let mut cache = decoder.new_cache(1, prompt.ids.len() + room)?;
    let mut sampler = Sampler::new(options.sampling);
    let mut next = prompt.ids;
    let mut answer = Vec::new();
    let mut shown = String::new();
    while answer.len() < room {
        let ids = Tensor::new(next.as_slice(), decoder.device())?.unsqueeze(0)?;
        let hidden = decoder.forward(&ids, Some(&mut cache))?;
        let last = hidden.narrow(0, hidden.dim(0)? - 1, 1)?;
        let token = sampler.sample(&decoder.logits(&last)?.flatten_all()?.to_vec1()?);
        if chat.ends_turn(token) {
            return Ok(Generated { text: chat.tokenizer.decode(&answer), tokens: answer.len(), is_complete: true });
        }
        answer.push(token);
        next = vec![token];
        let text = chat.tokenizer.decode(&answer);
        // A replacement character at the end is a character whose last bytes are still to come.
        if let Some(new) = text.strip_prefix(shown.as_str()).filter(|new| !new.is_empty() && !new.ends_with('\u{fffd}'))
        {
            if on_text(new).is_break() {
                break;
            }
            shown = text;
        }
    }
    Ok(Generated { text: chat.tokenizer.decode(&answer), tokens: answer.len(), is_complete: false })
}
