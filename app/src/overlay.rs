//! Curves of up to fifty runs over each other, trained here or tracked, on one axis. What is drawn are columns of pixels with
//! their extremes (`domain::overlay`), so it stays quick however long the runs are. The server draws an SVG; in the browser
//! an island asks the REST API for the part that is zoomed into, and keeps the address as the picture is.

mod address;
mod api;
mod choose;
mod live;
mod page;
mod text;

pub use page::OverlayPage;
