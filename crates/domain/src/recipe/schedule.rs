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
    /// Share of all steps spent rising linearly from 0, 0–0.5; ignored when `warmup_steps` is set.
    pub warmup_ratio: f64,
    /// Steps spent rising linearly from 0, at most the run's; 0, the default, means "what `warmup_ratio` gives".
    pub warmup_steps: u32,
    /// Learning rate that the shape falls to, as a share of the peak, 0–1; default 0.
    pub min_lr_ratio: f64,
    /// `wsd`: share of all steps spent falling at the end, 0–1; default 0.2.
    pub decay_ratio: f64,
    /// `cosine_restarts`: falls from the peak, 1–1000; default 3.
    pub cycles: u32,
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
    /// Half a cosine (Loshchilov & Hutter 2016, arXiv:1608.03983).
    #[default]
    Cosine,
    Linear,
    Constant,
    /// `cycles` half cosines, each from the peak (same paper).
    CosineRestarts,
    /// Warm-up, stable, decay: at the peak until the last `decay_ratio` of all steps, which falls linearly (Hu et
    /// al. 2024, arXiv:2404.06395).
    Wsd,
    /// √(w / (w + steps since warm-up)) of the peak for w steps of warm-up (Vaswani et al. 2017, arXiv:1706.03762).
    /// Never reaches its lowest value.
    InverseSqrt,
}

impl ScheduleShape {
    pub const ALL: [Self; 6] =
        [Self::Cosine, Self::Linear, Self::Constant, Self::CosineRestarts, Self::Wsd, Self::InverseSqrt];
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            shape: ScheduleShape::Cosine,
            warmup_ratio: 0.03,
            warmup_steps: 0,
            min_lr_ratio: 0.0,
            decay_ratio: 0.2,
            cycles: 3,
            epochs: 3.0,
            max_steps: 0,
        }
    }
}

impl Schedule {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("schedule.warmup_ratio", self.warmup_ratio, 0.0, 0.5);
        c.range("schedule.warmup_steps", f64::from(self.warmup_steps), 0.0, 10_000_000.0);
        c.range("schedule.min_lr_ratio", self.min_lr_ratio, 0.0, 1.0);
        c.range("schedule.decay_ratio", self.decay_ratio, 0.0, 1.0);
        c.range("schedule.cycles", f64::from(self.cycles), 1.0, 1000.0);
        c.range("schedule.epochs", self.epochs, 0.01, 1000.0);
        c.range("schedule.max_steps", f64::from(self.max_steps), 0.0, 10_000_000.0);
    }

    /// Steps of warm-up in a run of `total` steps.
    #[must_use]
    pub fn warmup(&self, total: u32) -> u32 {
        match self.warmup_steps {
            0 => (f64::from(total) * self.warmup_ratio).ceil() as u32,
            steps => steps.min(total),
        }
    }

    /// Height of the shape between 0 and 1, `step` steps after `warmup` in a run of `total` steps.
    fn height(&self, step: f64, warmup: f64, total: f64) -> f64 {
        let progress = (step / (total - warmup).max(1.0)).clamp(0.0, 1.0);
        let cosine = |progress: f64| 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        match self.shape {
            ScheduleShape::Constant => 1.0,
            ScheduleShape::Linear => 1.0 - progress,
            ScheduleShape::Cosine => cosine(progress),
            ScheduleShape::CosineRestarts if progress >= 1.0 => 0.0,
            ScheduleShape::CosineRestarts => cosine((progress * f64::from(self.cycles)).fract()),
            ScheduleShape::Wsd => {
                let decay = (total * self.decay_ratio).clamp(1.0, (total - warmup).max(1.0));
                ((total - warmup - step) / decay).clamp(0.0, 1.0)
            }
            ScheduleShape::InverseSqrt => (warmup.max(1.0) / (warmup.max(1.0) + step)).sqrt(),
        }
    }
}

impl Recipe {
    /// Learning rate at `step` (0-based) of `total` steps: a linear rise, then the shape. It would reach its lowest
    /// value at `step == total`, which is the step after the last.
    #[must_use]
    pub fn learning_rate_at(&self, step: u32, total: u32) -> f64 {
        let (schedule, peak, total) = (&self.schedule, self.optimizer.learning_rate, total.max(1));
        let warmup = schedule.warmup(total);
        if step < warmup {
            return peak * f64::from(step + 1) / f64::from(warmup);
        }
        let height = schedule.height(f64::from(step - warmup), f64::from(warmup), f64::from(total));
        peak * (schedule.min_lr_ratio + (1.0 - schedule.min_lr_ratio) * height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn recipe(shape: ScheduleShape, more: Schedule) -> Recipe {
        let mut recipe = Recipe { schedule: Schedule { shape, ..more }, ..Recipe::default() };
        recipe.optimizer.learning_rate = 1.0;
        recipe
    }

    fn rates(recipe: &Recipe, total: u32) -> Vec<f64> {
        (0..=total).map(|step| recipe.learning_rate_at(step, total)).collect()
    }

    #[test]
    fn known_schedules_give_known_rates() {
        let none = Schedule { warmup_ratio: 0.0, decay_ratio: 0.5, cycles: 2, ..Schedule::default() };
        let wsd = rates(&recipe(ScheduleShape::Wsd, none.clone()), 8);
        assert_eq!(wsd, [1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]);
        let restarts = rates(&recipe(ScheduleShape::CosineRestarts, none), 4);
        assert!(restarts.iter().zip([1.0, 0.5, 1.0, 0.5, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{restarts:?}");
        let warm = Schedule { warmup_steps: 4, min_lr_ratio: 0.5, ..Schedule::default() };
        let rooted = rates(&recipe(ScheduleShape::InverseSqrt, warm.clone()), 16);
        assert_eq!([rooted[0], rooted[3], rooted[4], rooted[16]], [0.25, 1.0, 1.0, 0.75]);
        assert_eq!(rates(&recipe(ScheduleShape::Linear, warm), 8)[4..], [1.0, 0.875, 0.75, 0.625, 0.5]);
    }

    proptest! {
        #[test]
        fn a_rate_is_within_bounds_moves_little_and_ends_at_the_lowest(
            total in 40u32..2000,
            ratio in 0.0..0.5f64,
            steps in 0u32..20,
            lowest in 0.0..1.0f64,
            decay_ratio in 0.3..1.0f64,
            shape in proptest::sample::select(ScheduleShape::ALL.to_vec()),
        ) {
            let more =
                Schedule { warmup_ratio: ratio, warmup_steps: steps, min_lr_ratio: lowest, decay_ratio, ..Schedule::default() };
            let recipe = recipe(shape, more);
            let (warmup, rates) = (recipe.schedule.warmup(total) as usize, rates(&recipe, total));
            let highest = rates.iter().copied().fold(0.0, f64::max);
            prop_assert!((highest - 1.0).abs() < 1e-12, "the peak is reached: {highest}");
            prop_assert!(rates[..warmup].is_sorted(), "it rises");
            prop_assert!(rates[warmup..].iter().all(|r| *r >= lowest - 1e-12), "and stays above its lowest");
            let end = match shape {
                ScheduleShape::Constant => 1.0,
                ScheduleShape::InverseSqrt => rates[total as usize],
                _ => lowest,
            };
            prop_assert!((rates[total as usize] - end).abs() < 1e-9, "{} is not {end}", rates[total as usize]);
            // No shape falls faster than a cosine that has a third of the steps after warm-up to do it.
            let slope = 0.5 * std::f64::consts::PI * 3.0 / f64::from(total - warmup as u32) + 1e-9;
            for (step, pair) in rates.windows(2).enumerate().skip(warmup) {
                let restarts = shape == ScheduleShape::CosineRestarts && pair[1] > pair[0];
                let rooted = shape == ScheduleShape::InverseSqrt && pair[1] <= pair[0];
                prop_assert!(restarts || rooted || (pair[0] - pair[1]).abs() <= slope.max(1.0 / (f64::from(total) * 0.3)), "step {step}: {pair:?}");
            }
        }
    }
}
