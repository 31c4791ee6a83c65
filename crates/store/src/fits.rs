//! The overfit watch's books: the losses that it judges a run by, what it says, and when that changed.

#[cfg(test)]
mod tests;

use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    event::series::{TRAIN_LOSS, VALIDATION_LOSS},
    id::{ProjectId, RunId},
    overfit::{Fit, FitChange, FitHistory, Look, Verdict},
};
use sqlx::{PgConnection, PgPool, Row};

/// What a run is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// All validations by rising step; of a step that several attempts took, the last one's.
    pub looks: Vec<Look>,
    pub total_steps: u32,
    pub train_samples: u64,
}

/// The losses of a run.
pub async fn watched(db: &mut PgConnection, run: RunId) -> Result<Watched, StoreError> {
    // An attempt's points count up to the first step of a later one.
    let rows = sqlx::query(
        "with lines as (select s.id, s.key, s.attempt, \
             (select p.step from points p where p.series_id = s.id order by p.step limit 1) as first_step \
             from series s where s.run_id = $1 and s.key in ($2, $3)), \
         kept as (select *, min(first_step) over (partition by key order by attempt desc \
             rows between unbounded preceding and 1 preceding) as until from lines), \
         looks as (select p.step, p.value, row_number() over (order by p.step) - 1 as place from kept k \
             join points p on p.series_id = k.id and (k.until is null or p.step < k.until) where k.key = $2), \
         trained as (select width_bucket(p.step - 1, (select array_agg(step order by step) from looks)) as place, avg(p.value) as mean \
             from kept k join points p on p.series_id = k.id and (k.until is null or p.step < k.until) where k.key = $3 group by 1) \
         select l.step, l.value, t.mean from looks l left join trained t on t.place = l.place order by l.step",
    )
    .bind(run.0)
    .bind(VALIDATION_LOSS)
    .bind(TRAIN_LOSS)
    .fetch_all(&mut *db)
    .await?;
    let looks = rows.iter().map(|row| {
        Ok(Look {
            step: row.try_get::<i32, _>("step")?.cast_unsigned(),
            validation: row.try_get("value")?,
            training: row.try_get("mean")?,
        })
    });
    let looks = looks.collect::<Result<_, StoreError>>()?;
    let row = sqlx::query(
        "select r.total_steps, coalesce((v.stats->>'train')::bigint, 0) as train from runs r \
         join dataset_versions v on v.id = r.version_id where r.id = $1",
    )
    .bind(run.0)
    .fetch_one(db)
    .await?;
    Ok(Watched {
        looks,
        total_steps: row.try_get::<i32, _>("total_steps")?.cast_unsigned(),
        train_samples: row.try_get::<i64, _>("train")?.cast_unsigned(),
    })
}

/// Keeps what is said of a run after the validation at `step`, and whether that is something new.
pub async fn record(db: &mut PgConnection, run: RunId, step: u32, verdict: &Verdict) -> Result<(), StoreError> {
    let json = to_json(verdict)?;
    // The validations from here on are taken again.
    sqlx::query("delete from run_fit_changes where run_id = $1 and step >= $2")
        .bind(run.0)
        .bind(step.cast_signed())
        .execute(&mut *db)
        .await?;
    // A run begins with nothing to say.
    sqlx::query(
        "insert into run_fit_changes (run_id, step, fit, verdict) select $1, $2, $3, $4 \
         where $3 <> coalesce((select fit from run_fit_changes where run_id = $1 order by step desc limit 1), $5)",
    )
    .bind(run.0)
    .bind(step.cast_signed())
    .bind(verdict.fit.as_str())
    .bind(json.clone())
    .bind(Fit::TooEarly.as_str())
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "insert into run_fits (run_id, fit, verdict) values ($1, $2, $3) \
         on conflict (run_id) do update set fit = excluded.fit, verdict = excluded.verdict",
    )
    .bind(run.0)
    .bind(verdict.fit.as_str())
    .bind(json)
    .execute(db)
    .await?;
    Ok(())
}

/// What is said of a run of the project; `None` before its first validation.
pub async fn history(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<FitHistory>, StoreError> {
    let verdict: Option<serde_json::Value> = sqlx::query_scalar(
        "select f.verdict from run_fits f join runs r on r.id = f.run_id where r.project_id = $1 and r.id = $2",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    let Some(verdict) = verdict else { return Ok(None) };
    let changes =
        sqlx::query("select step, at, verdict from run_fit_changes where run_id = $1 order by step limit 1000")
            .bind(run.0)
            .fetch_all(db)
            .await?;
    let change = |row: &sqlx::postgres::PgRow| {
        Ok(FitChange {
            step: row.try_get::<i32, _>("step")?.cast_unsigned(),
            at: row.try_get("at")?,
            verdict: json(row.try_get("verdict")?)?,
        })
    };
    let changes = changes.iter().map(change).collect::<Result<_, StoreError>>()?;
    Ok(Some(FitHistory { verdict: json(verdict)?, changes }))
}
