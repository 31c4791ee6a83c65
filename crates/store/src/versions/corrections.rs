//! The next version of a dataset from corrected bad cases: the parent's membership, with each
//! corrected sample in the place of the one it corrects.
//!
//! A correction keeps the split of its original. Only when `move_to_train` says so does it leave
//! the validation or test split, so that the model may learn from it without being tested on it.
//! One whose original was written by hand, and is in no version, is added behind all others: to the test split, or to training.

use super::import::{Made, insert_version, lock_dataset, record};
use crate::{
    Stale, StoreError,
    error::{json, to_json},
    samples::{self, choices_json, search_text, spans_json, split_code, split_of},
};
use dataprep::{hash::content_hash, stats::StatsBuilder};
use domain::{
    dataset::{Origin, VersionStats},
    id::{BadCaseId, DatasetId, ProjectId, SampleId, UserId, VersionId},
    sample::{Sample, Split},
};
use futures::TryStreamExt;
use sqlx::{PgConnection, PgPool, Row};

/// A corrected sample and what it is for.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The sample that was wrong, or that the model got wrong.
    pub original: SampleId,
    pub sample: Sample,
    pub bad_case: BadCaseId,
    /// Also learn from it when it came from the validation or test split, which it then leaves.
    pub move_to_train: bool,
}

/// Makes the next version of the parent's dataset, marks the bad cases as added, and records it
/// all, in one transaction. An original that an earlier correction has replaced in the parent is
/// followed to its latest correction. `None` when the project has no such parent version;
/// [`StoreError::Stale`] when an original is not in it.
pub async fn create_from_corrections(
    db: &PgPool,
    project: ProjectId,
    parent: VersionId,
    corrections: &[Correction],
    by: UserId,
    note: &str,
) -> Result<Option<Made>, StoreError> {
    let mut tx = db.begin().await?;
    let Some((dataset, dataset_name, parent_stats)) = lock_parent(&mut tx, project, parent).await? else {
        return Ok(None);
    };
    let mut places = Vec::with_capacity(corrections.len());
    for c in corrections {
        places.push(find(&mut tx, dataset, parent, c.original).await?);
    }
    let moved = corrections.iter().zip(&places).filter(|(c, p)| c.move_to_train && p.split != Split::Train).count();
    let origin = Origin::Corrections { corrections: corrections.len() as u64, moved_to_train: moved as u64 };
    let made = insert_version(&mut tx, dataset, Some(parent), by, note, &origin).await?;
    sqlx::query(
        "insert into version_samples (version_id, position, sample_id, split) \
         select $1, (row_number() over (order by vs.position))::int - 1, vs.sample_id, vs.split from version_samples vs \
         join samples s on s.id = vs.sample_id where vs.version_id = $2 and s.forgotten_at is null",
    )
    .bind(made.version_id.0)
    .bind(parent.0)
    .execute(&mut *tx)
    .await?;
    for (correction, place) in corrections.iter().zip(&places) {
        replace(&mut tx, made.version_id, place, correction, by, project).await?;
    }
    let stats = VersionStats { skipped_lines: parent_stats.skipped_lines, ..count(&mut tx, made.version_id).await? };
    sqlx::query("update dataset_versions set stats = $2 where id = $1")
        .bind(made.version_id.0)
        .bind(to_json(&stats)?)
        .execute(&mut *tx)
        .await?;
    record(&mut tx, project, by, &made, &dataset_name).await?;
    tx.commit().await?;
    Ok(Some(made))
}

async fn lock_parent(
    tx: &mut PgConnection,
    project: ProjectId,
    parent: VersionId,
) -> Result<Option<(DatasetId, String, VersionStats)>, StoreError> {
    let row = sqlx::query("select dataset_id, stats from dataset_versions where id = $1")
        .bind(parent.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let dataset = DatasetId(row.try_get("dataset_id")?);
    let stats = json(row.try_get("stats")?)?;
    Ok(lock_dataset(tx, project, dataset).await?.map(|name| (dataset, name, stats)))
}

/// Where a sample stands in the parent version, and so in the next one: samples that were erased are not counted.
struct Place {
    /// `None` for a sample that no version has.
    position: Option<i32>,
    sample: i64,
    split: Split,
}

/// The place of a sample, or of the latest correction that stands for it.
async fn find(
    tx: &mut PgConnection,
    dataset: DatasetId,
    version: VersionId,
    original: SampleId,
) -> Result<Place, StoreError> {
    let row = sqlx::query(
        "with recursive line as (select $2::bigint as id union select s.id from samples s join line on s.parent_id = line.id) \
         select (vs.position - (select count(*) from samples f join version_samples m on m.sample_id = f.id \
            where f.forgotten_at is not null and m.version_id = $1 and m.position < vs.position))::int as position, vs.sample_id, vs.split \
         from version_samples vs join line on line.id = vs.sample_id join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and s.forgotten_at is null order by vs.sample_id desc limit 1",
    )
    .bind(version.0)
    .bind(original.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return outside(tx, dataset, original).await };
    Ok(Place {
        position: Some(row.try_get("position")?),
        sample: row.try_get("sample_id")?,
        split: split_of(row.try_get("split")?)?,
    })
}

/// The place of a sample of the dataset that neither is in any version nor has a correction that is.
async fn outside(tx: &mut PgConnection, dataset: DatasetId, original: SampleId) -> Result<Place, StoreError> {
    let is_outside: bool = sqlx::query_scalar(
        "select exists (select from samples s where s.id = $1 and s.dataset_id = $2 \
         and not exists (select from version_samples vs where vs.sample_id = s.id) \
         and not exists (select from samples c where c.parent_id = s.id))",
    )
    .bind(original.0)
    .bind(dataset.0)
    .fetch_one(tx)
    .await?;
    if !is_outside {
        return Err(Stale::SampleElsewhere.into());
    }
    Ok(Place { position: None, sample: original.0, split: Split::Test })
}

/// Puts the corrected sample in its original's place and ties it to the bad case.
async fn replace(
    tx: &mut PgConnection,
    version: VersionId,
    place: &Place,
    correction: &Correction,
    by: UserId,
    project: ProjectId,
) -> Result<(), StoreError> {
    let id: i64 = sqlx::query_scalar(
        "insert into samples (dataset_id, messages, label, slices, content_hash, source_file, source_line, parent_id, bad_case_id, search_text, rejected, spans, choices) \
         select dataset_id, $2, $3, $4, $5, source_file, source_line, id, $6, $7, $8, $9, $10 from samples where id = $1 returning id",
    )
    .bind(place.sample)
    .bind(to_json(&correction.sample.messages)?)
    .bind(correction.sample.label.as_deref())
    .bind(to_json(&correction.sample.slices)?)
    .bind(content_hash(&correction.sample).as_slice())
    .bind(correction.bad_case.0)
    .bind(search_text(&correction.sample))
    .bind(correction.sample.rejected.as_deref())
    .bind(spans_json(&correction.sample)?)
    .bind(choices_json(&correction.sample)?)
    .fetch_one(&mut *tx)
    .await?;
    let split = if correction.move_to_train { Split::Train } else { place.split };
    let statement = match place.position {
        Some(_) => "update version_samples set sample_id = $3, split = $4 where version_id = $1 and position = $2",
        None => {
            "insert into version_samples (version_id, position, sample_id, split) \
             select $1, coalesce($2, (select coalesce(max(position), -1) + 1 from version_samples where version_id = $1)), $3, $4"
        }
    };
    sqlx::query(statement)
        .bind(version.0)
        .bind(place.position)
        .bind(id)
        .bind(split_code(split))
        .execute(&mut *tx)
        .await?;
    let added = sqlx::query(
        "update bad_cases set status = 'added', corrected_sample_id = $2, corrected_version_id = $3, updated_by = $4, \
         updated_at = now(), revision = revision + 1 where id = $1 and project_id = $5 and status = 'corrected'",
    )
    .bind(correction.bad_case.0)
    .bind(id)
    .bind(version.0)
    .bind(by.0)
    .bind(project.0)
    .execute(tx)
    .await?;
    if added.rows_affected() == 1 { Ok(()) } else { Err(Stale::CorrectionsChanged.into()) }
}

/// Statistics of all samples of a version.
pub(super) async fn count(tx: &mut PgConnection, version: VersionId) -> Result<VersionStats, StoreError> {
    let mut rows = samples::stream(tx, version, None);
    let mut stats = StatsBuilder::new();
    while let Some(row) = rows.try_next().await? {
        stats.add(&row.sample, row.split, &content_hash(&row.sample));
    }
    Ok(stats.finish())
}
