//! A run beside the one that it repeats.

use crate::{StoreError, error::json};
use domain::{
    event::series::TRAIN_LOSS,
    id::{ProjectId, RunId},
    run::{AdapterFile, Differences, Outcome, Repetition, RunDetail, manifest_lines},
};
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;

/// `None` for a run that repeats no other.
pub async fn repetition(db: &PgPool, run: &RunDetail) -> Result<Option<Repetition>, StoreError> {
    let Some((original, original_number)) = run.repeats else { return Ok(None) };
    let (first, second) = (outcome(db, original).await?, outcome(db, run.summary.id).await?);
    let differences = first.zip(second).map(|(first, second)| Differences::between(&first, &second));
    Ok(Some(Repetition { original, original_number, differences }))
}

/// The manifest of a run of the project that has succeeded.
pub async fn manifest(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<serde_json::Value>, StoreError> {
    let manifest = sqlx::query_scalar("select manifest from runs where project_id = $1 and id = $2");
    Ok(manifest.bind(project.0).bind(run.0).fetch_optional(db).await?.flatten())
}

/// What a run left; `None` before it has succeeded.
async fn outcome(db: &PgPool, run: RunId) -> Result<Option<Outcome>, StoreError> {
    let row = sqlx::query("select adapter, manifest from runs where id = $1 and status = 'succeeded'");
    let Some(row) = row.bind(run.0).fetch_optional(db).await? else { return Ok(None) };
    let files: Vec<AdapterFile> = row.try_get::<Option<_>, _>("adapter")?.map(json).transpose()?.unwrap_or_default();
    let manifest: Option<serde_json::Value> = row.try_get("manifest")?;
    Ok(Some(Outcome {
        weights: files.into_iter().filter(|f| f.path.ends_with(".safetensors")).map(|f| (f.path, f.sha256)).collect(),
        losses: losses(db, run).await?,
        manifest: manifest.map(|m| manifest_lines(&m)).unwrap_or_default(),
    }))
}

/// Bits of the training loss by step; of a step that several attempts took, the last one's.
async fn losses(db: &PgPool, run: RunId) -> Result<BTreeMap<u32, u64>, StoreError> {
    let rows: Vec<(i32, f64)> = sqlx::query_as(
        "select p.step, p.value from series s join points p on p.series_id = s.id where s.run_id = $1 and s.key = $2 \
         order by s.attempt, p.step",
    )
    .bind(run.0)
    .bind(TRAIN_LOSS)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(step, value)| (step.cast_unsigned(), value.to_bits())).collect())
}
