//! Sweeps against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::runs::tests::{Place, place};
use domain::{
    id::{ProjectId, UserId},
    recipe::Recipe,
    run::{Failure, FailureKind, PreflightStep, RunProblem, RunStatus},
    sweep::{Axis, AxisValues, Budget, Strategy, SweepPlan, SweepStatus},
};
use sqlx::PgPool;
use std::collections::BTreeSet;

fn plan(strategy: Strategy, at_a_time: u32) -> SweepPlan {
    let values = AxisValues::List([1, 2, 4, 8, 16, 32].map(serde_json::Value::from).to_vec());
    SweepPlan {
        recipe: Recipe::default(),
        strategy,
        axes: vec![Axis { field: "lora.rank".to_owned(), values }],
        goal: Goal::ValidationLoss,
        budget: Budget { at_a_time, ..Budget::default() },
    }
}

fn new(place: &Place, plan: SweepPlan) -> NewSweep {
    NewSweep {
        project: place.project,
        by: place.user,
        name: "ranks".to_owned(),
        model: place.model,
        version: place.version,
        plan,
        idempotency_key: None,
    }
}

/// A place whose data has validation samples.
async fn measured(db: PgPool) -> Place {
    let place = place(db).await;
    sqlx::query("update dataset_versions set stats = stats || '{\"validation\": 2}'").execute(&place.db).await.unwrap();
    place
}

/// As a worker would: the run has ended, with a validation loss.
async fn end(db: &PgPool, run: RunId, status: &str, loss: Option<f64>) {
    let sql = "update runs set status = $2, started_at = now() - interval '1 minute', ended_at = now() where id = $1";
    sqlx::query(sql).bind(run.0).bind(status).execute(db).await.unwrap();
    if let Some(loss) = loss {
        let sql = "with s as (insert into series (run_id, attempt, key) values ($1, 1, 'validation_loss') returning id) \
                   insert into points (series_id, step, value, elapsed_ms) select id, 1, $2, 1 from s";
        sqlx::query(sql).bind(run.0).bind(loss).execute(db).await.unwrap();
    }
}

/// As if the preflight of the sweep's first run had gone well.
async fn pass_preflight(db: &PgPool, sweep: SweepId) {
    let sql = "update runs set status = 'queued' where status = 'checking' and id in (select run_id from sweep_runs where sweep_id = $1)";
    assert_eq!(sqlx::query(sql).bind(sweep.0).execute(db).await.unwrap().rows_affected(), 1);
    advance(db, sweep).await.unwrap();
}

async fn of(place: &Place, sweep: SweepId) -> (domain::sweep::SweepDetail, Vec<TrialRun>) {
    get(&place.db, place.project, sweep).await.unwrap().unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sweep_launches_a_few_runs_at_a_time_and_ends(db: PgPool) {
    let place = measured(db).await;
    let sweep = create(&place.db, &new(&place, plan(Strategy::Grid, 2))).await.unwrap().id;
    let mut rank = 0;
    loop {
        let (detail, runs) = of(&place, sweep).await;
        let open: Vec<_> = runs.iter().filter(|r| !r.status.is_final()).collect();
        assert!(open.len() <= 2);
        let Some(run) = open.first() else {
            assert_eq!((detail.summary.status, detail.summary.ended_runs), (SweepStatus::Done, 6));
            assert_eq!(detail.summary.used_seconds, 360);
            break;
        };
        let recipe = crate::runs::get(&place.db, place.project, run.run_id).await.unwrap().unwrap();
        assert_eq!((recipe.recipe.lora.rank, recipe.summary.name), (1 << rank, format!("ranks · {}", rank + 1)));
        // The fourth value is the best.
        end(&place.db, run.run_id, "succeeded", Some(f64::from((rank - 3_i32).abs()) + 1.0)).await;
        assert_eq!(waiting_for(&place.db, run.run_id).await.unwrap(), Some(sweep));
        advance(&place.db, sweep).await.unwrap();
        rank += 1;
    }
    let (detail, runs) = of(&place, sweep).await;
    assert_eq!(detail.analysis.best, Some(runs[3].run_id));
    assert_eq!(runs[3].goal, Some(1.0));
    assert_eq!(detail.analysis.importance[0].runs, 6);
    assert_eq!(of_run(&place.db, place.project, runs[3].run_id).await.unwrap(), Some((sweep, "ranks".to_owned())));
    assert_eq!(waiting_for(&place.db, runs[3].run_id).await.unwrap(), None, "the sweep is over");
    let page = list(&place.db, place.project, None, 10).await.unwrap();
    assert_eq!((page.items, page.next_cursor), (vec![detail.summary], None));
}

#[sqlx::test(migrations = "../../migrations")]
async fn many_schedulers_at_once_launch_each_trial_once(db: PgPool) {
    let place = measured(db).await;
    let asha = Strategy::Asha { runs: 6, seed: 1, min_steps: 1, max_steps: 4, reduction: 2 };
    let sweep = create(&place.db, &new(&place, plan(asha, 3))).await.unwrap().id;
    for round in 0..40 {
        let (detail, runs) = of(&place, sweep).await;
        if detail.summary.status != SweepStatus::Running {
            let pairs: BTreeSet<_> = runs.iter().map(|r| (r.trial, r.rung)).collect();
            let on = |rung| pairs.iter().filter(|p| p.1 == rung).count();
            assert_eq!((pairs.len(), on(0)), (runs.len(), 6));
            assert!(on(1) >= 3 && on(2) >= 1, "{pairs:?}");
            let steps = |rung| runs.iter().find(|r| r.rung == rung).map(|r| r.total_steps);
            assert_eq!([steps(0), steps(1), steps(2)], [Some(1), Some(2), Some(4)]);
            return;
        }
        let open: Vec<_> = runs.iter().filter(|r| !r.status.is_final()).collect();
        assert!((1..=3).contains(&open.len()), "{}", open.len());
        for run in open.iter().take(1 + round % 2) {
            end(&place.db, run.run_id, "succeeded", Some(f64::from(run.trial) + 1.0)).await;
        }
        let launched = futures::future::join_all((0..6).map(|_| advance(&place.db, sweep))).await;
        let launched: Vec<RunId> = launched.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(launched.iter().collect::<BTreeSet<_>>().len(), launched.len(), "a run launched by two");
    }
    panic!("the sweep does not end");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_budget_is_held(db: PgPool) {
    let place = measured(db).await;
    let mut plan = plan(Strategy::Random { runs: 6, seed: 1 }, 4);
    plan.budget.max_runs = 3;
    let sweep = create(&place.db, &new(&place, plan)).await.unwrap().id;
    pass_preflight(&place.db, sweep).await;
    let runs = of(&place, sweep).await.1;
    assert_eq!(runs.len(), 3);
    for run in runs {
        end(&place.db, run.run_id, "failed", None).await;
        advance(&place.db, sweep).await.unwrap();
    }
    let (detail, runs) = of(&place, sweep).await;
    assert_eq!((detail.summary.status, runs.len()), (SweepStatus::BudgetUsed, 3));
    assert!(detail.summary.ended_at.is_some() && detail.analysis.best.is_none());
    assert!(running(&place.db).await.unwrap().is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelling_stops_its_runs_and_launches_no_more(db: PgPool) {
    let place = measured(db).await;
    let sweep = create(&place.db, &new(&place, plan(Strategy::Grid, 2))).await.unwrap().id;
    pass_preflight(&place.db, sweep).await;
    let elsewhere = crate::projects::create(&place.db, place.user, "Elsewhere", "").await.unwrap();
    assert!(!cancel(&place.db, elsewhere, sweep, place.user).await.unwrap());
    assert_eq!(running(&place.db).await.unwrap(), [sweep]);
    let (a, b) = tokio::join!(cancel(&place.db, place.project, sweep, place.user), advance(&place.db, sweep));
    assert!(a.unwrap() && b.unwrap().is_empty());
    let (detail, runs) = of(&place, sweep).await;
    assert_eq!(detail.summary.status, SweepStatus::Cancelled);
    assert_eq!(runs.iter().map(|r| r.status).collect::<Vec<_>>(), [RunStatus::Cancelled; 2]);
    assert!(advance(&place.db, sweep).await.unwrap().is_empty());
    assert!(!cancel(&place.db, place.project, sweep, place.user).await.unwrap(), "twice");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_every_run_would_fail_of_ends_the_sweep(db: PgPool) {
    let place = measured(db).await;
    let mut by_rate = plan(Strategy::Grid, 2);
    let rates = [1e-4, 1e-3, 1e-2].map(serde_json::Value::from).to_vec();
    by_rate.axes = vec![Axis { field: "optimizer.learning_rate".to_owned(), values: AxisValues::List(rates) }];
    let fail = async |sweep: SweepId, kind: FailureKind| {
        let run = of(&place, sweep).await.1.into_iter().find(|r| r.status == RunStatus::Checking).unwrap();
        assert_eq!(waiting_for(&place.db, run.run_id).await.unwrap(), None, "it is being tried out");
        let owner = uuid::Uuid::new_v4();
        let job = crate::jobs::claim(&place.db, owner, &[crate::preflights::KIND]).await.unwrap().unwrap().id;
        let problem = RunProblem::Said { text: "found".to_owned() };
        let failure = Failure::of_preflight(PreflightStep::SetUp, kind, problem);
        let lease = crate::jobs::Lease { job, owner };
        assert!(crate::preflights::fail(&place.db, lease, run.run_id, None, &failure).await.unwrap());
        assert_eq!(waiting_for(&place.db, run.run_id).await.unwrap(), Some(sweep));
        advance(&place.db, sweep).await.unwrap();
        failure
    };
    let sweep = create(&place.db, &new(&place, by_rate.clone())).await.unwrap().id;
    let failure = fail(sweep, FailureKind::InvalidInput).await;
    let (detail, runs) = of(&place, sweep).await;
    assert_eq!((detail.summary.status, detail.failure, runs.len()), (SweepStatus::Failed, Some(failure), 1));

    let sweep = create(&place.db, &new(&place, by_rate)).await.unwrap().id;
    fail(sweep, FailureKind::NotANumber).await;
    let (detail, runs) = of(&place, sweep).await;
    assert_eq!((detail.summary.status, detail.failure), (SweepStatus::Running, None), "another rate may do");
    assert_eq!(runs.iter().map(|r| r.status).collect::<Vec<_>>(), [RunStatus::Failed, RunStatus::Checking]);
    pass_preflight(&place.db, sweep).await;
    let statuses: Vec<_> = of(&place, sweep).await.1.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [RunStatus::Failed, RunStatus::Queued, RunStatus::Queued], "the last needs no preflight");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_makes_one_sweep(db: PgPool) {
    let place = measured(db).await;
    let keyed = NewSweep { idempotency_key: Some("k".to_owned()), ..new(&place, plan(Strategy::Grid, 2)) };
    let (a, b) = tokio::join!(create(&place.db, &keyed), create(&place.db, &keyed));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a.id == b.id && a.is_new != b.is_new);
    assert_eq!(of(&place, a.id).await.1.len(), 1, "the first is tried out alone");
    pass_preflight(&place.db, a.id).await;
    assert_eq!(of(&place, a.id).await.1.len(), 2, "no more runs than at a time");
    let other = NewSweep { plan: plan(Strategy::Grid, 1), ..keyed };
    assert!(matches!(create(&place.db, &other).await, Err(CreateError::Store(StoreError::Taken(_)))));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_work_is_refused_before_any_run(db: PgPool) {
    let place = place(db).await;
    let refused = async |change: &dyn Fn(&mut NewSweep)| {
        let mut new = new(&place, plan(Strategy::Grid, 2));
        change(&mut new);
        create(&place.db, &new).await.unwrap_err()
    };
    let fields = |e: CreateError| match e {
        CreateError::Plan(errors) => errors.into_iter().map(|e| e.field).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(fields(refused(&|_| {}).await), ["objective"], "no validation samples");
    let long = |new: &mut NewSweep| new.plan.recipe.batch.max_length = 9000;
    sqlx::query("update dataset_versions set stats = stats || '{\"validation\": 2}'").execute(&place.db).await.unwrap();
    assert_eq!(fields(refused(&long).await), ["recipe.batch.max_length"]);
    assert!(matches!(refused(&|n| n.name = "\u{1}".to_owned()).await, CreateError::Name));
    assert!(matches!(refused(&|n| n.model = domain::id::ModelId::new()).await, CreateError::Model));
    assert!(matches!(refused(&|n| n.version = domain::id::VersionId::new()).await, CreateError::Version));
    let others: ProjectId = crate::projects::create(&place.db, UserId(place.user.0), "Q", "").await.unwrap();
    assert!(matches!(refused(&|n| n.project = others).await, CreateError::Model));
    assert!(list(&place.db, place.project, None, 10).await.unwrap().items.is_empty());
}
