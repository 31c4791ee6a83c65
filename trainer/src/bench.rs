//! Speed of a training step against the machine's own ceiling, measured side by side.
//!
//! The ceiling is what one large matrix product per step could reach: measured GFLOP/s divided
//! by the step's floating-point operations per token. A ratio of the two says how good the step
//! is on whatever machine, busy or not.

pub mod answers;

use crate::adapt::{Adapter, LoraAdapter};
use crate::device;
use crate::error::TrainError;
use crate::memory;
use crate::model::config::DecoderConfig;
use crate::model::decoder::{Decoder, Targets};
use crate::model::weights::BaseModel;
use crate::ops::linear_cross_entropy::Objective;
use crate::ops::measure_gflops;
use crate::optim::{Optimizer, Parameter, clip};
use candle_core::{Device, Tensor};
use domain::recipe::{Lora, Precision};
use serde::Serialize;
use std::time::Instant;

/// What the step trains, and in which form the base is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Trained {
    /// Low-rank adapters on a base in f32.
    Lora,
    /// Low-rank adapters on a base in the quantized blocks of its file.
    Qlora,
    /// All weights.
    Full,
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub method: Trained,
    pub batch: usize,
    /// Tokens per sample; all of them carry loss.
    pub seq: usize,
    /// Of the adapters.
    pub rank: u32,
    /// Of activations and frozen weights.
    pub precision: Precision,
    /// Whether blocks are computed again in the backward pass.
    pub recomputes: bool,
    pub steps: usize,
}

/// What was measured; rates are medians over the steps.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    pub method: Trained,
    pub batch: usize,
    pub seq: usize,
    pub rank: u32,
    pub precision: Precision,
    pub recomputes: bool,
    pub tokens_per_second: f64,
    /// Of the slowest and the fastest step.
    pub slowest: f64,
    pub fastest: f64,
    pub gemm_gflops: f64,
    pub mflop_per_token: f64,
    pub ceiling_tokens_per_second: f64,
    /// tokens_per_second / ceiling_tokens_per_second
    pub share_of_ceiling: f64,
    pub peak_memory_mib: Option<f64>,
}

/// Trains `base` on made-up tokens.
pub fn measure(mut base: BaseModel, workload: Workload) -> Result<Speed, TrainError> {
    let Workload { method, batch, seq, rank, precision, recomputes, steps } = workload;
    if method == Trained::Qlora {
        base.weights.keep_quantized()?;
    }
    let dtype = device::dtype_on(precision, base.weights.device());
    if method != Trained::Full {
        base.weights.round_to(dtype);
    }
    let mut decoder = Decoder::new(base.config, &mut base.weights)?;
    let mut optimizer = Optimizer::new(&Default::default(), parameters(&mut decoder, method, rank)?)?;
    decoder.round_to(dtype)?;
    let (ids, targets) = made_up(&decoder.config, batch, seq, decoder.device())?;
    let (mut rates, mut speeds) = (Vec::new(), Vec::new());
    // The first step warms caches and the allocator and is not counted.
    for step in 0..=steps {
        let gemm = measure_gflops();
        let started = Instant::now();
        let objective = Objective::plain(&targets.tokens, targets.rows.len() as f64);
        let (.., mut store) = decoder.objective_and_gradients(&ids, &targets, &objective, step as u64, recomputes)?;
        let gradients: Vec<Tensor> = optimizer.parameters().iter().filter_map(|p| store.remove(&p.variable)).collect();
        optimizer.step(&gradients, clip::factor(clip::global_norm(&gradients)?, 1.0), 1e-5)?;
        if step > 0 {
            rates.push((batch * seq) as f64 / started.elapsed().as_secs_f64());
            speeds.push(f64::midpoint(gemm, measure_gflops()));
        }
    }
    let (tokens_per_second, gemm_gflops) = (median(&mut rates), median(&mut speeds));
    let mflop_per_token = flop_per_token(&decoder.config, method, rank as usize, seq) / 1e6;
    let ceiling_tokens_per_second = gemm_gflops * 1e3 / mflop_per_token;
    Ok(Speed {
        method,
        batch,
        seq,
        rank,
        precision,
        recomputes,
        tokens_per_second,
        slowest: rates.first().copied().unwrap_or(f64::NAN),
        fastest: rates.last().copied().unwrap_or(f64::NAN),
        gemm_gflops,
        mflop_per_token,
        ceiling_tokens_per_second,
        share_of_ceiling: tokens_per_second / ceiling_tokens_per_second,
        peak_memory_mib: memory::peak_mib(),
    })
}

/// What the method trains of `decoder`.
fn parameters(decoder: &mut Decoder, method: Trained, rank: u32) -> Result<Vec<Parameter>, TrainError> {
    if method == Trained::Full {
        let plain = |(name, variable)| Parameter { name, variable, learning_rate_factor: 1.0 };
        return Ok(decoder.train_weights(|_| true)?.into_iter().map(plain).collect());
    }
    let lora = Lora { rank, alpha: 2.0 * f64::from(rank), ..Lora::default() };
    let adapter = LoraAdapter::new(decoder, &lora, 0)?;
    adapter.attach_to(decoder);
    Ok(adapter.parameters())
}

fn made_up(
    config: &DecoderConfig,
    batch: usize,
    seq: usize,
    device: &Device,
) -> candle_core::Result<(Tensor, Targets)> {
    let ids: Vec<u32> = (0..batch * seq).map(|i| (i * 7919 % config.vocab_size) as u32).collect();
    let rows: Vec<u32> = (0..ids.len() as u32).filter(|i| !(*i as usize + 1).is_multiple_of(seq)).collect();
    let tokens = rows.iter().map(|r| ids[*r as usize + 1]).collect();
    let targets = Targets { rows, tokens, ..Targets::default() };
    Ok((Tensor::from_vec(ids, (batch, seq), device)?, targets))
}

/// Floating-point operations that one token of a step needs: 4 per frozen weight (forward and
/// dX), 6 per trained one (its own gradient as well), and attention over half the sequence, two products
/// forward and five backward.
fn flop_per_token(config: &DecoderConfig, method: Trained, rank: usize, seq: usize) -> f64 {
    let linears = config.linear_layers();
    let base: usize = linears.iter().map(|l| l.out * l.width).sum();
    let adapter: usize = linears.iter().map(|l| rank * (l.out + l.width)).sum();
    let attention = 7 * config.heads * config.head_dim * seq;
    let head = config.vocab_size * config.hidden_size;
    let (per_weight, adapter) = if method == Trained::Full { (6, 0) } else { (4, adapter) };
    (config.layers * (per_weight * base + 6 * adapter + attention) + per_weight * head) as f64
}

/// The middle one; sorts them.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
