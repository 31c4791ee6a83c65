//! Writing a version from a file: samples stream in by COPY, inside one transaction.

mod line;

pub use line::Line;
pub(super) use line::escape;

use crate::{
    StoreError, activity,
    error::to_json,
    samples::{split_code, split_of},
};
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, UserId, VersionId},
    import::ImportTarget,
    sample::{Sample, Split},
};
use futures::TryStreamExt;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use std::{collections::HashMap, sync::Arc};

/// What is known of a version before its first sample is written.
pub struct NewVersion<'a> {
    pub project: ProjectId,
    pub by: UserId,
    pub target: &'a ImportTarget,
    pub origin: &'a Origin,
    /// Begin with the samples of the dataset's newest version.
    pub append: bool,
}

/// A sample on its way into a version.
#[derive(Clone, Debug)]
pub struct NewSample {
    pub sample: Sample,
    pub content_hash: [u8; 32],
    pub split: Split,
    /// The file that it came from.
    pub file: Arc<str>,
    /// 1-based line of that file.
    pub line: u64,
}

/// A version that exists.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Made {
    pub dataset_id: DatasetId,
    pub version_id: VersionId,
    pub number: u32,
}

/// A version being written. Dropped before [`Writer::finish`], it leaves nothing behind.
pub struct Writer {
    tx: Transaction<'static, Postgres>,
    project: ProjectId,
    by: UserId,
    made: Made,
    dataset_name: String,
    next_position: i32,
    /// Splits of the samples that were there before, by the first half of their content's hash.
    known: HashMap<u128, Split>,
}

impl Writer {
    /// Starts a version; `None` when the dataset to append to does not exist.
    pub async fn begin(db: &PgPool, new: NewVersion<'_>) -> Result<Option<Self>, StoreError> {
        let mut tx = db.begin().await?;
        let Some((dataset_id, dataset_name)) = dataset(&mut tx, &new).await? else { return Ok(None) };
        let parent = if new.append { newest(&mut tx, dataset_id).await? } else { None };
        let made = insert_version(&mut tx, dataset_id, parent, new.by, "", new.origin).await?;
        let known = match parent {
            Some(parent) => inherit(&mut tx, parent, made.version_id).await?,
            None => HashMap::new(),
        };
        let next_position = next_position(&mut tx, made.version_id).await?;
        Ok(Some(Self { tx, project: new.project, by: new.by, made, dataset_name, next_position, known }))
    }

    /// Samples that the version begins with: all of them, and those of the test split.
    pub async fn inherited(&mut self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query(
            "select count(*) as all_of_them, count(*) filter (where split = $2) as test from version_samples where version_id = $1",
        )
        .bind(self.made.version_id.0)
        .bind(split_code(Split::Test))
        .fetch_one(&mut *self.tx)
        .await?;
        Ok((row.try_get::<i64, _>("all_of_them")?.cast_unsigned(), row.try_get::<i64, _>("test")?.cast_unsigned()))
    }

    /// Splits of the samples that the version begins with, by the [`short_hash`] of their content; handed over once.
    pub fn take_known(&mut self) -> HashMap<u128, Split> {
        std::mem::take(&mut self.known)
    }

    /// Appends samples in order. A few thousand at a time are quickest.
    pub async fn write(&mut self, batch: &[Line]) -> Result<(), StoreError> {
        let ids: Vec<i64> =
            sqlx::query_scalar("select nextval(pg_get_serial_sequence('samples', 'id')) from generate_series(1, $1)")
                .bind(i64::try_from(batch.len()).unwrap_or(i64::MAX))
                .fetch_all(&mut *self.tx)
                .await?;
        let dataset = format!("\t{}\t", self.made.dataset_id);
        let version = format!("{}\t", self.made.version_id);
        let mut rows = Vec::with_capacity(batch.iter().map(|line| line.columns.len() + 64).sum());
        let mut members = Vec::with_capacity(batch.len() * 64);
        for (id, line) in ids.iter().zip(batch) {
            rows.extend_from_slice(id.to_string().as_bytes());
            rows.extend_from_slice(dataset.as_bytes());
            rows.extend_from_slice(&line.columns);
            members.extend_from_slice(version.as_bytes());
            members.extend_from_slice(format!("{}\t{id}\t{}\n", self.next_position, split_code(line.split)).as_bytes());
            self.next_position += 1;
        }
        copy(
            &mut self.tx,
            "copy samples (id, dataset_id, messages, label, rejected, slices, content_hash, source_file, source_line, search_text, spans, choices) from stdin",
            rows,
        )
        .await?;
        copy(&mut self.tx, "copy version_samples (version_id, position, sample_id, split) from stdin", members).await
    }

    /// Makes the version visible, with its statistics, what is known of its origin by now, and the report of skipped
    /// lines. The statistics are those of what was written, or of all samples where there were some before.
    pub async fn finish(
        mut self,
        stats: &VersionStats,
        origin: &Origin,
        skipped_report_sha256: Option<&str>,
    ) -> Result<Made, StoreError> {
        let has_parent = self.next_position as u64 > stats.samples;
        let stats = if has_parent {
            let all = super::corrections::count(&mut self.tx, self.made.version_id).await?;
            VersionStats { skipped_lines: stats.skipped_lines, ..all }
        } else {
            stats.clone()
        };
        sqlx::query(
            "update dataset_versions set stats = $2, skipped_report_sha256 = $3, origin = $4, \
             task = (select task from uploads where project_id = $5 and sha256 = ($4::jsonb)->>'sha256' and task is not null \
             order by created_at desc limit 1) where id = $1",
        )
            .bind(self.made.version_id.0)
            .bind(to_json(&stats)?)
            .bind(skipped_report_sha256)
            .bind(to_json(origin)?)
            .bind(self.project.0)
            .execute(&mut *self.tx)
            .await?;
        record(&mut self.tx, self.project, self.by, &self.made, &self.dataset_name).await?;
        // Without fresh statistics the first pages of a large version would be planned badly.
        sqlx::query("analyze samples, version_samples").execute(&mut *self.tx).await?;
        self.tx.commit().await?;
        Ok(self.made)
    }
}

/// The first half of a content's hash: enough to find equal samples.
#[must_use]
pub fn short_hash(content_hash: &[u8; 32]) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&content_hash[..16]);
    u128::from_le_bytes(half)
}

/// The newest version of a dataset that this transaction has locked.
async fn newest(tx: &mut PgConnection, dataset: DatasetId) -> Result<Option<VersionId>, StoreError> {
    let id: Option<uuid::Uuid> =
        sqlx::query_scalar("select id from dataset_versions where dataset_id = $1 order by number desc limit 1")
            .bind(dataset.0)
            .fetch_optional(tx)
            .await?;
    Ok(id.map(VersionId))
}

/// Takes over the membership of the parent, without samples that were erased; the splits of its contents.
async fn inherit(
    tx: &mut PgConnection,
    parent: VersionId,
    version: VersionId,
) -> Result<HashMap<u128, Split>, StoreError> {
    sqlx::query(
        "insert into version_samples (version_id, position, sample_id, split) \
         select $1, (row_number() over (order by vs.position))::int - 1, vs.sample_id, vs.split from version_samples vs \
         join samples s on s.id = vs.sample_id where vs.version_id = $2 and s.forgotten_at is null",
    )
    .bind(version.0)
    .bind(parent.0)
    .execute(&mut *tx)
    .await?;
    let mut rows = sqlx::query(
        "select s.content_hash, vs.split from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1",
    )
    .bind(version.0)
    .fetch(tx);
    let mut known = HashMap::new();
    while let Some(row) = rows.try_next().await? {
        let hash: Vec<u8> = row.try_get("content_hash")?;
        let hash: [u8; 32] = hash.try_into().map_err(|_| StoreError::Corrupt("a content hash is cut".to_owned()))?;
        let split = split_of(row.try_get("split")?)?;
        // What is tested on stays out of training, should a content stand in both.
        known.entry(short_hash(&hash)).and_modify(|s: &mut Split| *s = (*s).max(split)).or_insert(split);
    }
    Ok(known)
}

async fn next_position(tx: &mut PgConnection, version: VersionId) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("select coalesce(max(position), -1) + 1 from version_samples where version_id = $1")
        .bind(version.0)
        .fetch_one(tx)
        .await?)
}

/// The dataset to write to: made, or locked so that version numbers have no gaps.
async fn dataset(tx: &mut PgConnection, new: &NewVersion<'_>) -> Result<Option<(DatasetId, String)>, StoreError> {
    match new.target {
        ImportTarget::Name(name) => {
            let id = DatasetId::new();
            sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, $3, $4)")
                .bind(id.0)
                .bind(new.project.0)
                .bind(name.trim())
                .bind(new.by.0)
                .execute(tx)
                .await?;
            Ok(Some((id, name.trim().to_owned())))
        }
        ImportTarget::DatasetId(id) => Ok(lock_dataset(tx, new.project, *id).await?.map(|name| (*id, name))),
    }
}

/// Locks a dataset for the transaction; its name, or `None` when there is none.
pub(super) async fn lock_dataset(
    tx: &mut PgConnection,
    project: ProjectId,
    id: DatasetId,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select name from datasets where id = $1 and project_id = $2 and archived_at is null for update",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(tx)
    .await?)
}

/// Inserts the row of the dataset's next version. The dataset is locked by this transaction.
pub(super) async fn insert_version(
    tx: &mut PgConnection,
    dataset_id: DatasetId,
    parent: Option<VersionId>,
    by: UserId,
    note: &str,
    origin: &Origin,
) -> Result<Made, StoreError> {
    let version_id = VersionId::new();
    let row = sqlx::query(
        "insert into dataset_versions (id, dataset_id, number, parent_id, note, origin, stats, created_by) \
         values ($1, $2, (select coalesce(max(number), 0) + 1 from dataset_versions where dataset_id = $2), $3, $4, $5, $6, $7) \
         returning number",
    )
    .bind(version_id.0)
    .bind(dataset_id.0)
    .bind(parent.map(|p| p.0))
    .bind(note)
    .bind(to_json(origin)?)
    .bind(to_json(&VersionStats::default())?)
    .bind(by.0)
    .fetch_one(tx)
    .await?;
    Ok(Made { dataset_id, version_id, number: row.try_get::<i32, _>("number")?.cast_unsigned() })
}

/// Records in the project's activity that a version was made.
pub(super) async fn record(
    tx: &mut PgConnection,
    project: ProjectId,
    by: UserId,
    made: &Made,
    dataset_name: &str,
) -> Result<(), StoreError> {
    let name = format!("{dataset_name} v{}", made.number);
    activity::record(tx, project, Some(by), "version.created", &made.version_id.to_string(), &name).await
}

pub(crate) async fn copy(tx: &mut PgConnection, statement: &str, lines: Vec<u8>) -> Result<(), StoreError> {
    let mut sink = tx.copy_in_raw(statement).await?;
    if let Err(error) = sink.send(lines).await {
        sink.abort("writing failed").await?;
        return Err(error.into());
    }
    sink.finish().await?;
    Ok(())
}
