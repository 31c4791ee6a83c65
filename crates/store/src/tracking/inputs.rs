//! Data that runs say they have read.

use super::TrackError;
use crate::StoreError;
use domain::{id::TrackedRunId, tracking::Input};
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Notes what a run has read; said again, it replaces what was said. The caller has made sure that the run may be
/// written to.
pub async fn log(db: &PgPool, run: TrackedRunId, inputs: &[Input]) -> Result<(), TrackError> {
    let mut tx = db.begin().await.map_err(StoreError::from)?;
    for input in inputs {
        let tags: BTreeMap<&str, &str> = input.tags.iter().map(|t| (t.key.as_str(), t.value.as_str())).collect();
        sqlx::query(
            "insert into tracked_inputs (run_id, name, digest, source_type, source, schema, profile, tags) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (run_id, name, digest) do update \
             set source_type = excluded.source_type, source = excluded.source, schema = excluded.schema, \
             profile = excluded.profile, tags = tracked_inputs.tags || excluded.tags",
        )
        .bind(run.0)
        .bind(&input.name)
        .bind(&input.digest)
        .bind(&input.source_type)
        .bind(&input.source)
        .bind(&input.schema)
        .bind(&input.profile)
        .bind(sqlx::types::Json(tags))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
