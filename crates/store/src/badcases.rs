//! Bad cases: listed, judged and corrected by people. Candidates come from [`crate::evals::record`].

use crate::{
    Stale, StoreError, activity,
    error::{json, word},
    samples::content,
    versions::{self, Correction, import::Made},
};
use domain::{
    badcase::{
        BadCaseStatus,
        view::{BadCase, BadCaseCounts, BadCaseEdit, BadCaseQuery, BadCaseSummary},
    },
    id::{BadCaseId, DatasetId, ProjectId, RunId, SampleId, UserId, VersionId},
    page::{Page, clamp_limit},
    sample::Speaker,
};
use sqlx::{PgPool, Row, postgres::PgRow};

const COLUMNS: &str = "b.id, b.run_id, r.number as run_number, r.name as run_name, d.id as dataset_id, d.name as dataset_name, \
     b.expected, b.output, b.status, b.cause, b.correction, b.updated_at, b.note, b.revision, b.sample_id, \
     s.messages, s.label, s.rejected, s.slices, s.spans, e.split, e.version_id, v.number as version_number, u.name as updated_by, \
     cv.number as corrected_version_number";
const TABLES: &str = "bad_cases b join runs r on r.id = b.run_id join samples s on s.id = b.sample_id \
     join datasets d on d.id = s.dataset_id join evals e on e.id = b.eval_id \
     join dataset_versions v on v.id = e.version_id left join users u on u.id = b.updated_by \
     left join dataset_versions cv on cv.id = b.corrected_version_id";
/// `$1` project, `$2` status, `$3` cause, `$4` run, `$5` dataset, `$6` search.
const FILTER: &str = "b.project_id = $1 and ($2::text is null or b.status = $2) and ($3::text is null or b.cause = $3) \
     and ($4::uuid is null or b.run_id = $4) and ($5::uuid is null or d.id = $5) \
     and ($6::text is null or strpos(lower(s.search_text), lower($6)) > 0 or strpos(lower(b.output), lower($6)) > 0 \
     or strpos(lower(b.note), lower($6)) > 0)";

fn summary(row: &PgRow) -> Result<BadCaseSummary, StoreError> {
    let sample = content(row)?;
    let prompt =
        sample.prompt().iter().rev().find(|m| m.role == Speaker::User).map(|m| m.content.clone()).unwrap_or_default();
    Ok(BadCaseSummary {
        id: BadCaseId(row.try_get("id")?),
        run_id: RunId(row.try_get("run_id")?),
        run_number: row.try_get("run_number")?,
        run_name: row.try_get("run_name")?,
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        prompt,
        expected: row.try_get("expected")?,
        output: row.try_get("output")?,
        status: word(row.try_get("status")?)?,
        cause: row.try_get::<Option<&str>, _>("cause")?.map(word).transpose()?,
        correction: row.try_get("correction")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// A page of a project's bad cases in the order they were found.
pub async fn list(db: &PgPool, project: ProjectId, query: &BadCaseQuery) -> Result<Page<BadCaseSummary>, StoreError> {
    let limit = clamp_limit(query.limit);
    let after: Option<BadCaseId> = query.cursor.as_deref().and_then(|c| c.parse().ok());
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from {TABLES} where {FILTER} and ($7::uuid is null or \
         (b.created_at, b.id) > (select created_at, id from bad_cases where id = $7)) order by b.created_at, b.id limit $8"
    )))
    .bind(project.0)
    .bind(query.status.map(|s| s.as_str()))
    .bind(query.cause.map(|c| c.as_str()))
    .bind(query.run.map(|r| r.0))
    .bind(query.dataset.map(|d| d.0))
    .bind(&query.search)
    .bind(after.map(|a| a.0))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|b| b.id.to_string());
    Ok(Page { items, next_cursor })
}

/// How many bad cases have each status, under a filter whose own status is ignored.
pub async fn counts(db: &PgPool, project: ProjectId, query: &BadCaseQuery) -> Result<BadCaseCounts, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select b.status, count(*) from {TABLES} where {FILTER} group by b.status"
    )))
    .bind(project.0)
    .bind(None::<&str>)
    .bind(query.cause.map(|c| c.as_str()))
    .bind(query.run.map(|r| r.0))
    .bind(query.dataset.map(|d| d.0))
    .bind(&query.search)
    .fetch_all(db)
    .await?;
    let mut counts = BadCaseCounts::default();
    for (status, n) in rows {
        match word(&status)? {
            BadCaseStatus::Open => counts.open = n,
            BadCaseStatus::Confirmed => counts.confirmed = n,
            BadCaseStatus::Corrected => counts.corrected = n,
            BadCaseStatus::Added => counts.added = n,
            BadCaseStatus::Dismissed => counts.dismissed = n,
        }
    }
    Ok(counts)
}

/// One bad case of the project.
pub async fn get(db: &PgPool, project: ProjectId, id: BadCaseId) -> Result<Option<BadCase>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS} from {TABLES} where b.project_id = $1 and b.id = $2"
    )))
    .bind(project.0)
    .bind(id.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let sample = content(&row)?;
    let version_id = VersionId(row.try_get("version_id")?);
    let labels = if sample.label.is_some() { labels(db, version_id).await? } else { Vec::new() };
    Ok(Some(BadCase {
        summary: summary(&row)?,
        sample_id: SampleId(row.try_get("sample_id")?),
        sample,
        split: word(row.try_get("split")?)?,
        version_id,
        version_number: row.try_get("version_number")?,
        note: row.try_get("note")?,
        updated_by: row.try_get("updated_by")?,
        revision: row.try_get("revision")?,
        corrected_version_number: row.try_get("corrected_version_number")?,
        labels,
    }))
}

/// The labels of a version, from its statistics.
async fn labels(db: &PgPool, version: VersionId) -> Result<Vec<String>, StoreError> {
    let stats: Option<serde_json::Value> = sqlx::query_scalar("select stats from dataset_versions where id = $1")
        .bind(version.0)
        .fetch_optional(db)
        .await?;
    let stats: domain::dataset::VersionStats = stats.map(json).transpose()?.unwrap_or_default();
    let mut labels: Vec<String> = stats.labels.into_iter().map(|(label, _)| label).collect();
    labels.sort_unstable();
    Ok(labels)
}

/// The bad cases before and after one, under a filter, in the order of [`list`].
pub async fn neighbours(
    db: &PgPool,
    project: ProjectId,
    id: BadCaseId,
    query: &BadCaseQuery,
) -> Result<(Option<BadCaseId>, Option<BadCaseId>), StoreError> {
    let one = async |comparison: &str, order: &str| {
        let found: Option<uuid::Uuid> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select b.id from {TABLES} where {FILTER} and (b.created_at, b.id) {comparison} \
             (select created_at, id from bad_cases where id = $7) order by b.created_at {order}, b.id {order} limit 1"
        )))
        .bind(project.0)
        .bind(query.status.map(|s| s.as_str()))
        .bind(query.cause.map(|c| c.as_str()))
        .bind(query.run.map(|r| r.0))
        .bind(query.dataset.map(|d| d.0))
        .bind(&query.search)
        .bind(id.0)
        .fetch_optional(db)
        .await?;
        Ok::<_, StoreError>(found.map(BadCaseId))
    };
    Ok((one("<", "desc").await?, one(">", "asc").await?))
}

/// Applies an edit; [`StoreError::Stale`] when somebody else has edited meanwhile or the
/// correction is part of a dataset version already. False when there is no such bad case.
pub async fn edit(
    db: &PgPool,
    project: ProjectId,
    id: BadCaseId,
    edit: &BadCaseEdit,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query("select revision, status from bad_cases where id = $1 and project_id = $2 for update")
        .bind(id.0)
        .bind(project.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(false) };
    if word::<BadCaseStatus>(row.try_get("status")?)? == BadCaseStatus::Added {
        return Err(Stale::CorrectionUsed.into());
    }
    if row.try_get::<i32, _>("revision")? != edit.revision {
        return Err(Stale::EditedMeanwhile.into());
    }
    let correction = edit.correction.as_deref().map(str::trim).filter(|c| !c.is_empty());
    sqlx::query(
        "update bad_cases set status = $2, cause = $3, note = $4, correction = $5, updated_by = $6, updated_at = now(), \
         revision = revision + 1 where id = $1",
    )
    .bind(id.0)
    .bind(edit.status().as_str())
    .bind(edit.cause.map(|c| c.as_str()))
    .bind(edit.note.trim())
    .bind(correction)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    activity::record(&mut *tx, project, Some(by), "bad_case.judged", &id.to_string(), edit.status().as_str()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Makes the next version of the parent's dataset from the corrections of these bad cases; with
/// `move_to_train` the corrected samples also leave the validation or test split. Of several
/// corrections of one sample the latest counts. Cases that are not in status `corrected` are left
/// out; [`StoreError::Stale`] when none remains, or when a corrected sample is not in the parent.
/// `None` when the project has no such parent version.
pub async fn add_to_version(
    db: &PgPool,
    project: ProjectId,
    parent: VersionId,
    ids: &[BadCaseId],
    move_to_train: bool,
    by: UserId,
    note: &str,
) -> Result<Option<Made>, StoreError> {
    let corrections = corrections_of(db, project, ids, move_to_train).await?;
    if corrections.is_empty() {
        return Err(Stale::NothingToAdd.into());
    }
    versions::create_from_corrections(db, project, parent, &corrections, by, note).await
}

/// The waiting corrections among these bad cases, oldest first.
async fn corrections_of(
    db: &PgPool,
    project: ProjectId,
    ids: &[BadCaseId],
    move_to_train: bool,
) -> Result<Vec<Correction>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|b| b.0).collect();
    let rows = sqlx::query(
        "select b.id, b.sample_id, b.correction, s.messages, s.label, s.rejected, s.slices, s.spans \
         from bad_cases b join samples s on s.id = b.sample_id \
         where b.project_id = $1 and b.id = any($2) and b.status = 'corrected' and b.correction is not null \
         order by b.updated_at, b.id",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Correction {
                original: SampleId(row.try_get("sample_id")?),
                sample: content(row)?.with_answer(row.try_get("correction")?),
                bad_case: BadCaseId(row.try_get("id")?),
                move_to_train,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
