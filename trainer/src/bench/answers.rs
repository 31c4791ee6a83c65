//! Speed of answers: how fast a prompt is read, and how fast one answer and several at once are written.
//!
//! What is measured is what llama.cpp's own benchmark measures: prompts and answers of made-up tokens, and
//! answers written behind `depth` tokens.

use super::median;
use crate::error::TrainError;
use crate::memory;
use crate::model::cache::KvCache;
use crate::model::decoder::Decoder;
use crate::model::weights::BaseModel;
use candle_core::{D, Tensor};
use serde::Serialize;
use std::time::Instant;

/// What to measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Answers {
    /// Tokens of the prompt.
    pub prompt: usize,
    /// Tokens of an answer.
    pub tokens: usize,
    /// Tokens before an answer.
    pub depth: usize,
    /// Answers that are written at once.
    pub streams: usize,
    /// Times that everything is measured.
    pub rounds: usize,
}

/// Tokens per second, medians over the rounds: first by the clock, then of processor time, which other work on the
/// machine does not lengthen as much.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerSpeed {
    #[serde(flatten)]
    pub workload: Answers,
    pub quantization: String,
    pub threads: usize,
    pub prefill: Rate,
    pub decode: Rate,
    /// All streams together.
    pub batched: Rate,
    /// Of all streams together against one, by the clock.
    pub batched_over_one: f64,
    pub peak_memory_mib: Option<f64>,
}

/// Tokens per second.
#[derive(Clone, Debug, Serialize)]
pub struct Rate {
    pub tokens_per_second: f64,
    pub slowest: f64,
    pub fastest: f64,
    /// Of all threads together.
    pub tokens_per_cpu_second: f64,
}

/// Lets the model read and write made-up tokens.
pub fn measure(mut base: BaseModel, is_exact: bool, workload: Answers) -> Result<AnswerSpeed, TrainError> {
    if !is_exact {
        base.weights.use_integers();
    }
    let quantization = base.card.quantization;
    let decoder = Decoder::new(base.config, &mut base.weights)?;
    let Answers { prompt, tokens, depth, streams, rounds } = workload;
    let (mut reading, mut writing, mut together) = (Times::default(), Times::default(), Times::default());
    // The first round warms caches and threads and is not counted.
    for round in 0..=rounds {
        let mut cache = decoder.new_cache(1, prompt)?;
        let read = timed(prompt, || read(&decoder, &mut cache, 1, prompt).map(drop))?;
        let one = write(&decoder, 1, depth, tokens)?;
        let many = write(&decoder, streams, depth, tokens)?;
        if round > 0 {
            reading.add(read);
            writing.add(one);
            together.add(many);
        }
    }
    let (decode, batched) = (writing.rate(), together.rate());
    Ok(AnswerSpeed {
        workload,
        quantization,
        threads: rayon::current_num_threads(),
        prefill: reading.rate(),
        batched_over_one: batched.tokens_per_second / decode.tokens_per_second,
        decode,
        batched,
        peak_memory_mib: memory::peak_mib(),
    })
}

/// Rates of one kind of work.
#[derive(Default)]
struct Times {
    by_clock: Vec<f64>,
    by_processor: Vec<f64>,
}

impl Times {
    fn add(&mut self, (by_clock, by_processor): (f64, f64)) {
        self.by_clock.push(by_clock);
        self.by_processor.push(by_processor);
    }

    fn rate(mut self) -> Rate {
        Rate {
            tokens_per_second: median(&mut self.by_clock),
            slowest: self.by_clock.first().copied().unwrap_or(f64::NAN),
            fastest: self.by_clock.last().copied().unwrap_or(f64::NAN),
            tokens_per_cpu_second: median(&mut self.by_processor),
        }
    }
}

/// Tokens per second and per second of processor time.
fn timed(tokens: usize, work: impl FnOnce() -> candle_core::Result<()>) -> candle_core::Result<(f64, f64)> {
    let (started, processor) = (Instant::now(), processor_seconds());
    work()?;
    let spent = processor_seconds() - processor;
    Ok((tokens as f64 / started.elapsed().as_secs_f64(), tokens as f64 / spent))
}

/// Processor time of all threads of this process.
fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The likeliest token behind `length` made-up ones, for each of `batch` texts.
fn read(decoder: &Decoder, cache: &mut KvCache, batch: usize, length: usize) -> candle_core::Result<Tensor> {
    let vocabulary = decoder.config.vocab_size;
    let ids: Vec<u32> = (0..batch * length).map(|i| (i * 7919 % vocabulary) as u32).collect();
    let hidden = decoder.forward(&Tensor::from_vec(ids, (batch, length), decoder.device())?, Some(cache))?;
    let last: Vec<u32> = (1..=batch).map(|i| (i * length - 1) as u32).collect();
    decoder.logits(&hidden.index_select(&Tensor::new(last, decoder.device())?, 0)?)?.argmax(D::Minus1)
}

/// The speed of writing `tokens` each, greedily, in `batch` texts of `depth` tokens.
fn write(decoder: &Decoder, batch: usize, depth: usize, tokens: usize) -> candle_core::Result<(f64, f64)> {
    let mut cache = decoder.new_cache(batch, depth.max(1) + tokens)?;
    let mut next = read(decoder, &mut cache, batch, depth.max(1))?;
    timed(batch * tokens, || {
        for _ in 0..tokens {
            let hidden = decoder.forward(&next.unsqueeze(1)?, Some(&mut cache))?;
            next = decoder.logits(&hidden)?.argmax(D::Minus1)?;
        }
        Ok(())
    })
}
