//! The tests of what other crates see of the preparation of data, a module each of one binary: what they test is linked once.
//! `cargo nextest run --package dataprep --test it MODULE::` runs those of one module.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod pii;
