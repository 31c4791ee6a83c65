//! Sweeps: the form that plans one, the list, and the page of one with its trials and what they say.
//!
//! All of it is plain pages: the preview is this page again with the form's values in its address. The
//! page of a running sweep takes over its new content every few seconds, as the list of runs does.

pub mod api;
mod detail;
mod form;
mod list;
mod new;
mod plots;
mod tables;
mod text;

pub use detail::SweepPage;
pub use list::SweepListPage;
pub use new::NewSweepPage;
