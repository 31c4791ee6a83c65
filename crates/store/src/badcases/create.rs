//! Bad cases that no evaluation has found: written down by people, or sent by scripts.

use crate::{
    Stale, StoreError, activity,
    error::{json, to_json},
    samples::search_text,
};
use dataprep::hash::content_hash;
use domain::{
    badcase::{Source, view::NewBadCase},
    dataset::VersionStats,
    id::{BadCaseId, ProjectId, UserId},
    sample::{Message, Sample, Speaker},
};
use sqlx::{PgConnection, PgPool, Row};

/// Stores a bad case and its sample, which belongs to the dataset but to no version of it. `None` when the project has no such
/// dataset; [`Stale::NotOfProject`] when it has no such run.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    new: &NewBadCase,
    source: Source,
    by: UserId,
) -> Result<Option<BadCaseId>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(sample) = sample(&mut tx, project, new).await? else { return Ok(None) };
    if let Some(run) = new.run_id {
        let is_there: bool = sqlx::query_scalar("select exists (select from runs where id = $1 and project_id = $2)")
            .bind(run.0)
            .bind(project.0)
            .fetch_one(&mut *tx)
            .await?;
        if !is_there {
            return Err(Stale::NotOfProject.into());
        }
    }
    let sample_id: i64 = sqlx::query_scalar(
        "insert into samples (dataset_id, messages, label, content_hash, search_text) values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(new.dataset_id.0)
    .bind(to_json(&sample.messages)?)
    .bind(sample.label.as_deref())
    .bind(content_hash(&sample).as_slice())
    .bind(search_text(&sample))
    .fetch_one(&mut *tx)
    .await?;
    let id = BadCaseId::new();
    sqlx::query(
        "insert into bad_cases (id, project_id, source, run_id, sample_id, output, expected, severity, note, updated_by) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id.0)
    .bind(project.0)
    .bind(source.as_str())
    .bind(new.run_id.map(|r| r.0))
    .bind(sample_id)
    .bind(new.output.trim())
    .bind(new.expected.trim())
    .bind(new.severity.map(|s| s.as_str()))
    .bind(new.note.trim())
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    activity::record(&mut *tx, project, Some(by), "bad_case.added", &id.to_string(), source.as_str()).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// The sample. What is expected is its label where the dataset has such a label.
async fn sample(tx: &mut PgConnection, project: ProjectId, new: &NewBadCase) -> Result<Option<Sample>, StoreError> {
    let row = sqlx::query(
        "select (select v.stats from dataset_versions v where v.dataset_id = d.id order by v.number desc limit 1) as stats \
         from datasets d where d.id = $1 and d.project_id = $2 and d.archived_at is null",
    )
    .bind(new.dataset_id.0)
    .bind(project.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let stats: Option<VersionStats> = row.try_get::<Option<serde_json::Value>, _>("stats")?.map(json).transpose()?;
    let expected = new.expected.trim();
    let is_label = stats.is_some_and(|stats| stats.labels.iter().any(|(label, _)| label == expected));
    let system = Some(new.system.trim()).filter(|text| !text.is_empty());
    let messages = system
        .map(|text| Message::new(Speaker::System, text))
        .into_iter()
        .chain([Message::new(Speaker::User, new.prompt.trim()), Message::new(Speaker::Assistant, expected)])
        .collect();
    Ok(Some(Sample { messages, label: is_label.then(|| expected.to_owned()), ..Sample::default() }))
}
