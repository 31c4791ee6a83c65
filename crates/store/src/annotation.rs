//! Annotation: tasks, their items, who has which item, what people said of it, and what that comes to.

pub mod adjudication;
pub mod batches;
pub mod blind;
pub mod board;
pub mod consensus;
pub mod content;
mod erase;
pub mod exchange;
pub mod fill;
pub mod gold;
pub mod guidelines;
mod head;
pub mod items;
mod loaded;
pub mod people;
pub mod publish;
pub mod quality;
pub mod reviews;
mod setting;
pub mod tasks;
pub mod work;

#[cfg(test)]
mod results_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use erase::forget;
