//! Speed of a training step against the machine's own ceiling, measured side by side.
//!
//! The ceiling is what one large matrix product per step could reach: measured GFLOP/s divided
//! by the step's floating-point operations per token. A ratio of the two says how good the step
//! is on whatever machine, busy or not.

use crate::adapt::{Adapter, LoraAdapter};
use crate::error::TrainError;
use crate::memory;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Decoder, Targets};
use crate::ops::measure_gflops;
use crate::optim::{Optimizer, clip};
use candle_core::Tensor;
use domain::recipe::Lora;
use serde::Serialize;
use std::time::Instant;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub batch: usize,
    /// Tokens per sample; all of them carry loss.
    pub seq: usize,
    pub rank: u32,
    pub steps: usize,
}

/// What was measured; rates are medians over the steps.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    pub batch: usize,
    pub seq: usize,
    pub rank: u32,
    pub tokens_per_second: f64,
    pub gemm_gflops: f64,
    pub mflop_per_token: f64,
    pub ceiling_tokens_per_second: f64,
    /// tokens_per_second / ceiling_tokens_per_second
    pub share_of_ceiling: f64,
    pub peak_memory_mib: Option<f64>,
}

/// Trains `decoder` on made-up tokens.
pub fn measure(decoder: &mut Decoder, workload: Workload) -> Result<Speed, TrainError> {
    let Workload { batch, seq, rank, steps } = workload;
    let lora = Lora { rank, alpha: 2.0 * f64::from(rank), ..Lora::default() };
    let adapter = LoraAdapter::new(decoder, &lora, 0)?;
    adapter.attach_to(decoder);
    let mut optimizer = Optimizer::new(&Default::default(), adapter.parameters())?;
    let vocabulary = decoder.config.vocab_size;
    let ids: Vec<u32> = (0..batch * seq).map(|i| (i * 7919 % vocabulary) as u32).collect();
    let rows: Vec<u32> = (0..ids.len() as u32).filter(|i| !(*i as usize + 1).is_multiple_of(seq)).collect();
    let tokens = rows.iter().map(|r| ids[*r as usize + 1]).collect();
    let targets = Targets { rows, tokens, ..Targets::default() };
    let ids = Tensor::from_vec(ids, (batch, seq), decoder.device())?;
    let (mut rates, mut speeds) = (Vec::new(), Vec::new());
    // The first step warms caches and the allocator and is not counted.
    for step in 0..=steps {
        let gemm = measure_gflops();
        let started = Instant::now();
        let loss = decoder.training_loss(&ids, &targets, targets.rows.len() as f64, step as u64)?;
        let store = loss.backward()?;
        let gradients: Vec<Tensor> =
            optimizer.parameters().iter().filter_map(|p| store.get(&p.variable).cloned()).collect();
        optimizer.step(&gradients, clip::factor(clip::global_norm(&gradients)?, 1.0), 1e-5)?;
        if step > 0 {
            rates.push((batch * seq) as f64 / started.elapsed().as_secs_f64());
            speeds.push(f64::midpoint(gemm, measure_gflops()));
        }
    }
    decoder.detach();
    let (tokens_per_second, gemm_gflops) = (median(rates), median(speeds));
    let mflop_per_token = flop_per_token(&decoder.config, rank as usize, seq) / 1e6;
    let ceiling_tokens_per_second = gemm_gflops * 1e3 / mflop_per_token;
    Ok(Speed {
        batch,
        seq,
        rank,
        tokens_per_second,
        gemm_gflops,
        mflop_per_token,
        ceiling_tokens_per_second,
        share_of_ceiling: tokens_per_second / ceiling_tokens_per_second,
        peak_memory_mib: memory::peak_mib(),
    })
}

/// Floating-point operations that one token of a step needs: 4 per frozen weight (forward and
/// dX), 6 per adapter weight (dA or dB as well), and attention over half the sequence, two products
/// forward and five backward.
fn flop_per_token(config: &DecoderConfig, rank: usize, seq: usize) -> f64 {
    let linears = config.linear_layers();
    let frozen: usize = linears.iter().map(|l| l.out * l.width).sum();
    let adapter: usize = linears.iter().map(|l| rank * (l.out + l.width)).sum();
    let attention = 7 * config.heads * config.head_dim * seq;
    let head = config.vocab_size * config.hidden_size;
    (config.layers * (4 * frozen + 6 * adapter + attention) + 4 * head) as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
