//! Exploring a version of any size. [`build`] makes its index once; [`find`] answers from bitmaps of rows and reads from the
//! samples one page alone. [`tags`] are what people put on samples, [`looks`] who had sealed test rows shown.

mod bitmaps;
pub mod build;
mod cache;
mod edit;
mod find;
pub mod looks;
mod perplexity;
mod segment;
pub mod tags;
#[cfg(test)]
mod tests;
mod training;

pub(crate) use cache::forget as forget_cached;
pub use dataprep::edit::Editor;
pub use edit::{preview_edit, select};
pub use find::{find, how_many};
pub(crate) use training::{alike, training_rows};
