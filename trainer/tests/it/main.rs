//! The tests of the trainer as a whole, a module each of one binary: what they test is linked once.
//! `cargo nextest run --package trainer --test it MODULE::` runs those of one module.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;
#[path = "support/workplace.rs"]
mod workplace;

mod agreement;
mod choices;
mod estimates;
mod evaluation;
mod full;
mod golden;
mod integer;
mod kills;
#[cfg(target_os = "linux")]
mod limits;
mod llama_cpp;
mod measure;
mod merge;
mod methods;
mod metrics_reference;
mod models;
mod numerics;
mod parallel;
mod peft;
mod precision;
mod preference;
mod preflight;
mod quantized;
mod run;
#[cfg(target_os = "linux")]
mod sandbox;
mod score;
mod settings;
mod task_file;
