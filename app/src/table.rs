//! The run table: every run of a project with everything that is known of it. What is shown is a view, which the address says
//! whole; a view that is kept has a short address. All of it is rendered on the server and works by links and plain forms; the
//! only island completes the filter while it is typed.

mod address;
mod api;
mod cells;
mod columns;
mod completion;
mod filter;
mod groups;
mod marks;
mod page;
mod plots;
mod rows;
mod scatter;
pub mod text;
mod views;

pub use page::RunTablePage;
