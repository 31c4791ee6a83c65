//! Building a version's index: segment by segment, visible when it is complete. An index that a killed worker left is
//! begun anew, and a worker that lost its job to another writes no more.

use super::segment::{Gatherer, SEGMENT_BITS, Segment, encode};
use crate::{Stale, StoreError, forget, jobs};
use domain::{
    dataset::SampleRow,
    explore::Field,
    id::{JobId, ProjectId, UserId, VersionId},
};
use futures::{StreamExt, TryStreamExt};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// The kind of the job that builds an index; its payload is [`IndexVersion`].
pub const KIND: &str = "index_version";
/// Rows that one statement inserts.
const BATCH: usize = 4000;

/// Which version to index.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct IndexVersion {
    pub version_id: VersionId,
}

/// How a version's index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ready,
    /// The job that builds it, or that did not.
    Job(JobId),
    /// Nobody has begun.
    Missing,
}

/// Whether a version can be explored by its index.
pub async fn state(db: &PgPool, version: VersionId) -> Result<State, StoreError> {
    let ready: bool =
        sqlx::query_scalar("select exists(select from version_indexes where version_id = $1 and built_at is not null)")
            .bind(version.0)
            .fetch_one(db)
            .await?;
    if ready {
        return Ok(State::Ready);
    }
    let job: Option<Uuid> = sqlx::query_scalar(
        "select id from jobs where kind = $1 and payload->>'version_id' = $2 order by created_at desc limit 1",
    )
    .bind(KIND)
    .bind(version.to_string())
    .fetch_optional(db)
    .await?;
    Ok(job.map_or(State::Missing, |id| State::Job(JobId(id))))
}

/// Queues the job for each version that has no index and never had a job, in the name of who made the version. Asks
/// under a lock, so that servers that ask at once queue each once.
pub async fn queue_missing(db: &PgPool) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let is_mine: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtext('index_version'))").fetch_one(&mut *tx).await?;
    if !is_mine {
        return Ok(0);
    }
    let missing = sqlx::query(
        "select v.id, v.created_by, d.project_id from dataset_versions v join datasets d on d.id = v.dataset_id \
         where d.archived_at is null and not exists (select from version_indexes i where i.version_id = v.id) \
         and not exists (select from jobs j where j.kind = $1 and j.payload->>'version_id' = v.id::text) \
         order by v.created_at limit 100",
    )
    .bind(KIND)
    .fetch_all(&mut *tx)
    .await?;
    for row in &missing {
        let payload = IndexVersion { version_id: VersionId(row.try_get("id")?) };
        let project = ProjectId(row.try_get("project_id")?);
        jobs::create(&mut tx, project, KIND, &payload, UserId(row.try_get("created_by")?)).await?;
    }
    tx.commit().await?;
    Ok(missing.len() as u64)
}

/// An index being written.
pub struct Builder {
    db: PgPool,
    version: VersionId,
    build: Uuid,
    gatherer: Gatherer,
    segment: i32,
    rows: u32,
    has_labels: bool,
}

impl Builder {
    /// Begins; `None` when the version has an index. What an earlier attempt has left is removed.
    pub async fn begin(db: &PgPool, version: VersionId) -> Result<Option<Self>, StoreError> {
        let build = Uuid::new_v4();
        let mut tx = db.begin().await?;
        // What is read from here on is read after an erasure, or the index is deleted by it.
        forget::hold_off(&mut tx, version).await?;
        let removed = sqlx::query("delete from version_indexes where version_id = $1 and built_at is null")
            .bind(version.0)
            .execute(&mut *tx)
            .await?;
        let begun =
            sqlx::query("insert into version_indexes (version_id, build) values ($1, $2) on conflict do nothing")
                .bind(version.0)
                .bind(build)
                .execute(&mut *tx)
                .await?;
        tx.commit().await?;
        let _ = removed;
        Ok((begun.rows_affected() == 1).then(|| Self {
            db: db.clone(),
            version,
            build,
            gatherer: Gatherer::default(),
            segment: 0,
            rows: 0,
            has_labels: false,
        }))
    }

    /// Adds the next sample, in the order of positions.
    pub async fn add(&mut self, row: &SampleRow) -> Result<(), StoreError> {
        let segment = (row.position >> SEGMENT_BITS).cast_signed();
        if segment != self.segment {
            let full = self.gatherer.take();
            self.write(full).await?;
            self.segment = segment;
        }
        self.rows = row.position + 1;
        self.has_labels |= row.sample.label.is_some();
        self.gatherer.add(row);
        Ok(())
    }

    /// Fails when the job is somebody else's by now.
    async fn hold(&self, tx: &mut PgConnection) -> Result<(), StoreError> {
        let held: Option<i32> = sqlx::query_scalar(
            "select 1 from version_indexes where version_id = $1 and build = $2 and built_at is null for update",
        )
        .bind(self.version.0)
        .bind(self.build)
        .fetch_optional(tx)
        .await?;
        Ok(held.map(drop).ok_or(Stale::IndexedElsewhere)?)
    }

    async fn write(&self, segment: Segment) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        self.hold(&mut tx).await?;
        let facets: Vec<_> = segment.facets.iter().collect();
        for batch in facets.chunks(BATCH) {
            let fields: Vec<String> = batch.iter().map(|((field, _), _)| field.to_string()).collect();
            let values: Vec<&str> = batch.iter().map(|((_, value), _)| value.as_str()).collect();
            let counts: Vec<i32> = batch.iter().map(|(_, rows)| rows.len() as i32).collect();
            let rows: Vec<Vec<u8>> = batch.iter().map(|(_, rows)| encode(rows)).collect();
            sqlx::query(
                "insert into version_facets (version_id, segment, field, value, count, rows) \
                 select $1, $2, * from unnest($3::text[], $4::text[], $5::integer[], $6::bytea[])",
            )
            .bind(self.version.0)
            .bind(self.segment)
            .bind(fields)
            .bind(values)
            .bind(counts)
            .bind(rows)
            .execute(&mut *tx)
            .await?;
        }
        // In order, so that the table's index grows at few places.
        let mut words: Vec<_> = segment.words.iter().collect();
        words.sort_unstable_by_key(|(word, _)| *word);
        for batch in words.chunks(BATCH) {
            let texts: Vec<&str> = batch.iter().map(|(word, _)| word.as_str()).collect();
            let rows: Vec<Vec<u8>> = batch.iter().map(|(_, rows)| encode(rows)).collect();
            sqlx::query(
                "insert into version_words (version_id, segment, word, rows) \
                 select $1, $2, * from unnest($3::text[], $4::bytea[])",
            )
            .bind(self.version.0)
            .bind(self.segment)
            .bind(texts)
            .bind(rows)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Writes what only the whole version shows, and makes the index visible.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        let last = self.gatherer.take();
        self.write(last).await?;
        self.write_duplicates().await?;
        let by_label = if self.has_labels { Some(self.by_label().await?) } else { None };
        let (dropped, by_length) = std::mem::take(&mut self.gatherer).finish();
        let mut tx = self.db.begin().await?;
        self.hold(&mut tx).await?;
        sqlx::query("delete from version_facets where version_id = $1 and field = any($2)")
            .bind(self.version.0)
            .bind(dropped)
            .execute(&mut *tx)
            .await?;
        for (key, positions) in [("length", Some(by_length)), ("label", by_label)] {
            let Some(positions) = positions else { continue };
            let bytes: Vec<u8> = positions.into_iter().flat_map(u32::to_le_bytes).collect();
            sqlx::query("insert into version_orders (version_id, key, positions) values ($1, $2, $3)")
                .bind(self.version.0)
                .bind(key)
                .bind(bytes)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("update version_indexes set rows = $2, built_at = now() where version_id = $1")
            .bind(self.version.0)
            .bind(self.rows.cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        // Without fresh statistics the first searches of a large version would be planned badly.
        if self.rows >= 1 << SEGMENT_BITS {
            sqlx::query("analyze version_words, version_facets").execute(&self.db).await?;
        }
        Ok(())
    }

    /// Samples whose content stands earlier in the version. The database sorts them, on disk where they are many.
    async fn write_duplicates(&mut self) -> Result<(), StoreError> {
        let mut positions = sqlx::query_scalar::<_, i32>(
            "select position from (select vs.position, row_number() over (partition by s.content_hash order by vs.position) as n \
             from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1) x where n > 1 order by position",
        )
        .bind(self.version.0)
        .fetch(&self.db);
        let mut by_segment: Vec<(i32, Vec<u16>)> = Vec::new();
        while let Some(position) = positions.try_next().await? {
            let segment = position >> SEGMENT_BITS;
            let low = (position & 0xffff) as u16;
            match by_segment.last_mut() {
                Some((last, rows)) if *last == segment => rows.push(low),
                _ => by_segment.push((segment, vec![low])),
            }
        }
        drop(positions);
        for (segment, rows) in by_segment {
            let facets = [((Field::Duplicate, "yes".to_owned()), rows)].into();
            self.segment = segment;
            self.write(Segment { facets, ..Segment::default() }).await?;
        }
        Ok(())
    }

    /// All positions by label, then by position; those without a label come last.
    async fn by_label(&self) -> Result<Vec<u32>, StoreError> {
        let positions = sqlx::query_scalar::<_, i32>(
            "select vs.position from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1 \
             order by s.label collate \"C\" nulls last, vs.position",
        )
        .bind(self.version.0)
        .fetch(&self.db);
        Ok(positions.map(|position| position.map(i32::cast_unsigned)).try_collect().await?)
    }
}
