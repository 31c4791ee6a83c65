//! Comparing runs: curves laid over each other, only the settings in which they differ, and the
//! tuned models' test metrics side by side with the best marked and the differences' intervals.

mod api;
mod choose;
mod page;
mod tables;
mod text;

pub use page::ComparePage;
