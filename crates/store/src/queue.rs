//! The queue of training runs, as workers see it.

/// Channel on which every change of a run is announced, with the run's id.
pub const CHANNEL: &str = "run";
