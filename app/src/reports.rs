//! Reports of runs and digests of weeks: what a report says ([`compose`]), as a page, as a file of its own, and how it is written
//! and decided. A document is composed once, in the language of the report, for every way to show it ([`document`]).

pub mod api;
pub mod compose;
mod decide;
mod diff;
mod digest;
pub mod document;
mod edit;
mod list;
mod new;
mod page;
pub mod standalone;
pub mod text;
mod view;

pub use diff::ReportDiffPage;
pub use digest::{DigestListPage, DigestPage};
pub use list::ReportListPage;
pub use new::NewReportPage;
pub use page::ReportPage;
