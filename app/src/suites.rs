//! Evaluation suites: what they ask, what candidates reached, where they are worst, which base model to begin with.

pub mod api;
mod bake_off;
mod design;
mod form;
mod history;
mod list;
mod page;
mod result;
mod rows;
mod seeds;
mod slices;
mod targets;
pub mod text;
pub mod waiting;

pub use bake_off::BakeOffPage;
pub use design::{NewSuitePage, SuiteDesignPage};
pub use list::SuiteListPage;
pub use page::SuitePage;
pub use result::SuiteResultPage;
pub use seeds::SuiteSeedsPage;
pub use slices::SuiteSlicesPage;
