//! Bad cases: every prediction of a tuned model that failed is a candidate. People confirm it,
//! name the cause, correct the answer; corrections become the next version of the dataset, from
//! which the next run starts. This closes the loop.

mod add;
mod api;
mod detail;
mod judge;
mod list;
pub mod text;

pub use detail::BadCasePage;
pub use list::BadCaseListPage;
