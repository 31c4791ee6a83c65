//! Several versions mixed into a new dataset: the first version of that dataset has their samples, none copied.
//!
//! Validation and test samples are taken once each. Training samples are taken by weight, in an order that the seed and
//! their content decide. A content that one source tests or validates on is not trained on for another's sake, and of
//! equal contents one is taken.

use super::{
    corrections::count,
    import::{Made, insert_version, record},
};
use crate::{StoreError, error::to_json, samples::split_code};
use domain::{
    dataset::{Merge, MergedSource, Origin},
    id::{DatasetId, ProjectId, UserId, VersionId},
    sample::Split,
};
use sqlx::{PgConnection, PgPool, Row};

/// Makes the dataset, in one transaction; `None` when a source is not in the project.
pub async fn create(db: &PgPool, project: ProjectId, merge: &Merge, by: UserId) -> Result<Option<Made>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(names) = names(&mut tx, project, merge).await? else { return Ok(None) };
    collect(&mut tx, merge).await?;
    let mut sources = Vec::new();
    for (i, (source, (dataset_name, number))) in merge.sources.iter().zip(names).enumerate() {
        let row = sqlx::query(
            "select count(*) filter (where split = 0) as train, count(*) filter (where split > 0) as held_out from merging where source = $1",
        )
        .bind(source_code(i))
        .fetch_one(&mut *tx)
        .await?;
        sources.push(MergedSource {
            version_id: source.version_id,
            dataset_name,
            number,
            weight: source.weight,
            available: row.try_get::<i64, _>("train")?.cast_unsigned(),
            taken: 0,
            held_out: row.try_get::<i64, _>("held_out")?.cast_unsigned(),
        });
    }
    let available: Vec<u64> = sources.iter().map(|s| s.available).collect();
    let weights: Vec<f64> = sources.iter().map(|s| s.weight).collect();
    for (source, taken) in sources.iter_mut().zip(merge.sizing.shares(&available, &weights)) {
        source.taken = taken;
    }
    let made = write(&mut tx, project, merge, by, sources).await?;
    tx.commit().await?;
    Ok(Some(made))
}

fn source_code(index: usize) -> i16 {
    i16::try_from(index).unwrap_or(i16::MAX)
}

/// Dataset and number of each source, in their order.
async fn names(
    tx: &mut PgConnection,
    project: ProjectId,
    merge: &Merge,
) -> Result<Option<Vec<(String, u32)>>, StoreError> {
    let mut names = Vec::new();
    for source in &merge.sources {
        let row = sqlx::query(
            "select d.name, v.number from dataset_versions v join datasets d on d.id = v.dataset_id \
             where v.id = $1 and d.project_id = $2 and d.archived_at is null",
        )
        .bind(source.version_id.0)
        .bind(project.0)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        names.push((row.try_get("name")?, row.try_get::<i32, _>("number")?.cast_unsigned()));
    }
    Ok(Some(names))
}

/// Puts every different content once into a table of this transaction: from the strictest split that it is in, and there
/// from the first source. `turn` is its place among the training samples of its source.
async fn collect(tx: &mut PgConnection, merge: &Merge) -> Result<(), StoreError> {
    let versions: Vec<uuid::Uuid> = merge.sources.iter().map(|s| s.version_id.0).collect();
    sqlx::query(
        "create temporary table merging (source smallint, position integer, sample_id bigint, split smallint, turn bigint) on commit drop",
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into merging \
         select source, position, sample_id, split, row_number() over (partition by source, split order by hashtextextended(content_hash::text, $2)) - 1 \
         from (select distinct on (s.content_hash) (o.source - 1)::smallint as source, vs.position, vs.sample_id, vs.split, s.content_hash \
               from unnest($1::uuid[]) with ordinality as o(version_id, source) \
               join version_samples vs on vs.version_id = o.version_id join samples s on s.id = vs.sample_id \
               where s.forgotten_at is null order by s.content_hash, vs.split desc, o.source, vs.position) once",
    )
    .bind(versions)
    .bind(merge.seed.cast_signed())
    .execute(&mut *tx)
    .await?;
    sqlx::query("analyze merging").execute(tx).await?;
    Ok(())
}

async fn write(
    tx: &mut PgConnection,
    project: ProjectId,
    merge: &Merge,
    by: UserId,
    sources: Vec<MergedSource>,
) -> Result<Made, StoreError> {
    let dataset = DatasetId::new();
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, $3, $4)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(merge.name.trim())
        .bind(by.0)
        .execute(&mut *tx)
        .await?;
    let left_out = left_out(tx, merge).await?;
    let origin = Origin::Merge { sources: sources.clone(), seed: merge.seed, sizing: merge.sizing, left_out };
    let made = insert_version(tx, dataset, None, by, "", &origin).await?;
    for (i, source) in sources.iter().enumerate() {
        add(tx, made.version_id, source_code(i), source).await?;
    }
    let stats = count(tx, made.version_id).await?;
    sqlx::query("update dataset_versions set stats = $2 where id = $1")
        .bind(made.version_id.0)
        .bind(to_json(&stats)?)
        .execute(&mut *tx)
        .await?;
    record(tx, project, by, &made, merge.name.trim()).await?;
    sqlx::query("analyze version_samples").execute(tx).await?;
    Ok(made)
}

/// Samples of the sources that say what another one says.
async fn left_out(tx: &mut PgConnection, merge: &Merge) -> Result<u64, StoreError> {
    let versions: Vec<uuid::Uuid> = merge.sources.iter().map(|s| s.version_id.0).collect();
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from version_samples vs join samples s on s.id = vs.sample_id \
            where vs.version_id = any($1) and s.forgotten_at is null) - (select count(*) from merging)",
    )
    .bind(versions)
    .fetch_one(tx)
    .await?;
    Ok(left.cast_unsigned())
}

/// Adds one source behind what is there: its held-out samples, and its training samples as often as was asked for.
async fn add(tx: &mut PgConnection, version: VersionId, code: i16, source: &MergedSource) -> Result<(), StoreError> {
    let (rounds, rest) = match source.available {
        0 => (0, 0),
        n => (source.taken / n, source.taken % n),
    };
    sqlx::query(
        "insert into version_samples (version_id, position, sample_id, split) \
         select $1, (select coalesce(max(position), -1) from version_samples where version_id = $1) + row_number() over (order by m.position, copy), \
                m.sample_id, m.split \
         from merging m cross join lateral generate_series(1, case when m.split <> $3 then 1 when m.turn < $5 then $4 + 1 else $4 end) copy \
         where m.source = $2",
    )
    .bind(version.0)
    .bind(code)
    .bind(split_code(Split::Train))
    .bind(i32::try_from(rounds).unwrap_or(i32::MAX - 1))
    .bind(rest.cast_signed())
    .execute(tx)
    .await?;
    Ok(())
}
