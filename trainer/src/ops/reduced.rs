//! Numbers of two bytes (bf16, f16): weights and activations in half the memory, and on GPUs products in a fraction of
//! the time (Micikevicius et al. 2017, arXiv:1710.03740).
//!
//! What is rounded to them: frozen matrices, the outputs of operations, and copies of trained matrices for the
//! products at hand. What stays f32: trained variables and their gradients, statistics of norms, softmax, the
//! logarithm of sums of exponentials, and the loss. The kernels of this module's siblings know f32 alone, so
//! reduced tensors take the ways made of candle's operations, on the CPU as on any other device.

use candle_core::{DType, Result, Tensor};

/// The values of `x` in f32.
pub fn in_f32(x: &Tensor) -> Result<Tensor> {
    x.to_dtype(DType::F32)
}

/// `x` in the type of `other`.
pub fn like(x: &Tensor, other: &Tensor) -> Result<Tensor> {
    x.to_dtype(other.dtype())
}
