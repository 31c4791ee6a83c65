//! Which checkpoints of a run stay, and which of them its adapter is taken from.

use super::{Recipe, check::Checker};
use serde::{Deserialize, Serialize};

/// What is kept of a run. The newest checkpoint and the best one always are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoints {
    /// Default `last`.
    pub final_adapter: FinalAdapter,
    /// Newest checkpoints that are kept, 1–1000; default 2.
    pub keep_last: u32,
    /// Also keep the checkpoints of every N steps; 0, the default, means none.
    pub keep_every_steps: u32,
    /// Largest size of all checkpoints together in MiB; 0, the default, means no limit. Where it would be passed,
    /// the oldest go first, whatever else says to keep them.
    pub budget_mib: u32,
}

/// Which weights a finished run hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinalAdapter {
    /// Those of the last step.
    #[default]
    Last,
    /// Those with the lowest validation loss; a checkpoint is written whenever there is a new one.
    Best,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { final_adapter: FinalAdapter::Last, keep_last: 2, keep_every_steps: 0, budget_mib: 0 }
    }
}

/// How many checkpoints of a run lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointCount {
    /// At its end, as a rule: the newest and those of every so many steps. A best one that is none of them is one more.
    pub stay: u32,
    /// At most at a time: with a best one beside them, and the one that is being written.
    pub at_once: u32,
}

impl Recipe {
    /// Newest checkpoints that are kept. A run that may go back needs one more than the newest: the step right after that
    /// may be the one that breaks.
    #[must_use]
    pub fn newest_kept(&self) -> u32 {
        let least = if self.recovery.not_a_number_retries > 0 { 2 } else { 1 };
        self.checkpoints.keep_last.max(least)
    }

    /// Checkpoints on the disk of a run of so many steps, were there no budget.
    #[must_use]
    pub fn checkpoint_count(&self, steps: u32) -> CheckpointCount {
        let interval = self.checkpoint_interval(steps).max(1);
        let by_interval = steps.checked_div(self.checkpoints.keep_every_steps).unwrap_or(0);
        let kept = self.newest_kept().saturating_add(by_interval);
        CheckpointCount {
            stay: kept.min(steps.div_ceil(interval)).max(1),
            // One before the first step, and a best one, come on top of those that the interval writes.
            at_once: kept.saturating_add(2).min((steps / interval).saturating_add(2)),
        }
    }

    /// What so many checkpoints of this size take within the recipe's budget.
    #[must_use]
    pub fn checkpoint_bytes(&self, checkpoints: u32, each_bytes: u64) -> u64 {
        let all = u64::from(checkpoints) * each_bytes;
        let budget = u64::from(self.checkpoints.budget_mib) << 20;
        if budget > 0 { all.min(budget) } else { all }
    }
}

impl Checkpoints {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("checkpoints.keep_last", f64::from(self.keep_last), 1.0, 1000.0);
        c.range("checkpoints.keep_every_steps", f64::from(self.keep_every_steps), 0.0, 10_000_000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_disk_is_counted() {
        let mut recipe = Recipe::default();
        recipe.evaluation.checkpoint_every_steps = 10;
        let of = |recipe: &Recipe, steps| {
            let CheckpointCount { stay, at_once } = recipe.checkpoint_count(steps);
            (stay, at_once)
        };
        assert_eq!(of(&recipe, 100), (2, 4));
        assert_eq!(of(&recipe, 10), (1, 3));
        assert_eq!(of(&recipe, 3), (1, 2), "the last step is always written");
        recipe.checkpoints.keep_every_steps = 50;
        assert_eq!(of(&recipe, 100), (4, 6));
        (recipe.checkpoints.keep_last, recipe.recovery.not_a_number_retries) = (1, 1);
        assert_eq!((recipe.newest_kept(), of(&recipe, 100)), (2, (4, 6)));
        assert_eq!(recipe.checkpoint_bytes(4, 1 << 20), 4 << 20);
        recipe.checkpoints.budget_mib = 3;
        assert_eq!(recipe.checkpoint_bytes(4, 1 << 20), 3 << 20);
    }
}
