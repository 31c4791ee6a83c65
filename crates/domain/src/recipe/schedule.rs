//! How long to train, and how the learning rate moves meanwhile.

use super::{Recipe, check::Checker};
use serde::{Deserialize, Serialize};

/// How long to train and how the learning rate moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Shape after warm-up.
    pub shape: ScheduleShape,
    /// Share of all steps spent rising linearly from 0, 0–0.5.
    pub warmup_ratio: f64,
    /// Passes over the training split, 0.01–1000; ignored when `max_steps` is set.
    pub epochs: f64,
    /// Optimizer steps; 0 means "as many as `epochs` gives".
    pub max_steps: u32,
}

/// Shape of the learning rate after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScheduleShape {
    #[default]
    Cosine,
    Linear,
    Constant,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { shape: ScheduleShape::Cosine, warmup_ratio: 0.03, epochs: 3.0, max_steps: 0 }
    }
}

impl Schedule {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("schedule.warmup_ratio", self.warmup_ratio, 0.0, 0.5);
        c.range("schedule.epochs", self.epochs, 0.01, 1000.0);
        c.range("schedule.max_steps", f64::from(self.max_steps), 0.0, 10_000_000.0);
    }
}

impl Recipe {
    /// Learning rate at `step` (0-based) of `total` steps: a linear rise, then the shape.
    #[must_use]
    pub fn learning_rate_at(&self, step: u32, total: u32) -> f64 {
        let (step, total) = (f64::from(step), f64::from(total.max(1)));
        let warmup = (total * self.schedule.warmup_ratio).ceil();
        let peak = self.optimizer.learning_rate;
        if step < warmup {
            return peak * (step + 1.0) / warmup;
        }
        let progress = ((step - warmup) / (total - warmup).max(1.0)).clamp(0.0, 1.0);
        match self.schedule.shape {
            ScheduleShape::Constant => peak,
            ScheduleShape::Linear => peak * (1.0 - progress),
            ScheduleShape::Cosine => peak * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }
}
