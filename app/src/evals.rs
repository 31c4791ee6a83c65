//! The evaluation of a run on the sealed test split: base against tuned model, as headline
//! numbers with intervals, per class, as a confusion matrix, and sample by sample with failures
//! first.

mod api;
mod classes;
mod confusion;
mod page;
mod predictions;
pub mod text;

pub use page::EvaluationPage;
