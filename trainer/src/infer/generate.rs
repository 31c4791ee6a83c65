//! Writing one answer, token by token, as a stream of text.

use super::chat::{Chat, InferError};
use super::sampler::{Sampler, Sampling};
use crate::data::tokenizer::Tokenizer;
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

/// Text from tokens as they come. What a token says can depend on those just before it (a tokenizer may drop the space
/// at the beginning of a text), so the last ones are decoded with it, and only those: the cost does not grow.
#[derive(Debug, Default)]
struct Pieces {
    recent: Vec<u32>,
    /// Number of `recent` tokens whose text has been given out, and that text.
    given: usize,
    text: String,
}

impl Pieces {
    /// Tokens decoded together at most, unless a character takes more.
    const RECENT: usize = 24;

    /// The text that is whole with this token.
    fn push(&mut self, tokenizer: &Tokenizer, token: u32) -> Option<String> {
        self.recent.push(token);
        let text = tokenizer.decode(&self.recent);
        // A replacement character at the end is a character whose last bytes are still to come.
        let piece = text.strip_prefix(&self.text).filter(|new| !new.is_empty() && !new.ends_with('\u{fffd}'))?;
        let (piece, before) = (piece.to_owned(), std::mem::replace(&mut self.given, self.recent.len()));
        self.text = text;
        if self.recent.len() > Self::RECENT {
            self.recent.drain(..before);
            self.given = self.recent.len();
            self.text = tokenizer.decode(&self.recent);
        }
        Some(piece)
    }
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
    let mut pieces = Pieces::default();
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
        if pieces.push(chat.tokenizer, token).is_some_and(|piece| on_text(&piece).is_break()) {
            break;
        }
    }
    Ok(Generated { text: chat.tokenizer.decode(&answer), tokens: answer.len(), is_complete: false })
}
