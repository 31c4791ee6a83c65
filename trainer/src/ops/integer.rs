//! Products of quantized matrices in whole numbers: for inference, where a rounding of the input is affordable.
//!
//! Inputs are rounded to 8 bits with a scale per 32 values, as llama.cpp does; then
//! `yᵣ = Σ_blocks dₓ · (d · Σ q·p + m · Σ p)` with q, p the whole numbers of weight and input, d, m and dₓ their
//! scales. The sums of whole numbers are exact on every processor. Relative to exact products each input
//! is off by at most half a step, 1/254 of the largest of its block. Training never comes here: see [`Weight`].
//!
//! [`Weight`]: super::Weight

use super::quantized::Quantized;
use candle_core::{Device, Result, Tensor};
use std::fmt;
use std::sync::Arc;

mod inputs;
mod kernel;
mod panels;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::team;
use inputs::Inputs;
use kernel::Level;
use panels::{LANES, Panels};
use rayon::prelude::*;
use std::ops::Range;

/// A frozen matrix for products in whole numbers, on the CPU. Clones share its memory.
#[derive(Clone)]
pub struct Integer(Arc<Panels>);

impl Integer {
    /// The matrix laid out for its products; `None` when it is in a format or on a device that has none.
    #[must_use]
    pub fn new(matrix: &Quantized) -> Option<Self> {
        let bytes = matrix.device().is_cpu().then(|| matrix.bytes())?;
        Panels::new(matrix.dtype(), bytes, matrix.dims()).map(|panels| Self(Arc::new(panels)))
    }

    /// (rows, columns)
    #[must_use]
    pub fn dims(&self) -> (usize, usize) {
        (self.0.rows(), self.0.columns())
    }

    /// Memory that it takes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.0.size_bytes()
    }

    /// The whole matrix in f32: the values that the file means.
    pub fn dequantize(&self) -> Result<Tensor> {
        let mut values = vec![0f32; self.0.rows() * self.0.columns()];
        self.read(0..self.0.rows(), &mut values);
        Tensor::from_vec(values, self.dims(), &Device::Cpu)
    }

    /// Writes the values of `rows` into `y`, with all threads.
    pub(super) fn read(&self, rows: Range<usize>, y: &mut [f32]) {
        let first = rows.start;
        y.par_chunks_mut(self.0.columns()).enumerate().for_each(|(i, y)| self.0.read(first + i, y));
    }

    /// x Wᵀ, (tokens, out), for `x` (tokens, in), whose rows are rounded.
    pub(super) fn product(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0f32; x.len() / self.0.columns() * self.0.rows()];
        product(x, &self.0, &mut y);
        y
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Integer({} x {})", self.0.rows(), self.0.columns())
    }
}

/// Tokens from which every task takes some of the tokens and all of the matrix.
const MANY: usize = 32;
/// Tokens of such a task: their inputs stay in the second-level cache.
const TOKENS: usize = 64;
/// Tasks per thread of a product of few tokens: a thread that is held up leaves its share to others.
const TASKS_PER_THREAD: usize = 3;
/// Multiplications that are worth a task of their own.
const LEAST_WORK: usize = 40_000;

/// y = x Wᵀ for `x` (tokens, in) and `y` (tokens, out).
fn product(x: &[f32], panels: &Panels, y: &mut [f32]) {
    let inputs = Inputs::new(x, panels);
    let tokens = inputs.tokens();
    assert_eq!(y.len(), tokens * panels.rows(), "the output of a product");
    if tokens < MANY { by_rows(&inputs, panels, y) } else { by_tokens(&inputs, panels, y) }
}

/// Tasks are parts of the matrix, so that each of its bytes is read once.
fn by_rows(inputs: &Inputs, panels: &Panels, y: &mut [f32]) {
    let work = panels.rows() * inputs.columns() * inputs.tokens();
    let tasks = (TASKS_PER_THREAD * rayon::current_num_threads()).min(work / LEAST_WORK).max(1);
    let rows = panels.count().div_ceil(tasks) * LANES;
    // Of each task: its first row, and its part of every token's output.
    let mut parts: Vec<(usize, Vec<&mut [f32]>)> =
        (0..panels.rows()).step_by(rows).map(|first| (first, Vec::with_capacity(inputs.tokens()))).collect();
    for y in y.chunks_exact_mut(panels.rows()) {
        parts.iter_mut().zip(y.chunks_mut(rows)).for_each(|((_, part), y)| part.push(y));
    }
    team::for_each(parts, |(first, mut y)| rows_of(inputs, 0, panels, first, &mut y));
}

/// Tasks are parts of the input, each with the whole matrix, which stays in the caches.
fn by_tokens(inputs: &Inputs, panels: &Panels, y: &mut [f32]) {
    let share = inputs.tokens().div_ceil(rayon::current_num_threads()).next_multiple_of(8);
    let tokens = share.min(TOKENS);
    let parts: Vec<_> = y.chunks_mut(tokens * panels.rows()).enumerate().collect();
    team::for_each(parts, |(i, y)| {
        let mut y: Vec<&mut [f32]> = y.chunks_exact_mut(panels.rows()).collect();
        rows_of(inputs, i * tokens, panels, 0, &mut y);
    });
}

/// The rows of the matrix from `first` on, as many as there is room for in `y`, for the tokens from `token` on.
fn rows_of(inputs: &Inputs, token: usize, panels: &Panels, first: usize, y: &mut [&mut [f32]]) {
    let rows = y.first().map_or(0, |y| y.len());
    for at in (0..rows).step_by(LANES) {
        let lanes = LANES.min(rows - at);
        let count = y.len();
        let mut write =
            |i: usize, values: &[f32; LANES]| y[i - token][at..at + lanes].copy_from_slice(&values[..lanes]);
        kernel::panel(Level::best(), panels.panel((first + at) / LANES), inputs, token..token + count, &mut write);
    }
}

#[cfg(test)]
mod tests;
