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

/// A tokenized sample before it is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub encoded: Encoded,
    /// The assistant's turns in order.
    pub answers: Vec<Answer>,
}

/// An assistant's turn in a tokenized sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Place behind its last token that carries loss.
    pub end: usize,
    pub end_token: EndToken,
}

/// Where the token that ends an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndToken {
    /// The chat template writes it.
    Written,
    /// The template writes none, so one is appended.
    Appended,
    /// The model names none.
    Missing,
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
        self.cut(self.encode_whole(sample)?)
    }

    /// Encodes a conversation of whose answers only the last counts, whatever `mask_prompt` says; as
    /// [`Encoder::encode`] otherwise.
    pub fn encode_last_answer(&self, messages: &[Message]) -> Result<Option<Encoded>, EncodeError> {
        self.cut(self.encode_whole_last_answer(messages)?)
    }

    /// Encodes a sample without cutting it.
    pub fn encode_whole(&self, sample: &Sample) -> Result<Whole, EncodeError> {
        let learned = |i: usize| sample.messages.get(i).is_some_and(|message| !message.ignored);
        self.whole(&sample.messages, |i| Counting { answer: learned(i), ..self.counting() })
    }

    /// As [`Encoder::encode_last_answer`], without cutting.
    pub fn encode_whole_last_answer(&self, messages: &[Message]) -> Result<Whole, EncodeError> {
        self.whole(messages, |i| Counting { prompt: false, answer: i + 1 == messages.len() })
    }

    fn counting(&self) -> Counting {
        Counting { prompt: !self.mask_prompt, answer: true }
    }

    fn cut(&self, whole: Whole) -> Result<Option<Encoded>, EncodeError> {
        let mut encoded = whole.encoded;
        encoded.ids.truncate(self.max_length);
        encoded.carries_loss.truncate(self.max_length);
        Ok((encoded.targets() > 0).then_some(encoded))
    }

    fn whole(&self, messages: &[Message], counts: impl Fn(usize) -> Counting) -> Result<Whole, EncodeError> {
        let encoded = Encoded { ids: Vec::new(), carries_loss: Vec::new(), weight: 1.0, line: 0 };
        let mut whole = Whole { encoded, answers: Vec::new() };
        let mut done = String::new();
        for (i, message) in messages.iter().enumerate() {
            if message.role == Speaker::Assistant {
                done = self.push_answer(&mut whole, done, &messages[..=i], counts(i))?;
            }
        }
        if let Some(first) = whole.encoded.carries_loss.first_mut() {
            *first = false;
        }
        Ok(whole)
    }

    /// Adds the prompt since `done` and the answer that ends `messages`; returns the text so far.
    fn push_answer(
        &self,
        sample: &mut Whole,
        done: String,
        messages: &[Message],
        counts: Counting,
    ) -> Result<String, EncodeError> {
        let encoded = &mut sample.encoded;
        let prompt = self.template.render(&messages[..messages.len() - 1], true)?;
        let whole = self.template.render(messages, false)?;
        // A template may write an answer's opening differently once the answer is there.
        let prompt = &prompt[..common_prefix(&prompt, &whole)];
        let done = common_prefix(&done, prompt);
        encoded.push(&self.tokenizer.encode(&prompt[done..])?, counts.prompt);
        let mut answer = self.tokenizer.encode(&whole[prompt.len()..])?;
        let end = answer.iter().rposition(|id| self.end_tokens.contains(id));
        let (counting, end_token) = match (end, self.end_tokens.first()) {
            (Some(end), _) => (end + 1, EndToken::Written),
            (None, Some(token)) => {
                answer.push(*token);
                (answer.len(), EndToken::Appended)
            }
            (None, None) => (answer.len(), EndToken::Missing),
        };
        encoded.push(&answer[..counting], counts.answer);
        sample.answers.push(Answer { end: encoded.ids.len(), end_token });
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
