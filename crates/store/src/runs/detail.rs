//! One run.

use super::{FROM, STATE, SUMMARY, run_state, summary};
use crate::{StoreError, error::json};
use domain::{
    estimate::Estimate,
    id::{ProjectId, RunId},
    run::{Cost, Measured, Prediction, RunDetail, RunState},
};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};

/// A run of the project.
pub async fn get(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<RunDetail>, StoreError> {
    sqlx::query(AssertSqlSafe(format!(
        "select {SUMMARY}, {STATE}, r.recipe, r.estimate, r.summary as result, r.adapter, r.leak_override, m.card, {}, {}, {}, \
         (select coalesce(jsonb_agg(jsonb_build_array(c.id, c.number) order by c.number), '[]') from runs c \
            where c.repeats = r.id and c.project_id = r.project_id) as repetitions, \
         (select jsonb_build_object('pace', p.report->'pace', 'memory_bytes', p.report->'room'->'memory'->'needed_bytes') \
            from preflights p where p.run_id = r.id) as measured, \
         (select coalesce(jsonb_agg(jsonb_build_object('at', f.at, 'samples', x.samples) order by f.at), '[]') from run_forgettings x join forgettings f on f.id = x.forgetting_id \
            where x.run_id = r.id) as forgotten, \
         exists (select from evals e where e.run_id = r.id) as has_evaluation \
         from {FROM} where r.project_id = $1 and r.id = $2",
        ancestor("cloned_from"),
        ancestor("repeats"),
        ancestor("continues"),
    )))
    .bind(project.0)
    .bind(run.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(detail)
    .transpose()
}

/// Column `name` of a run as the id and the number of another run of the project.
fn ancestor(name: &str) -> String {
    format!(
        "(select jsonb_build_array(c.id, c.number) from runs c where c.id = r.{name} and c.project_id = r.project_id) \
         as {name}"
    )
}

fn detail(row: &PgRow) -> Result<RunDetail, StoreError> {
    let estimate: serde_json::Value = row.try_get("estimate")?;
    let ancestor = |name: &str| row.try_get::<Option<serde_json::Value>, _>(name)?.map(json).transpose();
    let adapter: Option<serde_json::Value> = row.try_get("adapter")?;
    // A run made without a prediction has `{}` here.
    let estimate: Option<Estimate> = serde_json::from_value(estimate).ok();
    let measured: Option<Measured> = row.try_get::<Option<serde_json::Value>, _>("measured")?.map(json).transpose()?;
    let (summary, result) = (summary(row)?, row.try_get::<Option<serde_json::Value>, _>("result")?);
    let state = &summary.state;
    let seconds = state.ended_at.zip(state.started_at).map(|(end, start)| (end - start).as_seconds_f64());
    Ok(RunDetail {
        predicted: estimate.as_ref().map(|e| Prediction::of(e, measured)),
        actual: result.as_ref().zip(seconds).and_then(|(r, seconds)| Cost::of_result(r, seconds, &state.device)),
        summary,
        recipe: json(row.try_get("recipe")?)?,
        estimate,
        model: json(row.try_get("card")?)?,
        cloned_from: ancestor("cloned_from")?,
        repeats: ancestor("repeats")?,
        continues: ancestor("continues")?,
        repetitions: json(row.try_get("repetitions")?)?,
        result,
        adapter: adapter.map(json).transpose()?.unwrap_or_default(),
        has_evaluation: row.try_get("has_evaluation")?,
        leak_override: row.try_get::<Option<serde_json::Value>, _>("leak_override")?.map(json).transpose()?,
        forgotten: json(row.try_get("forgotten")?)?,
    })
}

/// Where a run of the project stands now.
pub async fn state(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<RunState>, StoreError> {
    sqlx::query(AssertSqlSafe(format!("select {STATE} from runs r where r.project_id = $1 and r.id = $2")))
        .bind(project.0)
        .bind(run.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(run_state)
        .transpose()
}
