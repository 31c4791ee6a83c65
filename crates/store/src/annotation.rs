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
