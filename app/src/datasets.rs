//! Datasets: an upload becomes an immutable version by way of a preview and an import; a version
//! shows what is in it, where it came from, and every sample.
//!
//! `form` is what the import form says, as one thing for its address, its post and its preview.

pub mod api;
pub mod detail;
pub mod form;
pub mod inside;
pub mod list;
pub mod merge;
pub mod new;
pub mod origin;
pub mod preview;
pub mod samples;
pub mod stats;
mod task;
pub mod text;
pub mod tokens;

pub use detail::DatasetPage;
pub use list::DatasetListPage;
pub use merge::MergePage;
pub use new::NewDatasetPage;
