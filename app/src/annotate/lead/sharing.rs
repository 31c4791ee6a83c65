//! Who is given which part of the work, and until when: groups of members, the batches of a task, its deadline, and how many people
//! judge an item.

pub mod api;
mod batches;
mod deadline;
mod groups;
mod overlap;
pub mod text;

pub use batches::BatchListPage;
pub(super) use deadline::{extend, mark};
pub use groups::GroupListPage;
pub(super) use overlap::raise;
