//! What a sweep runs next. A pure rule over the plan and the runs so far, so that whoever asks (a
//! server after a run has ended, another one after a crash) comes to the same answer.
//!
//! ASHA, Li et al. 2018 (arXiv:1810.05934), algorithm 2: look at the rungs from the top; on each the
//! best ⌊n/η⌋ of its n ended trials may move up; the first that has not done so does. When none may,
//! a new trial begins on the lowest rung. Nobody waits for a rung to be full. A failed run counts
//! among the n and is never the best; a cancelled one does not count.
//!
//! The first run is tried out alone, before any other begins: what its preflight finds wrong with model or data would be
//! found of every run. Where another run may fare better, that is tried out next; once one has passed, the rest begin
//! without a preflight of their own.

use super::{Goal, Strategy, SweepPlan, SweepStatus};
use crate::run::{Failure, FailureKind, RunProblem, RunStatus};

/// A run of the sweep, as far as the decision needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFact {
    pub trial: u32,
    pub rung: u32,
    pub status: RunStatus,
    /// The goal's value, once it is known.
    pub goal: Option<f64>,
    pub failure: Option<Failure>,
}

impl RunFact {
    /// Whether its preflight, or a run without one, has shown that runs of this sweep can begin.
    fn has_passed(&self) -> bool {
        match self.status {
            RunStatus::Checking | RunStatus::Cancelled => false,
            RunStatus::Failed => self.failure.as_ref().is_none_or(|f| f.kind != FailureKind::Preflight),
            _ => true,
        }
    }

    /// What its preflight found, if every run of the plan shares it.
    fn shared_failure(&self, plan: &SweepPlan) -> Option<&Failure> {
        let failure = self.failure.as_ref()?;
        match &failure.problem {
            RunProblem::Preflight { kind, problem, .. } if plan.shares(*kind, problem) => Some(failure),
            _ => None,
        }
    }
}

/// A run to launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launching {
    pub trial: u32,
    pub rung: u32,
    /// Whether it is tried out before it is queued.
    pub preflight: bool,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Launch these; wait when there are none.
    Launch(Vec<Launching>),
    /// No run is open and none will come.
    End(SweepStatus),
}

/// The next runs of a sweep of so many trials, whose runs have taken `used_seconds` so far.
#[must_use]
pub fn next(plan: &SweepPlan, trials: u32, runs: &[RunFact], used_seconds: u64) -> Next {
    let mut runs = runs.to_vec();
    let open = runs.iter().filter(|r| !r.status.is_final()).count();
    let has_passed = runs.iter().any(RunFact::has_passed);
    if !has_passed && open == 0 && runs.iter().any(|r| r.shared_failure(plan).is_some()) {
        return Next::End(SweepStatus::Failed);
    }
    // Until one has passed its preflight, one at a time.
    let at_a_time = if has_passed { plan.budget.at_a_time as usize } else { 1 };
    let is_late = plan.budget.max_hours > 0.0 && used_seconds as f64 >= plan.budget.max_hours * 3600.0;
    let mut launch = Vec::new();
    let mut is_over_budget = false;
    for _ in open..at_a_time {
        let Some(run) = pick(plan, trials, &runs) else { break };
        is_over_budget = is_late || runs.len() >= plan.budget.max_runs as usize;
        if is_over_budget {
            break;
        }
        let status = RunStatus::Queued;
        runs.push(RunFact { trial: run.trial, rung: run.rung, status, goal: None, failure: None });
        launch.push(Launching { preflight: !has_passed, ..run });
    }
    match (open + launch.len(), is_over_budget) {
        (0, true) => Next::End(SweepStatus::BudgetUsed),
        (0, false) => Next::End(SweepStatus::Done),
        _ => Next::Launch(launch),
    }
}

/// Why a failed sweep failed: what the preflight of its first run found.
#[must_use]
pub fn failure<'a>(status: SweepStatus, mut failures: impl Iterator<Item = &'a Failure>) -> Option<&'a Failure> {
    if status == SweepStatus::Failed { failures.find(|f| f.kind == FailureKind::Preflight) } else { None }
}

/// The one run to launch next.
fn pick(plan: &SweepPlan, trials: u32, runs: &[RunFact]) -> Option<Launching> {
    let promoted = match plan.strategy {
        Strategy::Asha { reduction, .. } => {
            let top = plan.strategy.rungs().len().saturating_sub(1) as u32;
            (0..top).rev().find_map(|rung| promotable(plan.goal, reduction, rung, runs))
        }
        _ => None,
    };
    let fresh = || (0..trials).find(|t| runs.iter().all(|r| r.trial != *t)).map(|trial| launching(trial, 0));
    promoted.or_else(fresh)
}

/// The best trial of a rung that may move up and has not.
fn promotable(goal: Goal, reduction: u32, rung: u32, runs: &[RunFact]) -> Option<Launching> {
    let ended = |r: &&RunFact| r.rung == rung && matches!(r.status, RunStatus::Succeeded | RunStatus::Failed);
    let count = runs.iter().filter(ended).count();
    let good = runs.iter().filter(ended).filter(|r| r.status == RunStatus::Succeeded);
    let mut ranked: Vec<(f64, u32)> = good.filter_map(|r| Some((goal.goodness(r.goal?), r.trial))).collect();
    // Of equals the earlier trial.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let best = ranked.into_iter().take(count / reduction.max(1) as usize);
    let has_moved = |trial: u32| runs.iter().any(|r| r.trial == trial && r.rung > rung);
    best.map(|(_, trial)| trial).find(|t| !has_moved(*t)).map(|trial| launching(trial, rung + 1))
}

fn launching(trial: u32, rung: u32) -> Launching {
    Launching { trial, rung, preflight: false }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, AxisValues, Budget};
    use super::*;
    use crate::recipe::Recipe;
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    fn plan(strategy: Strategy, budget: Budget) -> SweepPlan {
        let values = AxisValues::List((1..=9).map(serde_json::Value::from).collect());
        let axes = vec![Axis { field: "seed".to_owned(), values }];
        SweepPlan { recipe: Recipe::default(), strategy, axes, goal: Goal::ValidationLoss, budget }
    }

    fn asha(at_a_time: u32) -> SweepPlan {
        let strategy = Strategy::Asha { runs: 9, seed: 1, min_steps: 10, max_steps: 90, reduction: 3 };
        plan(strategy, Budget { at_a_time, ..Budget::default() })
    }

    fn ended(trial: u32, rung: u32, loss: f64) -> RunFact {
        RunFact { trial, rung, status: RunStatus::Succeeded, goal: Some(loss), failure: None }
    }

    fn launch(pairs: &[(u32, u32)]) -> Next {
        Next::Launch(pairs.iter().map(|(trial, rung)| launching(*trial, *rung)).collect())
    }

    #[test]
    fn a_grid_goes_from_first_to_last_a_few_at_a_time() {
        let plan = plan(Strategy::Grid, Budget { at_a_time: 2, ..Budget::default() });
        let mut first = RunFact { status: RunStatus::Queued, goal: None, ..ended(0, 0, 0.0) };
        assert_eq!(next(&plan, 3, &[first.clone()], 0), launch(&[(1, 0)]));
        first.status = RunStatus::Running;
        assert_eq!(next(&plan, 3, &[first], 0), launch(&[(1, 0)]));
        let open = RunFact { trial: 1, status: RunStatus::Running, goal: None, ..ended(0, 0, 0.0) };
        assert_eq!(next(&plan, 3, &[ended(0, 0, 1.0), open.clone()], 0), launch(&[(2, 0)]));
        let mut all = vec![ended(0, 0, 1.0), open, ended(2, 0, 1.0)];
        assert_eq!(next(&plan, 3, &all, 0), launch(&[]), "the last one is waited for");
        all[1].status = RunStatus::Cancelled;
        assert_eq!(next(&plan, 3, &all, 0), Next::End(SweepStatus::Done));
    }

    #[test]
    fn asha_moves_the_best_third_up_as_soon_as_three_are_known() {
        let plan = asha(1);
        let mut runs = vec![ended(0, 0, 3.0), ended(1, 0, 1.0)];
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(2, 0)]), "of two nobody is the best third");
        runs.push(ended(2, 0, 2.0));
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(1, 1)]));
        runs.push(ended(1, 1, 0.9));
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(3, 0)]), "nobody moves up twice");
        runs.extend([ended(3, 0, 0.5), ended(4, 0, 4.0), ended(5, 0, 5.0)]);
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(3, 1)]), "the best two of six: 3 and 1");
        runs.extend([ended(3, 1, 0.4), ended(6, 0, 6.0), ended(7, 0, 7.0), ended(8, 0, 8.0)]);
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(2, 1)]));
        runs.push(ended(2, 1, 1.9));
        assert_eq!(next(&plan, 9, &runs, 0), launch(&[(3, 2)]), "the best of three on the middle rung");
        runs.push(ended(3, 2, 0.3));
        assert_eq!(next(&plan, 9, &runs, 0), Next::End(SweepStatus::Done));
    }

    #[test]
    fn a_failed_run_counts_and_is_never_the_best() {
        let failed = |trial| RunFact { status: RunStatus::Failed, ..ended(trial, 0, 0.0) };
        assert_eq!(next(&asha(1), 3, &[failed(0), failed(1), ended(2, 0, 9.0)], 0), launch(&[(2, 1)]));
        assert_eq!(next(&asha(1), 3, &[failed(0), failed(1), failed(2)], 0), Next::End(SweepStatus::Done));
    }

    #[test]
    fn the_budget_ends_a_sweep_after_what_has_begun() {
        let runs = Budget { max_runs: 2, at_a_time: 4, ..Budget::default() };
        assert_eq!(next(&plan(Strategy::Grid, runs), 9, &[ended(0, 0, 1.0)], 0), launch(&[(1, 0)]));
        let two = [ended(0, 0, 1.0), ended(1, 0, 1.0)];
        assert_eq!(next(&plan(Strategy::Grid, runs), 9, &two, 0), Next::End(SweepStatus::BudgetUsed));
        assert_eq!(next(&plan(Strategy::Grid, runs), 2, &two, 0), Next::End(SweepStatus::Done), "nothing was left out");
        let hours = Budget { max_hours: 0.5, at_a_time: 1, ..Budget::default() };
        let of = |seconds| next(&plan(Strategy::Grid, hours), 9, &two, seconds);
        assert_eq!((of(1799), of(1800)), (launch(&[(2, 0)]), Next::End(SweepStatus::BudgetUsed)));
    }

    #[test]
    fn the_first_run_is_tried_out_alone() {
        let plan = plan(Strategy::Grid, Budget { at_a_time: 4, ..Budget::default() });
        let tried = |trial| Next::Launch(vec![Launching { trial, rung: 0, preflight: true }]);
        assert_eq!(next(&plan, 3, &[], 0), tried(0));
        let mut first = RunFact { status: RunStatus::Checking, goal: None, ..ended(0, 0, 0.0) };
        assert_eq!(next(&plan, 3, std::slice::from_ref(&first), 0), launch(&[]), "it is being tried out");
        // The plan moves the seed: another run has the same model and data, but not the same numbers.
        first.status = RunStatus::Failed;
        let found = |kind, problem| Some(Failure::of_preflight(crate::run::PreflightStep::Overfit, kind, problem));
        first.failure = found(FailureKind::NotANumber, RunProblem::LossNotFinite { step: 0 });
        assert_eq!(next(&plan, 3, std::slice::from_ref(&first), 0), tried(1), "one by one");
        let second = RunFact { trial: 1, failure: None, status: RunStatus::Queued, ..first.clone() };
        assert_eq!(next(&plan, 3, &[first.clone(), second], 0), launch(&[(2, 0)]), "one has passed");
        first.failure = found(FailureKind::InvalidInput, RunProblem::Said { text: "no samples".to_owned() });
        assert_eq!(next(&plan, 3, std::slice::from_ref(&first), 0), Next::End(SweepStatus::Failed));
        assert_eq!(failure(SweepStatus::Failed, first.failure.iter()), first.failure.as_ref());
        assert_eq!(failure(SweepStatus::Done, first.failure.iter()), None);
        first.failure = None;
        first.status = RunStatus::Cancelled;
        assert_eq!(next(&plan, 3, &[first], 0), tried(1), "a cancelled run says nothing");
    }

    proptest! {
        /// Whatever order runs end in: every sweep ends, no run is launched twice, and never too many are open.
        #[test]
        fn every_sweep_ends(losses in prop::collection::vec(0.0..1.0f64, 1..30), at_a_time in 1u32..5, order: u64) {
            let (plan, trials) = (asha(at_a_time), losses.len() as u32);
            let mut runs: Vec<RunFact> = Vec::new();
            for round in 0..200u64 {
                let launching = match next(&plan, trials, &runs, 0) { Next::Launch(l) => l, Next::End(_) => break };
                for l in launching {
                    prop_assert!(runs.iter().all(|r| (r.trial, r.rung) != (l.trial, l.rung)));
                    runs.push(RunFact { status: RunStatus::Running, goal: None, ..ended(l.trial, l.rung, 0.0) });
                }
                let open: Vec<usize> = (0..runs.len()).filter(|i| !runs[*i].status.is_final()).collect();
                prop_assert!(!open.is_empty() && open.len() <= at_a_time as usize);
                let run = &mut runs[open[(order.wrapping_mul(round + 1) >> 7) as usize % open.len()]];
                run.status = RunStatus::Succeeded;
                run.goal = Some(losses[run.trial as usize]);
            }
            prop_assert_eq!(next(&plan, trials, &runs, 0), Next::End(SweepStatus::Done));
            let on = |rung| runs.iter().filter(|r| r.rung == rung).count() as u32;
            prop_assert_eq!(on(0), trials);
            prop_assert!(on(1) >= trials / 3, "at least the best third moves up");
        }
    }
}
