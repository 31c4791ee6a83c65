//! Fine-tunes, evaluates and runs language models on candle. Knows nothing of HTTP or SQL.
//!
//! Read in this order:
//! - [`data`]: from samples to tokens, loss masks, batches, and the order a run sees them in;
//! - [`ops`]: fused operations with hand-written gradients, and what they fall back to on a GPU;
//! - [`model`]: files, configuration, and the one decoder for every family;
//! - [`adapt`], [`optim`]: what is trained, and how it moves;
//! - [`pass`], [`preference`], [`reference`](mod@reference): what a step lowers, and what preferences need for it;
//! - [`setup`], [`train`], [`finish`]: a run from its first byte to its summary, with
//!   [`checkpoint`], [`patience`], [`loss_scale`], [`recovery`], [`ledger`], [`manifest`], [`event`], [`preview`], [`memory`],
//!   [`device`] and [`error`] beside it, [`micro_batch`] as the unit of its work and [`parallel`] to share that out;
//! - [`mod@preflight`]: a run tried out before it begins;
//! - [`infer`], [`eval`], [`score`]: answers of a model, their quality, and how well it knows samples; [`mod@measure`]:
//!   predictions of any model; [`task_file`]: samples of task files; [`code_check`], [`sandbox`]: programs that models wrote;
//! - [`inspect`], [`convert`], [`merge`], [`mod@bench`], [`diff`]: the smaller commands; [`limits`] for those on
//!   files from outside.

pub mod adapt;
pub mod bench;
pub mod checkpoint;
pub mod code_check;
pub mod convert;
pub mod data;
pub mod device;
pub mod diff;
pub mod error;
pub mod eval;
pub mod event;
pub mod finish;
pub mod infer;
pub mod inspect;
pub mod ledger;
pub mod limits;
pub mod loss_scale;
pub mod manifest;
pub mod measure;
pub mod memory;
pub mod merge;
pub mod micro_batch;
pub mod model;
pub mod ops;
pub mod optim;
pub mod parallel;
pub mod pass;
pub mod patience;
pub mod preference;
pub mod preflight;
pub mod preview;
pub mod recovery;
pub mod reference;
pub mod sandbox;
pub mod score;
pub mod setup;
pub mod task_file;
pub mod train;
