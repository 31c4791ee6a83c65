//! Fused tensor operations with hand-written backward passes.
//!
//! candle's own graph computes gradients for frozen weights too and keeps every intermediate
//! value. On the CPU (f32) each operation here is one [`candle_core::CustomOp1`] (or 2, 3) that
//! computes only the gradients that somebody trains, and training records them on a [`tape`]; on any
//! other device and in any other type the same function is made of candle's operations, so one decoder runs
//! everywhere. Every file has one operation: formula, shapes, the fused version, the plain one, which candle
//! differentiates, often a portable one, which is the plain one with the backward pass by hand, and a test that
//! compares them with each other and with finite differences.
//!
//! Activations are two-dimensional: `(tokens, features)` with `tokens = batch · seq`.

pub mod activation;
pub mod allocator;
pub mod attention;
mod cpu;
mod dropout;
pub mod gated;
mod gemm;
pub mod integer;
pub mod layer_norm;
pub mod linear;
pub mod linear_cross_entropy;
pub mod lora_linear;
pub mod noise;
pub mod quantized;
pub mod reduced;
pub mod rms_norm;
pub mod rope;
pub mod rows;
pub mod tape;
mod team;
pub mod update;
mod vector;
pub mod weight;

#[cfg(test)]
mod check;

pub use dropout::Dropout;
pub use gemm::measure_gflops;
pub use weight::Weight;
