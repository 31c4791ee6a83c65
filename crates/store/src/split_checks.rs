//! What was found out about a version's splits: how alike they are, and what of the held-out ones training has seen.

use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    id::{SampleId, VersionId},
    split::{LeakCheck, LeakReport, SplitReport},
};
use sqlx::{PgPool, Row};

/// The reports for these settings, once they were made.
pub async fn get(
    db: &PgPool,
    version: VersionId,
    check: &LeakCheck,
) -> Result<Option<(SplitReport, LeakReport)>, StoreError> {
    let row = sqlx::query("select splits, leaks from split_checks where version_id = $1 and settings = $2")
        .bind(version.0)
        .bind(to_json(check)?)
        .fetch_optional(db)
        .await?;
    row.map(|r| Ok((json(r.try_get("splits")?)?, json(r.try_get("leaks")?)?))).transpose()
}

/// The held-out samples that training has seen, as far as somebody has looked under the usual settings.
pub(crate) async fn contaminated(db: &PgPool, version: VersionId) -> Result<Vec<SampleId>, StoreError> {
    let ids: Option<serde_json::Value> =
        sqlx::query_scalar("select leaks->'contaminated' from split_checks where version_id = $1 and settings = $2")
            .bind(version.0)
            .bind(to_json(&LeakCheck::default())?)
            .fetch_optional(db)
            .await?;
    ids.map_or_else(|| Ok(Vec::new()), json)
}

/// How many samples a version has.
pub async fn samples(db: &PgPool, version: VersionId) -> Result<u64, StoreError> {
    let samples: i64 = sqlx::query_scalar("select count(*) from version_samples where version_id = $1")
        .bind(version.0)
        .fetch_one(db)
        .await?;
    Ok(samples.cast_unsigned())
}

/// Keeps the reports for the settings that they were made with.
pub async fn put(db: &PgPool, version: VersionId, splits: &SplitReport, leaks: &LeakReport) -> Result<(), StoreError> {
    sqlx::query(
        "insert into split_checks (version_id, settings, splits, leaks) values ($1, $2, $3, $4) \
         on conflict (version_id, settings) do update set splits = excluded.splits, leaks = excluded.leaks",
    )
    .bind(version.0)
    .bind(to_json(&leaks.check)?)
    .bind(to_json(splits)?)
    .bind(to_json(leaks)?)
    .execute(db)
    .await?;
    Ok(())
}
