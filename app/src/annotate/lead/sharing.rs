//! Who is given which part of the work, and until when: groups of members, the batches of a task, its deadline.

pub mod api;
mod batches;
mod deadline;
mod groups;
pub mod text;

pub use batches::BatchListPage;
pub(super) use deadline::{extend, mark};
pub use groups::GroupListPage;
