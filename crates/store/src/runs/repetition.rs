//! A run beside the one that it repeats.

use crate::{StoreError, error::json};
use domain::{
    event::series::TRAIN_LOSS,
    id::{ProjectId, RunId},
    run::{AdapterFile, Comparable, Differences, LossDifference, Repetition, RunDetail, manifest_lines},
};
use sqlx::{AssertSqlSafe, PgPool, Row};
use std::collections::BTreeMap;

/// `None` for a run that repeats no other.
pub async fn repetition(db: &PgPool, run: &RunDetail) -> Result<Option<Repetition>, StoreError> {
    let Some((original, original_number)) = run.repeats else { return Ok(None) };
    let second = run.summary.id;
    let (Some(first_left), Some(second_left)) = (comparable(db, original).await?, comparable(db, second).await?) else {
        return Ok(Some(Repetition { original, original_number, differences: None }));
    };
    let first_loss = first_other_loss(db, original, second).await?;
    let differences = Differences { first_loss, ..Differences::between(&first_left, &second_left) };
    Ok(Some(Repetition { original, original_number, differences: Some(differences) }))
}

/// The manifest of a run of the project that has succeeded.
pub async fn manifest(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<serde_json::Value>, StoreError> {
    let manifest = sqlx::query_scalar("select manifest from runs where project_id = $1 and id = $2");
    Ok(manifest.bind(project.0).bind(run.0).fetch_optional(db).await?.flatten())
}

/// What a run left, but for its losses; `None` before it has succeeded.
async fn comparable(db: &PgPool, run: RunId) -> Result<Option<Comparable>, StoreError> {
    let row = sqlx::query("select adapter, manifest from runs where id = $1 and status = 'succeeded'");
    let Some(row) = row.bind(run.0).fetch_optional(db).await? else { return Ok(None) };
    let files: Vec<AdapterFile> = row.try_get::<Option<_>, _>("adapter")?.map(json).transpose()?.unwrap_or_default();
    let manifest: Option<serde_json::Value> = row.try_get("manifest")?;
    Ok(Some(Comparable {
        weights: files.into_iter().filter(|f| f.path.ends_with(".safetensors")).map(|f| (f.path, f.sha256)).collect(),
        losses: BTreeMap::new(),
        manifest: manifest.map(|m| manifest_lines(&m)).unwrap_or_default(),
    }))
}

/// The first step whose training losses have other bits. Of a step that several attempts took, the last one's counts. The
/// points stay in the database: there may be millions.
async fn first_other_loss(db: &PgPool, first: RunId, second: RunId) -> Result<Option<LossDifference>, StoreError> {
    let losses = |run: &str| {
        format!(
            "(select distinct on (p.step) p.step, p.value from series s join points p on p.series_id = s.id \
             where s.run_id = {run} and s.key = $3 order by p.step, s.attempt desc)"
        )
    };
    let row: Option<(i32, Option<f64>, Option<f64>)> = sqlx::query_as(AssertSqlSafe(format!(
        "select step, a.value, b.value from {} a full join {} b using (step) \
         where float8send(a.value) is distinct from float8send(b.value) order by step limit 1",
        losses("$1"),
        losses("$2"),
    )))
    .bind(first.0)
    .bind(second.0)
    .bind(TRAIN_LOSS)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(step, first, second)| LossDifference { step: step.cast_unsigned(), first, second }))
}
