//! The tests of what other crates see of the store, a module each of one binary: what they test is linked once.
//! `cargo nextest run --package store --test it MODULE::` runs those of one module.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod datasets;
mod forget;
mod trace;
