//! From samples to tokens: tokenizer, chat template, loss mask, batches.

pub mod batch;
pub mod count;
pub mod masking;
pub mod order;
pub mod samples;
pub mod template;
pub mod tokenizer;
