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
