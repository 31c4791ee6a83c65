//! Many prompts at once: greedy answers and the likelihood of given ones.
//!
//! Prompts are read once into a key-value cache; every continuation starts from there.

use super::chat::{Chat, InferError, Prompt};
use crate::model::cache::KvCache;
use crate::model::decoder::Decoder;
use candle_core::{D, Tensor};
use rayon::prelude::*;

/// −log p of a text given its prompt, summed over its tokens, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likelihood {
    pub negative_log: f64,
    pub tokens: usize,
}

impl Likelihood {
    /// Mean −log p per token, in nats; 0 without tokens, and finite even where the model breaks down.
    #[must_use]
    pub fn per_token(&self) -> f64 {
        (self.negative_log / self.tokens.max(1) as f64).min(f64::MAX)
    }
}

/// Prompts that have been read: what their continuations start from.
#[derive(Debug)]
pub struct Prompted<'a> {
    chat: Chat<'a>,
    cache: KvCache,
    /// Final hidden state of each prompt's last token, (batch, hidden).
    last: Tensor,
}

impl<'a> Prompted<'a> {
    /// Reads `prompts` (at least one), leaving room for `answer_tokens` after each.
    pub fn read(chat: Chat<'a>, prompts: &[&Prompt], answer_tokens: usize) -> Result<Self, InferError> {
        let decoder = chat.decoder;
        let lengths: Vec<usize> = prompts.iter().map(|p| p.ids.len()).collect();
        let capacity = lengths.iter().copied().max().unwrap_or(0) + answer_tokens;
        let shared = shared_tokens(prompts);
        let mut cache = decoder.new_cache(if shared > 0 { 1 } else { prompts.len() }, capacity)?;
        if shared > 0 {
            let ids = Tensor::new(&prompts[0].ids[..shared], decoder.device())?.unsqueeze(0)?;
            decoder.forward(&ids, Some(&mut cache))?;
            cache = cache.select(&vec![0; prompts.len()], capacity)?;
        }
        let seq = capacity - answer_tokens - shared;
        let ids = padded(decoder, prompts.iter().map(|p| &p.ids[shared..]), seq)?;
        let hidden = decoder.forward(&ids, Some(&mut cache))?;
        cache.truncate(&lengths);
        let rows: Vec<u32> =
            lengths.iter().enumerate().map(|(i, length)| (i * seq + length - shared - 1) as u32).collect();
        let last = hidden.index_select(&Tensor::new(rows, decoder.device())?, 0)?;
        Ok(Self { chat, cache, last })
    }

    /// A copy in which place `i` continues prompt `rows[i]`, with room for `answer_tokens` more.
    pub fn select(&self, rows: &[usize], answer_tokens: usize) -> Result<Self, InferError> {
        let lengths = self.cache.lengths();
        let longest = rows.iter().map(|row| lengths[*row]).max().unwrap_or(0);
        let cache = self.cache.select(rows, longest + answer_tokens)?;
        let index: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        let last = self.last.index_select(&Tensor::new(index, self.chat.decoder.device())?, 0)?;
        Ok(Self { chat: self.chat, cache, last })
    }

    /// log p, in nats, of the next token being `token` at place `row`, for each pair.
    pub fn next_log_p(&self, pairs: &[(usize, u32)]) -> Result<Vec<f64>, InferError> {
        let logits = self.chat.decoder.logits(&self.last)?.to_vec2::<f32>()?;
        let normalisers: Vec<f64> = logits.par_iter().map(|row| log_sum_exp(row)).collect();
        Ok(pairs.iter().map(|(row, token)| f64::from(logits[*row][*token as usize]) - normalisers[*row]).collect())
    }

    /// Reads one more token per place, for which there must be room.
    pub fn push(&mut self, tokens: &[u32]) -> Result<(), InferError> {
        let decoder = self.chat.decoder;
        let ids = Tensor::new(tokens, decoder.device())?.unsqueeze(1)?;
        self.last = decoder.forward(&ids, Some(&mut self.cache))?;
        Ok(())
    }

    /// How likely each prompt is to be continued by its text; leaves the prompts as they are.
    pub fn likelihoods(&mut self, continuations: &[&[u32]]) -> Result<Vec<Likelihood>, InferError> {
        let decoder = self.chat.decoder;
        let lengths = self.cache.lengths();
        // The last token of a continuation is predicted but never read.
        let seq = continuations.iter().map(|c| c.len().saturating_sub(1)).max().unwrap_or(0);
        let batch = continuations.len();
        let mut states = vec![self.last.clone()];
        if seq > 0 {
            let read = continuations.iter().map(|c| &c[..c.len().saturating_sub(1)]);
            states.push(decoder.forward(&padded(decoder, read, seq)?, Some(&mut self.cache))?);
            self.cache.truncate(&lengths);
        }
        let (mut rows, mut targets, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for (i, continuation) in continuations.iter().enumerate() {
            for (t, token) in continuation.iter().enumerate() {
                rows.push(if t == 0 { i } else { batch + i * seq + t - 1 } as u32);
                targets.push(*token);
                owners.push(i);
            }
        }
        let mut likelihoods = vec![Likelihood::default(); batch];
        if rows.is_empty() {
            return Ok(likelihoods);
        }
        let states = Tensor::cat(&states, 0)?.index_select(&Tensor::new(rows, decoder.device())?, 0)?;
        for (owner, loss) in owners.into_iter().zip(decoder.token_losses(&states, &targets)?) {
            likelihoods[owner].negative_log += f64::from(loss);
            likelihoods[owner].tokens += 1;
        }
        Ok(likelihoods)
    }

    /// The likeliest next token again and again until every answer has ended or has
    /// `max_new_tokens`; the ends themselves are left out.
    pub fn answer(self, max_new_tokens: usize) -> Result<Vec<Vec<u32>>, InferError> {
        self.answer_until(max_new_tokens, &[], &mut || {})
    }

    /// As [`Self::answer`]; an answer also ends with the token that completes one of the texts `stop`. `on_token` is called
    /// whenever every open answer has one token more.
    pub fn answer_until(
        mut self,
        max_new_tokens: usize,
        stop: &[String],
        on_token: &mut dyn FnMut(),
    ) -> Result<Vec<Vec<u32>>, InferError> {
        let decoder = self.chat.decoder;
        let batch = self.last.dim(0)?;
        let mut answers = vec![Vec::new(); batch];
        let mut is_over = vec![false; batch];
        for step in 0..max_new_tokens {
            let next: Vec<u32> = decoder.logits(&self.last)?.argmax(D::Minus1)?.to_vec1()?;
            for (i, token) in next.iter().enumerate() {
                is_over[i] |= self.chat.ends_turn(*token);
                if !is_over[i] {
                    answers[i].push(*token);
                    is_over[i] = self.is_stopped(&answers[i], stop);
                }
            }
            on_token();
            if is_over.iter().all(|over| *over) || step + 1 == max_new_tokens {
                break;
            }
            self.push(&next)?;
        }
        Ok(answers)
    }

    /// Whether the end of an answer holds one of these texts. A token is at least one byte, but for a few.
    fn is_stopped(&self, answer: &[u32], stop: &[String]) -> bool {
        let longest = stop.iter().map(String::len).max().unwrap_or(0);
        if longest == 0 {
            return false;
        }
        let end = self.chat.tokenizer.decode(&answer[answer.len().saturating_sub(longest + 8)..]);
        stop.iter().any(|stop| !stop.is_empty() && end.contains(stop.as_str()))
    }
}

/// Tokens that all of several prompts begin with, but for the last token of each; 0 when too few to
/// be worth a pass of their own.
fn shared_tokens(prompts: &[&Prompt]) -> usize {
    let [first, others @ ..] = prompts else { return 0 };
    let agree = |other: &&Prompt| first.ids.iter().zip(&other.ids).take_while(|(a, b)| a == b).count();
    let shortest = prompts.iter().map(|p| p.ids.len() - 1).min().unwrap_or(0);
    others.iter().map(agree).min().map(|shared| shared.min(shortest)).filter(|shared| *shared >= 8).unwrap_or(0)
}

fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|l| f64::from((l - largest).exp())).sum();
    f64::from(largest) + total.ln()
}

/// Sequences as one (batch, seq) tensor, padded on the right.
fn padded<'a>(
    decoder: &Decoder,
    sequences: impl Iterator<Item = &'a [u32]>,
    seq: usize,
) -> candle_core::Result<Tensor> {
    let mut ids = Vec::new();
    let mut batch = 0;
    for sequence in sequences {
        ids.extend_from_slice(sequence);
        batch += 1;
        ids.resize(batch * seq, 0);
    }
    Tensor::from_vec(ids, (batch, seq), decoder.device())
}
