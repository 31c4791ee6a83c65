//! Sweeps: made, advanced from run to run, read, and ended. Their runs are ordinary runs of
//! [`crate::runs`]; who works on them is [`crate::queue`]'s.

mod advance;
mod create;
mod read;
#[cfg(test)]
mod tests;

pub use advance::{advance, cancel, running, waiting_for};
pub use create::{CreateError, Created, NewSweep, Ready, create, preview};
pub use read::{get, list, of_run};

use crate::{StoreError, error::word, runs};
use domain::{
    id::{RunId, SweepId},
    sweep::{Goal, Trial, TrialRun},
};
use sqlx::{PgConnection, Row};

/// The runs of a sweep with what the goal says of them, in the order of the trials.
async fn runs_of(
    db: &mut PgConnection,
    sweep: SweepId,
    goal: Goal,
    trials: &[Trial],
) -> Result<Vec<TrialRun>, StoreError> {
    let rows = sqlx::query(
        "select sr.trial, sr.rung, r.id, r.number, r.status, r.step, r.total_steps, \
         coalesce(extract(epoch from coalesce(r.ended_at, now()) - r.started_at), 0)::bigint as elapsed_seconds, \
         r.failure_kind, r.failure, case when $2 = 'validation_loss' then (select p.value from series s cross join lateral \
                (select value from points where series_id = s.id order by step desc limit 1) p \
                where s.run_id = r.id and s.key = $2 order by s.attempt desc limit 1) \
            else (select (e.metrics->'values'->>$2)::float8 from evals e where e.run_id = r.id and e.subject = 'tuned' \
                and e.split = 'test' and e.version_id = r.version_id) end as goal \
         from sweep_runs sr join runs r on r.id = sr.run_id where sr.sweep_id = $1 order by sr.trial, sr.rung",
    )
    .bind(sweep.0)
    .bind(goal.as_str())
    .fetch_all(db)
    .await?;
    let count = |n: i32| u32::try_from(n).map_err(|_| StoreError::Corrupt(format!("a count is negative: {n}")));
    rows.into_iter()
        .map(|r| {
            let trial = count(r.try_get("trial")?)?;
            let known = trials.get(trial as usize);
            Ok(TrialRun {
                trial,
                rung: count(r.try_get("rung")?)?,
                settings: known.ok_or_else(|| StoreError::Corrupt(format!("no trial {trial}")))?.settings.clone(),
                run_id: RunId(r.try_get("id")?),
                run_number: r.try_get("number")?,
                status: word(r.try_get("status")?)?,
                step: count(r.try_get("step")?)?,
                total_steps: count(r.try_get("total_steps")?)?,
                goal: r.try_get::<Option<f64>, _>("goal")?.filter(|x| x.is_finite()),
                elapsed_seconds: r.try_get::<i64, _>("elapsed_seconds")?.max(0).cast_unsigned(),
                failure: runs::failure(&r)?,
            })
        })
        .collect()
}
