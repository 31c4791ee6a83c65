//! Annotation: tasks, their items, who has which item, and what people said of it.

pub mod content;
pub mod fill;
pub mod gold;
pub mod guidelines;
pub mod people;
pub mod tasks;
pub mod work;

#[cfg(test)]
pub(crate) mod tests;

mod erase;
mod setting;

pub use erase::forget;
//! Annotation: tasks, who has which item, what people said, and what that comes to.

pub mod adjudication;
pub mod board;
pub mod consensus;
pub mod exchange;
mod head;
pub mod items;
mod loaded;
pub mod publish;
pub mod quality;
pub mod reviews;

#[cfg(test)]
mod results_tests;
