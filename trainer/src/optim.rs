//! The optimizer: AdamW with moments that a checkpoint can hold, and the gradient clip.
//!
//! The learning-rate schedule is part of the recipe: [`domain::recipe::Recipe::learning_rate_at`].

pub mod adamw;
pub mod clip;
