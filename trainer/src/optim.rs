//! The optimizer: AdamW with moments that a checkpoint can hold, and the gradient clip.
//!
//! The learning-rate schedule is part of the recipe: [`domain::recipe::Recipe::learning_rate_at`].

pub mod adamw;
pub mod clip;

use candle_core::Var;

/// A variable that a run trains.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in checkpoints.
    pub name: String,
    pub variable: Var,
    /// Multiplies the learning rate, as in LoRA+; usually 1.
    pub learning_rate_factor: f64,
}
