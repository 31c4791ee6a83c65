//! Bad cases: listed, judged and corrected by people. Candidates come from [`crate::evals::record`], others from people and
//! scripts ([`create`]).

pub mod bulk;
pub mod causes;
pub mod clusters;
pub mod comments;
pub mod create;
pub mod evidence;
pub mod regressions;
pub mod trends;

use crate::{
    Stale, StoreError, activity,
    error::{json, word},
    samples::content,
    versions::{self, Correction, import::Made},
};
use domain::{
    badcase::{
        BadCaseStatus,
        view::{
            BadCase, BadCaseCounts, BadCaseEdit, BadCaseQuery, BadCaseSort, BadCaseSummary, EvaluatedOn, status_of,
        },
    },
    id::{BadCaseId, CauseId, ClusterId, DatasetId, ProjectId, RunId, SampleId, UserId, VersionId},
    page::{Page, clamp_limit},
    sample::{Sample, Speaker},
};
use sqlx::{PgConnection, PgPool, Postgres, Row, postgres::PgArguments, postgres::PgRow, query::Query};

const COLUMNS: &str = "b.id, b.source, b.run_id, r.number as run_number, r.name as run_name, d.id as dataset_id, d.name as dataset_name, \
     b.expected, b.output, b.status, b.cause, b.cause_id, c.name as cause_name, b.severity, b.owner_id, o.name as owner, b.cluster_id, \
     b.duplicate_of, rr.number as resolved_in, rb.number as broken_in, b.correction, b.updated_at, b.note, b.revision, b.sample_id, \
     s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, e.split, e.version_id, v.number as version_number, u.name as updated_by, \
     cv.number as corrected_version_number";
const TABLES: &str = "bad_cases b join samples s on s.id = b.sample_id join datasets d on d.id = s.dataset_id \
     left join runs r on r.id = b.run_id left join evals e on e.id = b.eval_id left join dataset_versions v on v.id = e.version_id \
     left join users u on u.id = b.updated_by left join users o on o.id = b.owner_id left join causes c on c.id = b.cause_id \
     left join runs rr on rr.id = b.resolved_run_id left join runs rb on rb.id = b.broken_run_id \
     left join dataset_versions cv on cv.id = b.corrected_version_id";
/// `$1` project, `$2` status, `$3` cause, `$4` run, `$5` dataset, `$6` search, `$7` own cause with those below it, `$8` severity,
/// `$9` owner, `$10` cluster, `$11` source: what [`filtered`] binds.
const FILTER: &str = "b.project_id = $1 and ($2::text is null or b.status = $2) and ($3::text is null or b.cause = $3) \
     and ($4::uuid is null or b.run_id = $4) and ($5::uuid is null or d.id = $5) \
     and ($6::text is null or strpos(lower(s.search_text), lower($6)) > 0 or strpos(lower(b.output), lower($6)) > 0 \
     or strpos(lower(b.note), lower($6)) > 0) \
     and ($7::uuid is null or b.cause_id in (with recursive below as (select $7::uuid as id \
        union select x.id from causes x join below on x.parent_id = below.id) select id from below)) \
     and ($8::text is null or b.severity = $8) and ($9::uuid is null or b.owner_id = $9) \
     and ($10::uuid is null or b.cluster_id = $10) and ($11::text is null or b.source = $11)";

/// A query with the values of [`FILTER`].
fn filtered(
    sql: String,
    project: ProjectId,
    query: &BadCaseQuery,
    status: Option<BadCaseStatus>,
) -> Query<'_, Postgres, PgArguments> {
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(project.0)
        .bind(status.map(BadCaseStatus::as_str))
        .bind(query.cause.map(|c| c.as_str()))
        .bind(query.run.map(|r| r.0))
        .bind(query.dataset.map(|d| d.0))
        .bind(query.search.as_deref())
        .bind(query.own_cause.map(|c| c.0))
        .bind(query.severity.map(|s| s.as_str()))
        .bind(query.owner.map(|o| o.0))
        .bind(query.cluster.map(|c| c.0))
        .bind(query.source.map(|s| s.as_str()))
}

/// What a list is sorted by, of the bad case called `alias`, and whether it falls.
fn key(sort: BadCaseSort, alias: &str) -> (String, bool) {
    match sort {
        BadCaseSort::Found => (format!("{alias}.created_at"), false),
        BadCaseSort::Newest => (format!("{alias}.created_at"), true),
        BadCaseSort::Changed => (format!("{alias}.updated_at"), true),
        BadCaseSort::Severity => {
            let rank = "coalesce(array_position(array['critical', 'high', 'medium', 'low'], ALIAS.severity), 9)";
            (rank.replace("ALIAS", alias), false)
        }
    }
}

/// The last user turn of a sample.
pub(crate) fn prompt_of(sample: &Sample) -> String {
    sample.prompt().iter().rev().find(|m| m.role == Speaker::User).map(|m| m.content.clone()).unwrap_or_default()
}

fn summary(row: &PgRow) -> Result<BadCaseSummary, StoreError> {
    Ok(BadCaseSummary {
        id: BadCaseId(row.try_get("id")?),
        source: word(row.try_get("source")?)?,
        run_id: row.try_get::<Option<uuid::Uuid>, _>("run_id")?.map(RunId),
        run_number: row.try_get("run_number")?,
        run_name: row.try_get("run_name")?,
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("dataset_name")?,
        prompt: prompt_of(&content(row)?),
        expected: row.try_get("expected")?,
        output: row.try_get("output")?,
        status: word(row.try_get("status")?)?,
        cause: row.try_get::<Option<&str>, _>("cause")?.map(word).transpose()?,
        cause_id: row.try_get::<Option<uuid::Uuid>, _>("cause_id")?.map(CauseId),
        cause_name: row.try_get("cause_name")?,
        severity: row.try_get::<Option<&str>, _>("severity")?.map(word).transpose()?,
        owner_id: row.try_get::<Option<uuid::Uuid>, _>("owner_id")?.map(UserId),
        owner: row.try_get("owner")?,
        cluster_id: row.try_get::<Option<uuid::Uuid>, _>("cluster_id")?.map(ClusterId),
        duplicate_of: row.try_get::<Option<uuid::Uuid>, _>("duplicate_of")?.map(BadCaseId),
        resolved_in: row.try_get("resolved_in")?,
        broken_in: row.try_get("broken_in")?,
        correction: row.try_get("correction")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// A page of a project's bad cases.
pub async fn list(db: &PgPool, project: ProjectId, query: &BadCaseQuery) -> Result<Page<BadCaseSummary>, StoreError> {
    let limit = clamp_limit(query.limit);
    let after: Option<BadCaseId> = query.cursor.as_deref().and_then(|c| c.parse().ok());
    let (own, falls) = key(query.sort, "b");
    let (theirs, _) = key(query.sort, "x");
    let (comparison, order) = if falls { ("<", "desc") } else { (">", "asc") };
    let sql = format!(
        "select {COLUMNS} from {TABLES} where {FILTER} and ($12::uuid is null or \
         ({own}, b.id) {comparison} (select {theirs}, x.id from bad_cases x where x.id = $12)) \
         order by {own} {order}, b.id {order} limit $13"
    );
    let rows = filtered(sql, project, query, query.status)
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
    let sql = format!("select b.status, count(*) as n from {TABLES} where {FILTER} group by b.status");
    let mut counts = BadCaseCounts::default();
    for row in filtered(sql, project, query, None).fetch_all(db).await? {
        counts.set(word(row.try_get("status")?)?, row.try_get("n")?);
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
    let (sample, summary) = (content(&row)?, summary(&row)?);
    let version = row.try_get::<Option<uuid::Uuid>, _>("version_id")?.map(VersionId);
    let labels = if sample.label.is_some() { labels(db, summary.dataset_id, version).await? } else { Vec::new() };
    let evaluated = match version {
        Some(version_id) => Some(EvaluatedOn {
            version_id,
            version_number: row.try_get("version_number")?,
            split: word(row.try_get("split")?)?,
        }),
        None => None,
    };
    let duplicates: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from bad_cases where duplicate_of = $1 order by created_at, id limit 100")
            .bind(id.0)
            .fetch_all(db)
            .await?;
    Ok(Some(BadCase {
        summary,
        sample_id: SampleId(row.try_get("sample_id")?),
        sample,
        evaluated,
        note: row.try_get("note")?,
        updated_by: row.try_get("updated_by")?,
        revision: row.try_get("revision")?,
        corrected_version_number: row.try_get("corrected_version_number")?,
        labels,
        duplicates: duplicates.into_iter().map(BadCaseId).collect(),
    }))
}

/// The labels of a version, or of the newest of a dataset, from its statistics.
async fn labels(db: &PgPool, dataset: DatasetId, version: Option<VersionId>) -> Result<Vec<String>, StoreError> {
    let stats: Option<serde_json::Value> = sqlx::query_scalar(
        "select stats from dataset_versions where dataset_id = $1 and ($2::uuid is null or id = $2) order by number desc limit 1",
    )
    .bind(dataset.0)
    .bind(version.map(|v| v.0))
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
    let (own, falls) = key(query.sort, "b");
    let (theirs, _) = key(query.sort, "x");
    let one = async |comparison: &str, order: &str| {
        let sql = format!(
            "select b.id from {TABLES} where {FILTER} and ({own}, b.id) {comparison} \
             (select {theirs}, x.id from bad_cases x where x.id = $12) order by {own} {order}, b.id {order} limit 1"
        );
        let found = filtered(sql, project, query, query.status).bind(id.0).fetch_optional(db).await?;
        found.map(|row| Ok::<_, StoreError>(BadCaseId(row.try_get("id")?))).transpose()
    };
    let (before, after) = (one("<", "desc").await?, one(">", "asc").await?);
    Ok(if falls { (after, before) } else { (before, after) })
}

/// Applies an edit; [`StoreError::Stale`] when somebody else has edited meanwhile, when the correction is part of a dataset
/// version already and has not failed since, when the case is merged into another, or when owner or cause are not of the project.
/// What a run has resolved stays so unless it is dismissed. False when there is no such bad case.
pub async fn edit(
    db: &PgPool,
    project: ProjectId,
    id: BadCaseId,
    edit: &BadCaseEdit,
    by: UserId,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "select revision, status, cause_id, correction, broken_run_id is not null as broken from bad_cases \
         where id = $1 and project_id = $2 for update",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let before: BadCaseStatus = word(row.try_get("status")?)?;
    match before {
        BadCaseStatus::Added if !row.try_get::<bool, _>("broken")? => return Err(Stale::CorrectionUsed.into()),
        BadCaseStatus::Duplicate => return Err(Stale::Merged.into()),
        _ => {}
    }
    if row.try_get::<i32, _>("revision")? != edit.revision {
        return Err(Stale::EditedMeanwhile.into());
    }
    let cause_before = row.try_get::<Option<uuid::Uuid>, _>("cause_id")?.map(CauseId);
    let (cause, cause_id) = causes::chosen(&mut tx, project, edit.cause, edit.cause_id, cause_before).await?;
    is_member(&mut tx, project, edit.owner_id).await?;
    let correction = edit.correction.as_deref().map(str::trim).filter(|c| !c.is_empty());
    let status = match before {
        BadCaseStatus::Resolved if !edit.dismiss => BadCaseStatus::Resolved,
        // The data has this correction already, though a later run failed all the same.
        BadCaseStatus::Added if !edit.dismiss && row.try_get::<Option<&str>, _>("correction")? == correction => {
            BadCaseStatus::Added
        }
        _ => status_of(edit.dismiss, correction.is_some(), cause.is_some()),
    };
    sqlx::query(
        "update bad_cases set status = $2, cause = $3, note = $4, correction = case when $10 then correction else $5 end, \
         updated_by = $6, cause_id = $7, severity = $8, owner_id = $9, updated_at = now(), revision = revision + 1 where id = $1",
    )
    .bind(id.0)
    .bind(status.as_str())
    .bind(cause.map(|c| c.as_str()))
    .bind(edit.note.trim())
    .bind(correction)
    .bind(by.0)
    .bind(cause_id.map(|c| c.0))
    .bind(edit.severity.map(|s| s.as_str()))
    .bind(edit.owner_id.map(|o| o.0))
    .bind(before == BadCaseStatus::Resolved)
    .execute(&mut *tx)
    .await?;
    regressions::follow(&mut tx, &[id]).await?;
    activity::record(&mut *tx, project, Some(by), "bad_case.judged", &id.to_string(), status.as_str()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Fails when somebody who is to look after a case is no member of the project.
async fn is_member(tx: &mut PgConnection, project: ProjectId, user: Option<UserId>) -> Result<(), StoreError> {
    let Some(user) = user else { return Ok(()) };
    let is_there: bool =
        sqlx::query_scalar("select exists (select from members where project_id = $1 and user_id = $2)")
            .bind(project.0)
            .bind(user.0)
            .fetch_one(tx)
            .await?;
    if is_there { Ok(()) } else { Err(Stale::NotOfProject.into()) }
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
    let rows = sqlx::query(
        "select b.id, b.sample_id, b.correction, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from bad_cases b join samples s on s.id = b.sample_id \
         where b.project_id = $1 and b.id = any($2) and b.status = 'corrected' and b.correction is not null \
         order by b.updated_at, b.id",
    )
    .bind(project.0)
    .bind(raw(ids))
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

/// Ids as the database knows them.
fn raw(ids: &[BadCaseId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| id.0).collect()
}

#[cfg(test)]
mod practice_tests;
#[cfg(test)]
mod tests;
