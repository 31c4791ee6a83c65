//! Inference: a conversation in, an answer or its likelihood out.
//!
//! [`Chat`] joins decoder, tokenizer and template. [`generate`] writes one answer as a stream;
//! [`batch`] answers and scores many prompts at once, for evaluation.

pub mod batch;
mod chat;
pub mod generate;
pub mod sampler;

pub use chat::{Chat, InferError, Prompt};
