//! Which checkpoints stay: the newest and the best always, others as the recipe says and the disk budget allows.

use super::Result;
use crate::error::TrainError;
use domain::recipe::{Checkpoints, Recipe};

/// A checkpoint on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnDisk {
    pub(super) step: u32,
    pub(super) bytes: u64,
}

/// What the recipe keeps.
pub(super) fn settings(recipe: &Recipe) -> Checkpoints {
    Checkpoints { keep_last: recipe.newest_kept(), ..recipe.checkpoints.clone() }
}

/// Steps of those of `all` (ascending) that nothing says to keep.
pub(super) fn superfluous(all: &[OnDisk], best: Option<u32>, settings: &Checkpoints) -> Vec<u32> {
    let old = all.len().saturating_sub(settings.keep_last as usize);
    let by_interval = |step: u32| settings.keep_every_steps > 0 && step.is_multiple_of(settings.keep_every_steps);
    all[..old].iter().map(|c| c.step).filter(|step| Some(*step) != best && !by_interval(*step)).collect()
}

/// Steps of those of `all` (ascending) that must go, oldest first, before `needed` more bytes fit into the budget.
/// The best stays, and the newest, which a crash while writing falls back to.
pub(super) fn in_the_way(all: &[OnDisk], best: Option<u32>, needed: u64, settings: &Checkpoints) -> Result<Vec<u32>> {
    if settings.budget_mib == 0 {
        return Ok(Vec::new());
    }
    let budget = u64::from(settings.budget_mib) << 20;
    let mut total = needed + all.iter().map(|c| c.bytes).sum::<u64>();
    let mut gone = Vec::new();
    for checkpoint in &all[..all.len().saturating_sub(1)] {
        if total > budget && Some(checkpoint.step) != best {
            total -= checkpoint.bytes;
            gone.push(checkpoint.step);
        }
    }
    if total > budget {
        return Err(TrainError::Budget { needed_mib: total.div_ceil(1 << 20), budget_mib: settings.budget_mib.into() });
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn on_disk(steps: &[u32]) -> Vec<OnDisk> {
        steps.iter().map(|step| OnDisk { step: *step, bytes: 1 << 20 }).collect()
    }

    #[test]
    fn the_newest_the_best_and_every_nth_stay() {
        let settings = Checkpoints { keep_last: 2, keep_every_steps: 30, ..Checkpoints::default() };
        let all = on_disk(&[10, 20, 30, 40, 50, 60]);
        assert_eq!(superfluous(&all, Some(20), &settings), [10, 40]);
        assert_eq!(superfluous(&all, None, &Checkpoints::default()), [10, 20, 30, 40]);
    }

    #[test]
    fn a_budget_takes_the_oldest_but_never_the_best_or_newest() {
        let settings = Checkpoints { budget_mib: 4, keep_every_steps: 1, ..Checkpoints::default() };
        let all = on_disk(&[10, 20, 30, 40]);
        assert_eq!(in_the_way(&all, Some(10), 1 << 20, &settings).ok(), Some(vec![20]));
        assert_eq!(in_the_way(&all, Some(10), 2 << 20, &settings).ok(), Some(vec![20, 30]));
        let full = in_the_way(&all, Some(10), 3 << 20, &settings);
        assert!(matches!(full, Err(TrainError::Budget { needed_mib: 5, budget_mib: 4 })), "{full:?}");
        assert_eq!(in_the_way(&all, None, 9 << 30, &Checkpoints::default()).ok(), Some(vec![]));
    }

    proptest! {
        #[test]
        fn what_stays_fits(sizes in proptest::collection::vec(1u64..50, 1..12), needed in 1u64..50, budget in 1u32..300, best in 0usize..12) {
            let settings = Checkpoints { budget_mib: budget, ..Checkpoints::default() };
            let all: Vec<_> = (0..).zip(&sizes).map(|(step, mib)| OnDisk { step, bytes: mib << 20 }).collect();
            if let Ok(gone) = in_the_way(&all, Some(best as u32), needed << 20, &settings) {
                let stay: u64 = all.iter().filter(|c| !gone.contains(&c.step)).map(|c| c.bytes >> 20).sum();
                prop_assert!(stay + needed <= u64::from(budget));
                prop_assert!(!gone.contains(&(best as u32)) && !gone.contains(&(sizes.len() as u32 - 1)));
            }
        }
    }
}
