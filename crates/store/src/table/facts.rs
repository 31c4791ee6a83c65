//! What is known of runs, laid flat for the table.

use crate::{StoreError, error::json};
use domain::{
    id::ProjectId,
    recipe::Recipe,
    run::{Cost, RunStatus},
    table::{Source, facts::Facts},
    tracking::TrackedStatus,
};
use serde_json::Value;
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row to be written.
pub(super) struct NewRow {
    pub(super) id: Uuid,
    pub(super) source: Source,
    pub(super) facts: Facts,
    pub(super) created_at: OffsetDateTime,
}

/// Those of these runs that the project has.
pub(super) async fn of(db: &mut PgConnection, project: ProjectId, ids: &[Uuid]) -> Result<Vec<NewRow>, StoreError> {
    // Of losses, an attempt's points count up to the first step of a later one.
    let launched = sqlx::query(
        "select r.id, r.number, r.name, r.status, r.recipe, r.device, r.summary, r.failure_kind, r.created_at, r.started_at, \
         r.ended_at, m.name as model, d.name as dataset, v.number as version, u.name as person, \
         (select jsonb_object_agg(e.subject, e.metrics->'values') from evals e \
             where e.run_id = r.id and e.split = 'test' and e.version_id = r.version_id) as scores, \
         (select jsonb_object_agg(l.key, jsonb_build_array(l.last, l.least)) from ( \
             select k.key, (array_agg(p.last order by k.attempt desc) filter (where p.last is not null))[1] as last, min(p.least) as least \
             from (select *, min(first_step) over (partition by key order by attempt desc \
                     rows between unbounded preceding and 1 preceding) as until \
                 from (select s.id, s.key, s.attempt, (select step from points where series_id = s.id order by step limit 1) as first_step \
                     from series s where s.run_id = r.id and s.key in ('train_loss', 'validation_loss')) f) k \
             cross join lateral (select \
                 (select value from points where series_id = k.id and (k.until is null or step < k.until) order by step desc limit 1) as last, \
                 (select min(value) from points where series_id = k.id and (k.until is null or step < k.until)) as least) p \
             group by k.key) l) as losses \
         from runs r join models m on m.id = r.model_id join dataset_versions v on v.id = r.version_id \
         join datasets d on d.id = v.dataset_id join users u on u.id = r.created_by \
         where r.project_id = $1 and r.id = any($2)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(&mut *db)
    .await?;
    // NaN and the infinities have no JSON.
    let tracked = sqlx::query(
        "select r.id, r.name, r.user_name, u.name as person, r.status, r.started_ms, r.ended_ms, r.created_at, e.name as experiment, \
         (select jsonb_object_agg(p.key, left(p.value, 200)) from (select key, value from tracked_params where run_id = r.id \
             order by key limit 200) p) as params, \
         (select jsonb_object_agg(t.key, left(t.value, 200)) from (select key, value from tracked_tags where run_id = r.id \
             and not starts_with(key, 'mlflow.') order by key limit 50) t) as tags, \
         (select jsonb_object_agg(s.key, s.value) from (select key, value from tracked_series where run_id = r.id \
             and value not in ('NaN', 'Infinity', '-Infinity') order by key limit 200) s) as metrics \
         from tracked_runs r join tracked_experiments e on e.id = r.experiment_id left join users u on u.id = r.created_by \
         where e.project_id = $1 and r.id = any($2) and r.deleted_at is null and e.deleted_at is null",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(&mut *db)
    .await?;
    launched.iter().map(of_launched).chain(tracked.iter().map(of_tracked)).collect()
}

fn of_launched(row: &PgRow) -> Result<NewRow, StoreError> {
    let created_at: OffsetDateTime = row.try_get("created_at")?;
    let (started, ended): (Option<OffsetDateTime>, Option<OffsetDateTime>) =
        (row.try_get("started_at")?, row.try_get("ended_at")?);
    let mut facts = Facts::default();
    facts.text("name", row.try_get("name")?);
    facts.number("number", Some(f64::from(row.try_get::<i32, _>("number")?)));
    facts.text("source", Source::Lathe.as_str());
    facts.text("status", row.try_get("status")?);
    facts.text("failure", row.try_get::<Option<&str>, _>("failure_kind")?.unwrap_or_default());
    for (fact, column) in [("model", "model"), ("dataset", "dataset"), ("by", "person"), ("device", "device")] {
        facts.text(fact, row.try_get(column)?);
    }
    facts.number("version", Some(f64::from(row.try_get::<i32, _>("version")?)));
    facts.number("created", Some(milliseconds(created_at)));
    facts.number("started", started.map(milliseconds));
    facts.number("ended", ended.map(milliseconds));
    let seconds = started.zip(ended).map(|(start, end)| (end - start).as_seconds_f64());
    facts.number("duration", seconds);
    let summary: Option<Value> = row.try_get("summary")?;
    let cost = summary.zip(seconds).and_then(|(s, seconds)| Cost::of_result(&s, seconds, row.try_get("device").ok()?));
    facts.number("memory", cost.and_then(|c| c.memory_bytes).map(|b| b as f64));
    facts.number("disk", cost.and_then(|c| c.disk_bytes).map(|b| b as f64));
    let scores = row.try_get::<Option<Value>, _>("scores")?.unwrap_or_default();
    facts.scores(&numbers(&scores["base"]), &numbers(&scores["tuned"]));
    let losses = row.try_get::<Option<Value>, _>("losses")?.unwrap_or_default();
    for (name, key) in [("train", "train_loss"), ("validation", "validation_loss")] {
        facts.number(&format!("loss.{name}.last"), losses[key][0].as_f64());
        facts.number(&format!("loss.{name}.min"), losses[key][1].as_f64());
    }
    facts.recipe(&whole(row.try_get("recipe")?));
    Ok(NewRow { id: row.try_get("id")?, source: Source::Lathe, facts, created_at })
}

/// A recipe with all of its fields, also one that was stored before some of them existed.
fn whole(recipe: Value) -> Value {
    let read = json::<Recipe>(recipe.clone()).ok().and_then(|recipe| serde_json::to_value(recipe).ok());
    read.unwrap_or(recipe)
}

fn numbers(values: &Value) -> BTreeMap<String, f64> {
    let pairs = values.as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_f64()?))).collect()
}

fn of_tracked(row: &PgRow) -> Result<NewRow, StoreError> {
    let created_at: OffsetDateTime = row.try_get("created_at")?;
    let (started, ended): (Option<i64>, Option<i64>) = (row.try_get("started_ms")?, row.try_get("ended_ms")?);
    let status: TrackedStatus = crate::error::word(row.try_get("status")?)?;
    let mut facts = Facts::default();
    facts.text("name", row.try_get("name")?);
    facts.text("source", Source::Mlflow.as_str());
    facts.text("status", status_here(status).as_str());
    facts.text("experiment", row.try_get("experiment")?);
    let user: &str = row.try_get("user_name")?;
    let person = row.try_get::<Option<&str>, _>("person")?.unwrap_or_default();
    facts.text("by", if user.is_empty() { person } else { user });
    facts.number("created", Some(milliseconds(created_at)));
    facts.number("started", started.map(|ms| ms as f64));
    facts.number("ended", ended.map(|ms| ms as f64));
    facts.number("duration", started.zip(ended).map(|(start, end)| end.saturating_sub(start) as f64 / 1000.0));
    for (prefix, column) in [("metrics", "metrics"), ("params", "params"), ("tags", "tags")] {
        let values = row.try_get::<Option<Value>, _>(column)?.unwrap_or_default();
        for (key, value) in values.as_object().into_iter().flatten() {
            let name = format!("{prefix}.{key}");
            match value {
                Value::String(text) => facts.written(&name, text),
                value => facts.number(&name, value.as_f64()),
            }
        }
    }
    Ok(NewRow { id: row.try_get("id")?, source: Source::Mlflow, facts, created_at })
}

/// What MLflow's status is called of Lathe's own runs, so that one filter finds both.
fn status_here(status: TrackedStatus) -> RunStatus {
    match status {
        TrackedStatus::Running => RunStatus::Running,
        TrackedStatus::Scheduled => RunStatus::Queued,
        TrackedStatus::Finished => RunStatus::Succeeded,
        TrackedStatus::Failed => RunStatus::Failed,
        TrackedStatus::Killed => RunStatus::Cancelled,
    }
}

fn milliseconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000_000) as f64
}
