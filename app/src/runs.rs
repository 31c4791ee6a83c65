//! Runs: the list, the launch form, and the page of one run, which is live while the run works.
//!
//! A run is launched with a base model, a dataset version and a recipe; it waits in the queue
//! until a worker takes it, after it was tried out. Its page is rendered whole on the server; in the browser an island
//! follows the run's event stream and reconnects where it stopped.

mod answers;
pub mod api;
mod benchmarks;
mod curves;
mod detail;
mod fit;
mod form;
mod leaks;
mod learning;
mod list;
mod live;
mod new;
mod preflight;
mod repetition;
mod result;
mod state;
mod sweeps;
pub mod text;

pub use answers::AnswersPage;
pub use detail::RunPage;
pub use fit::FitPage;
pub use learning::LearningPage;
pub use list::RunListPage;
pub use new::NewRunPage;
pub use preflight::PreflightPage;
pub use sweeps::{NewSweepPage, SweepListPage, SweepPage};
