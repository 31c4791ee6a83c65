//! Comparing runs: curves laid over each other, only the settings in which they differ, and the
//! tuned models' test metrics side by side with the best marked and the differences' intervals; their data, what their
//! manifests say differently, and what they answered last.

mod api;
mod choose;
mod making;
mod page;
mod tables;
mod text;

pub use page::ComparePage;
