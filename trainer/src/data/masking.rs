//! From a sample to token ids and the places that carry loss.
//!
//! The text is what the base model's own chat template makes of the messages, cut where an
//! assistant's answer begins and ends. Each piece is tokenized on its own, exactly as at
//! inference, where the prompt is tokenized before the answer exists.

use super::template::{ChatTemplate, TemplateError};
use super::tokenizer::{TokenizeError, Tokenizer};
use domain::sample::{Message, Sample, Speaker};

/// Why a sample cannot be tokenized.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizeError),
}

/// A tokenized sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    pub ids: Vec<u32>,
    /// Whether predicting the token at this place counts; never true for the first.
    pub carries_loss: Vec<bool>,
    /// How much its loss counts; 1 as a rule.
    pub weight: f32,
    /// Its place in its file, from 0.
    pub line: u32,
}

impl Encoded {
    /// Number of tokens whose prediction counts.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.carries_loss.iter().filter(|x| **x).count()
    }

    fn push(&mut self, ids: &[u32], counts: bool) {
        self.carries_loss.extend(ids.iter().map(|_| counts));
        self.ids.extend_from_slice(ids);
    }
}

/// How samples are encoded.
#[derive(Clone, Copy, Debug)]
pub struct Encoder<'a> {
    pub template: &'a ChatTemplate,
    pub tokenizer: &'a Tokenizer,
    /// Tokens that end a turn.
    pub end_tokens: &'a [u32],
    /// Longest sample in tokens; longer ones are cut at the end.
    pub max_length: usize,
    /// Give no loss to prompt tokens.
    pub mask_prompt: bool,
}

/// What counts of a turn: of the text before the answer, and of the answer.
#[derive(Clone, Copy)]
struct Counting {
    prompt: bool,
    answer: bool,
}

impl Encoder<'_> {
    /// Encodes a sample; `Ok(None)` when cutting it to `max_length` leaves nothing to learn.
    pub fn encode(&self, sample: &Sample) -> Result<Option<Encoded>, EncodeError> {
        self.encode_turns(&sample.messages, |_| Counting { prompt: !self.mask_prompt, answer: true })
    }

    /// Encodes a conversation of whose answers only the last counts, whatever `mask_prompt` says; as
    /// [`Encoder::encode`] otherwise.
    pub fn encode_last_answer(&self, messages: &[Message]) -> Result<Option<Encoded>, EncodeError> {
        self.encode_turns(messages, |i| Counting { prompt: false, answer: i + 1 == messages.len() })
    }

    fn encode_turns(
        &self,
        messages: &[Message],
        counts: impl Fn(usize) -> Counting,
    ) -> Result<Option<Encoded>, EncodeError> {
        let mut encoded = Encoded { ids: Vec::new(), carries_loss: Vec::new(), weight: 1.0, line: 0 };
        let mut done = String::new();
        for (i, message) in messages.iter().enumerate() {
            if message.role == Speaker::Assistant {
                done = self.push_answer(&mut encoded, done, &messages[..=i], counts(i))?;
            }
        }
        encoded.ids.truncate(self.max_length);
        encoded.carries_loss.truncate(self.max_length);
        if let Some(first) = encoded.carries_loss.first_mut() {
            *first = false;
        }
        Ok((encoded.targets() > 0).then_some(encoded))
    }

    /// Adds the prompt since `done` and the answer that ends `messages`; returns the text so far.
    fn push_answer(
        &self,
        encoded: &mut Encoded,
        done: String,
        messages: &[Message],
        counts: Counting,
    ) -> Result<String, EncodeError> {
        let prompt = self.template.render(&messages[..messages.len() - 1], true)?;
        let whole = self.template.render(messages, false)?;
        // A template may write an answer's opening differently once the answer is there.
        let prompt = &prompt[..common_prefix(&prompt, &whole)];
        let done = common_prefix(&done, prompt);
        encoded.push(&self.tokenizer.encode(&prompt[done..])?, counts.prompt);
        let mut answer = self.tokenizer.encode(&whole[prompt.len()..])?;
        let end = answer.iter().rposition(|id| self.end_tokens.contains(id));
        let counting = match (end, self.end_tokens.first()) {
            (Some(end), _) => end + 1,
            (None, Some(token)) => {
                answer.push(*token);
                answer.len()
            }
            (None, None) => answer.len(),
        };
        encoded.push(&answer[..counting], counts.answer);
        encoded.push(&answer[counting..], counts.prompt);
        Ok(whole)
    }
}

/// Length in bytes of the longest common beginning, at a character boundary.
fn common_prefix(a: &str, b: &str) -> usize {
    a.char_indices().zip(b.chars()).find(|((_, x), y)| x != y).map_or(a.len().min(b.len()), |((i, _), _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_prefixes_end_at_characters() {
        assert_eq!(common_prefix("", "a"), 0);
        assert_eq!(common_prefix("é1", "é2"), 2);
        assert_eq!(common_prefix("ab", "abc"), 2);
    }
}
