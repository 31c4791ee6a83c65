//! Fine-tunes, evaluates and runs language models on candle.
//!
//! Read in this order: [`ops`] (fused operations with hand-written gradients), then the rest,
//! which only composes them.

pub mod adapt;
pub mod bench;
pub mod checkpoint;
pub mod convert;
pub mod data;
pub mod device;
pub mod error;
pub mod eval;
pub mod event;
pub mod finish;
pub mod infer;
pub mod inspect;
pub mod memory;
pub mod model;
pub mod ops;
pub mod optim;
pub mod preview;
pub mod setup;
pub mod train;
