//! Fine-tunes, evaluates and runs language models on candle.
//!
//! Read in this order: [`ops`] (fused operations with hand-written gradients), then the rest,
//! which only composes them.

pub mod adapt;
pub mod convert;
pub mod data;
pub mod inspect;
pub mod model;
pub mod ops;
pub mod optim;
