//! Base models: their files, their configuration, and the one decoder that runs them all.

mod block;
pub mod bottleneck;
pub mod cache;
pub mod config;
pub mod decoder;
pub mod dense;
pub mod error;
pub mod family;
pub mod gguf;
mod gguf_model;
mod gguf_names;
pub mod gguf_write;
mod hugging_face;
mod named_weights;
mod norm;
pub mod projection;
pub mod recompute;
pub mod safetensors;
mod stored;
pub mod virtual_tokens;
pub mod weights;

/// A result whose error is candle's unless it says otherwise.
pub(crate) type Result<T, E = candle_core::Error> = std::result::Result<T, E>;
