//! Runs of programs outside that track here with MLflow's client: the list with its newest
//! numbers, and one run with its curves and files.

pub mod api;
mod detail;
mod list;
pub mod text;

pub use detail::TrackedRunPage;
pub use list::TrackedRunListPage;

use domain::tracking::TrackedStatus;
use time::OffsetDateTime;

/// Milliseconds since 1970 as a time; `None` for what is none.
fn at(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// The class of a status' badge.
fn badge(status: TrackedStatus) -> &'static str {
    match status {
        TrackedStatus::Running | TrackedStatus::Scheduled => "badge badge-busy",
        TrackedStatus::Finished => "badge badge-good",
        TrackedStatus::Failed => "badge badge-bad",
        TrackedStatus::Killed => "badge badge-quiet",
    }
}
