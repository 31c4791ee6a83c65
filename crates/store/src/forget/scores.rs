//! What models say of samples that are erased: their scores, and their places in the order of a version's scores.

use crate::StoreError;
use domain::id::VersionId;
use sqlx::{PgConnection, Row};
use std::collections::HashSet;
use uuid::Uuid;

/// Takes the samples of the transaction's table `forgetting` out of all scorings of these versions, and out of what they count.
pub(super) async fn erase(tx: &mut PgConnection, versions: &[VersionId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = versions.iter().map(|version| version.0).collect();
    sqlx::query(
        "with gone as (delete from sample_scores c using scorings g where g.id = c.scoring_id and g.version_id = any($1) \
            and c.sample_id in (select sample_id from forgetting) returning c.scoring_id), \
         counted as (select scoring_id, count(*) as n from gone group by scoring_id) \
         update scorings g set scored = g.scored - counted.n from counted where g.id = counted.scoring_id",
    )
    .bind(&ids)
    .execute(&mut *tx)
    .await?;
    let scorings: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select g.id, g.version_id from scorings g join scoring_orders o on o.scoring_id = g.id where g.version_id = any($1)",
    )
    .bind(&ids)
    .fetch_all(&mut *tx)
    .await?;
    for (scoring, version) in scorings {
        let positions: Vec<i32> = sqlx::query_scalar(
            "select vs.position from version_samples vs join forgetting f on f.sample_id = vs.sample_id where vs.version_id = $1",
        )
        .bind(version)
        .fetch_all(&mut *tx)
        .await?;
        cut(tx, scoring, &positions.into_iter().map(i32::cast_unsigned).collect()).await?;
    }
    Ok(())
}

/// Takes positions out of an order. Here and not in the database, which takes seconds to put a million in order again.
async fn cut(tx: &mut PgConnection, scoring: Uuid, gone: &HashSet<u32>) -> Result<(), StoreError> {
    let row = sqlx::query("select positions, losses from scoring_orders where scoring_id = $1")
        .bind(scoring)
        .fetch_one(&mut *tx)
        .await?;
    let (positions, losses) = without(row.try_get("positions")?, row.try_get("losses")?, gone);
    sqlx::query("update scoring_orders set positions = $2, losses = $3 where scoring_id = $1")
        .bind(scoring)
        .bind(positions.as_flattened())
        .bind(losses.as_flattened())
        .execute(tx)
        .await?;
    Ok(())
}

/// Positions and losses, 4 bytes each, without those of some positions.
fn without(positions: &[u8], losses: &[u8], gone: &HashSet<u32>) -> (Vec<[u8; 4]>, Vec<[u8; 4]>) {
    let pairs = positions.as_chunks::<4>().0.iter().zip(losses.as_chunks::<4>().0);
    pairs.filter(|(position, _)| !gone.contains(&u32::from_be_bytes(**position))).map(|(p, l)| (*p, *l)).unzip()
}
