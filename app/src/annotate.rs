//! Annotation: people answer the questions of a task about its items, others review and adjudicate what they said; `lead`
//! plans and watches it. Pages are whole without JavaScript; with it the annotator's screen needs nothing but the keyboard.

mod answers;
#[cfg(feature = "hydrate")]
mod browser;
mod content;
mod fields;
pub mod lead;
pub mod review;
mod said;
mod spans;
pub mod work;

pub use review::{AdjudicatePage, ReviewPage, ReviewedPage};
pub use work::WorkPage;
