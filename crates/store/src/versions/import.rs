//! Writing a version from a file: samples stream in by COPY, inside one transaction.

use crate::{
    StoreError, activity,
    error::to_json,
    samples::{search_text, split_code},
};
use domain::{
    dataset::{Origin, VersionStats},
    id::{DatasetId, ProjectId, UserId, VersionId},
    import::ImportTarget,
    sample::{Sample, Split},
};
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};

/// What is known of a version before its first sample is written.
pub struct NewVersion<'a> {
    pub project: ProjectId,
    pub by: UserId,
    pub target: &'a ImportTarget,
    pub origin: &'a Origin,
    /// Where each sample says it came from.
    pub source_file: &'a str,
}

/// A sample on its way into a version.
#[derive(Clone, Debug)]
pub struct NewSample {
    pub sample: Sample,
    pub content_hash: [u8; 32],
    pub split: Split,
    /// 1-based line of the file.
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
    source_file: String,
    next_position: i32,
}

impl Writer {
    /// Starts a version; `None` when the dataset to append to does not exist.
    pub async fn begin(db: &PgPool, new: NewVersion<'_>) -> Result<Option<Self>, StoreError> {
        let mut tx = db.begin().await?;
        let Some((dataset_id, dataset_name)) = dataset(&mut tx, &new).await? else { return Ok(None) };
        let made = insert_version(&mut tx, dataset_id, None, new.by, "", new.origin).await?;
        Ok(Some(Self {
            tx,
            project: new.project,
            by: new.by,
            made,
            dataset_name,
            source_file: new.source_file.to_owned(),
            next_position: 0,
        }))
    }

    /// Appends samples in order. A few thousand at a time are quickest.
    pub async fn write(&mut self, batch: &[NewSample]) -> Result<(), StoreError> {
        let ids: Vec<i64> =
            sqlx::query_scalar("select nextval(pg_get_serial_sequence('samples', 'id')) from generate_series(1, $1)")
                .bind(i64::try_from(batch.len()).unwrap_or(i64::MAX))
                .fetch_all(&mut *self.tx)
                .await?;
        let mut rows = String::new();
        let mut members = String::new();
        for (id, new) in ids.iter().zip(batch) {
            self.sample_line(&mut rows, *id, new)?;
            members.push_str(&format!(
                "{}\t{}\t{id}\t{}\n",
                self.made.version_id,
                self.next_position,
                split_code(new.split)
            ));
            self.next_position += 1;
        }
        copy(
            &mut self.tx,
            "copy samples (id, dataset_id, messages, label, rejected, slices, content_hash, source_file, source_line, search_text) from stdin",
            rows,
        )
        .await?;
        copy(&mut self.tx, "copy version_samples (version_id, position, sample_id, split) from stdin", members).await
    }

    fn sample_line(&self, out: &mut String, id: i64, new: &NewSample) -> Result<(), StoreError> {
        out.push_str(&format!("{id}\t{}\t", self.made.dataset_id));
        escape(out, &to_json(&new.sample.messages)?.to_string());
        out.push('\t');
        for optional in [&new.sample.label, &new.sample.rejected] {
            match optional {
                Some(text) => escape(out, text),
                None => out.push_str("\\N"),
            }
            out.push('\t');
        }
        escape(out, &to_json(&new.sample.slices)?.to_string());
        out.push_str(&format!("\t\\\\x{}\t", hex::encode(new.content_hash)));
        escape(out, &self.source_file);
        out.push_str(&format!("\t{}\t", new.line));
        escape(out, &search_text(&new.sample));
        out.push('\n');
        Ok(())
    }

    /// Makes the version visible, with its statistics and the report of skipped lines.
    pub async fn finish(
        mut self,
        stats: &VersionStats,
        skipped_report_sha256: Option<&str>,
    ) -> Result<Made, StoreError> {
        sqlx::query("update dataset_versions set stats = $2, skipped_report_sha256 = $3 where id = $1")
            .bind(self.made.version_id.0)
            .bind(to_json(stats)?)
            .bind(skipped_report_sha256)
            .execute(&mut *self.tx)
            .await?;
        record(&mut self.tx, self.project, self.by, &self.made, &self.dataset_name).await?;
        // Without fresh statistics the first pages of a large version would be planned badly.
        sqlx::query("analyze samples, version_samples").execute(&mut *self.tx).await?;
        self.tx.commit().await?;
        Ok(self.made)
    }
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

pub(super) async fn copy(tx: &mut PgConnection, statement: &str, lines: String) -> Result<(), StoreError> {
    let mut sink = tx.copy_in_raw(statement).await?;
    if let Err(error) = sink.send(lines.into_bytes()).await {
        sink.abort("writing failed").await?;
        return Err(error.into());
    }
    sink.finish().await?;
    Ok(())
}

/// Escapes a value for COPY's text format.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
}
