//! The next version of a dataset as a data recipe makes it: samples that stay, rewritten ones with their parent
//! remembered, and for each touched sample what was done to it.

use super::import::{Made, copy, escape, insert_version, lock_dataset, record};
use crate::{
    StoreError,
    error::to_json,
    samples::{choices_json, search_text, spans_json, split_code},
};
use dataprep::hash::content_hash;
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, SampleId, UserId, VersionId},
    sample::{Sample, Split},
    steps::Change,
};
use sqlx::{PgPool, Postgres, Row, Transaction};

/// One of the parent's samples on its way into the version.
#[derive(Clone, Debug)]
pub struct Passed {
    pub id: SampleId,
    /// Its place in the parent.
    pub position: u32,
    pub split: Split,
    pub fate: Fate,
    pub changes: Vec<Change>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Fate {
    Stays,
    Rewritten(Sample),
    Removed,
    /// Once more what the parent's sample at this place has become.
    Copied(Option<Sample>),
}

/// A version being written. Dropped before [`CleanedWriter::finish`], it leaves nothing behind.
pub struct CleanedWriter {
    tx: Transaction<'static, Postgres>,
    project: ProjectId,
    by: UserId,
    made: Made,
    dataset_name: String,
    next_position: i32,
}

impl CleanedWriter {
    /// Starts the version; `None` when the project has no such parent of a dataset that is not archived.
    pub async fn begin(
        db: &PgPool,
        project: ProjectId,
        parent: VersionId,
        by: UserId,
        origin: &Origin,
    ) -> Result<Option<Self>, StoreError> {
        let mut tx = db.begin().await?;
        let dataset: Option<uuid::Uuid> = sqlx::query_scalar("select dataset_id from dataset_versions where id = $1")
            .bind(parent.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(dataset) = dataset.map(DatasetId) else { return Ok(None) };
        let Some(dataset_name) = lock_dataset(&mut tx, project, dataset).await? else { return Ok(None) };
        let made = insert_version(&mut tx, dataset, Some(parent), by, "", origin).await?;
        Ok(Some(Self { tx, project, by, made, dataset_name, next_position: 0 }))
    }

    /// Takes samples in the order of the new version. A few thousand at a time are quickest.
    pub async fn write(&mut self, batch: &[Passed]) -> Result<(), StoreError> {
        let new_ids = self.insert_rewritten(batch).await?;
        let (mut members, mut changes) = (Vec::new(), Vec::new());
        for (passed, new_id) in batch.iter().zip(new_ids) {
            if !matches!(passed.fate, Fate::Removed) {
                let id = new_id.unwrap_or(passed.id.0);
                let (version, split) = (self.made.version_id, split_code(passed.split));
                members.extend_from_slice(format!("{version}\t{}\t{id}\t{split}\n", self.next_position).as_bytes());
                self.next_position += 1;
            }
            if !passed.changes.is_empty() && !matches!(passed.fate, Fate::Copied(_)) {
                let new = new_id.map_or_else(|| "\\N".to_owned(), |id| id.to_string());
                let (version, old) = (self.made.version_id, passed.id.0);
                changes.extend_from_slice(format!("{version}\t{old}\t{}\t{new}\t", passed.position).as_bytes());
                escape(&mut changes, to_json(&passed.changes)?.to_string().as_bytes());
                changes.push(b'\n');
            }
        }
        copy(&mut self.tx, "copy version_samples (version_id, position, sample_id, split) from stdin", members).await?;
        let statement = "copy sample_changes (version_id, sample_id, position, new_sample_id, changes) from stdin";
        copy(&mut self.tx, statement, changes).await
    }

    /// The ids of the rewritten samples, at the places of their parents.
    async fn insert_rewritten(&mut self, batch: &[Passed]) -> Result<Vec<Option<i64>>, StoreError> {
        let rewritten: Vec<(i64, &Sample)> = batch
            .iter()
            .filter_map(|passed| match &passed.fate {
                Fate::Rewritten(sample) | Fate::Copied(Some(sample)) => Some((passed.id.0, sample)),
                Fate::Stays | Fate::Removed | Fate::Copied(None) => None,
            })
            .collect();
        if rewritten.is_empty() {
            return Ok(vec![None; batch.len()]);
        }
        let json = |value: &dyn Fn(&Sample) -> Result<serde_json::Value, StoreError>| {
            rewritten.iter().map(|(_, sample)| value(sample)).collect::<Result<Vec<_>, _>>()
        };
        let rows = sqlx::query(
            "with new as (select nextval(pg_get_serial_sequence('samples', 'id')) as id, n.* from \
             unnest($1::bigint[], $2::jsonb[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[], $7::text[], $8::jsonb[], $9::jsonb[]) with ordinality \
             as n (parent, messages, label, rejected, slices, content_hash, search_text, spans, choices, place)), \
             inserted as (insert into samples (id, dataset_id, messages, label, rejected, slices, content_hash, search_text, spans, choices, source_file, source_line, parent_id) \
             overriding system value \
             select n.id, s.dataset_id, n.messages, n.label, n.rejected, n.slices, n.content_hash, n.search_text, n.spans, n.choices, s.source_file, s.source_line, s.id \
             from new n join samples s on s.id = n.parent) \
             select id from new order by place",
        )
        .bind(rewritten.iter().map(|(parent, _)| *parent).collect::<Vec<_>>())
        .bind(json(&|s| to_json(&s.messages))?)
        .bind(rewritten.iter().map(|(_, s)| s.label.clone()).collect::<Vec<_>>())
        .bind(rewritten.iter().map(|(_, s)| s.rejected.clone()).collect::<Vec<_>>())
        .bind(json(&|s| to_json(&s.slices))?)
        .bind(rewritten.iter().map(|(_, s)| content_hash(s).to_vec()).collect::<Vec<_>>())
        .bind(rewritten.iter().map(|(_, s)| search_text(s)).collect::<Vec<_>>())
        .bind(rewritten.iter().map(|(_, s)| spans_json(s)).collect::<Result<Vec<_>, _>>()?)
        .bind(rewritten.iter().map(|(_, s)| choices_json(s)).collect::<Result<Vec<_>, _>>()?)
        .fetch_all(&mut *self.tx)
        .await?;
        let mut ids = rows.iter().map(|row| row.try_get::<i64, _>("id"));
        batch
            .iter()
            .map(|passed| match passed.fate {
                Fate::Rewritten(_) | Fate::Copied(Some(_)) => Ok(ids.next().transpose()?),
                Fate::Stays | Fate::Removed | Fate::Copied(None) => Ok(None),
            })
            .collect()
    }

    /// Makes the version visible.
    pub async fn finish(mut self, origin: &Origin, stats: &VersionStats) -> Result<Made, StoreError> {
        sqlx::query("update dataset_versions set stats = $2, origin = $3 where id = $1")
            .bind(self.made.version_id.0)
            .bind(to_json(stats)?)
            .bind(to_json(origin)?)
            .execute(&mut *self.tx)
            .await?;
        record(&mut self.tx, self.project, self.by, &self.made, &self.dataset_name).await?;
        sqlx::query("analyze samples, version_samples").execute(&mut *self.tx).await?;
        self.tx.commit().await?;
        Ok(self.made)
    }
}
