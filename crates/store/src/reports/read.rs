//! Reports as people see them.

use super::{facts, sha256};
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::{ProjectId, ReportId, RunId},
    lang::Lang,
    page::Page,
    report::{
        Body, Status,
        facts::Facts,
        frozen::Frozen,
        judge::{Recommendation, recommend},
        risk::{Risk, risks},
        view::{ReportDetail, ReportEvent, ReportSummary, ReportVersion, Signature, SignatureState, VersionHead},
    },
};
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

/// Entries of the record that are shown.
const EVENTS: i64 = 500;

/// A [`ReportSummary`].
const SUMMARY: &str = "select r.id, r.number, r.lang, r.runs, r.created_at, r.updated_at, u.name as created_by, \
     n.number as version, n.status, n.title from reports r left join users u on u.id = r.created_by \
     cross join lateral (select number, status, title from report_versions v where v.report_id = r.id \
        order by number desc limit 1) n";

/// A [`VersionHead`] but for its content.
const HEAD: &str = "v.number, v.status, v.revision, v.title, v.submitted_at, v.decided_at, v.reason, v.content_sha256, \
     s.name as submitted_by, coalesce(v.decided_name, d.name) as decided_by";
const HEAD_FROM: &str = "report_versions v join reports r on r.id = v.report_id \
     left join users s on s.id = v.submitted_by left join users d on d.id = v.decided_by";

fn number(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    Ok(row.try_get::<i32, _>(column)?.cast_unsigned())
}

fn lang(row: &PgRow) -> Result<Lang, StoreError> {
    let text: &str = row.try_get("lang")?;
    Lang::from_tag(text).ok_or_else(|| StoreError::Corrupt(format!("a report in {text:?}")))
}

fn summary(row: &PgRow) -> Result<ReportSummary, StoreError> {
    Ok(ReportSummary {
        id: ReportId(row.try_get("id")?),
        number: number(row, "number")?,
        title: row.try_get("title")?,
        lang: lang(row)?,
        runs: row.try_get::<Vec<uuid::Uuid>, _>("runs")?.into_iter().map(RunId).collect(),
        version: number(row, "version")?,
        status: word(row.try_get("status")?)?,
        created_by: row.try_get("created_by")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn head(row: &PgRow) -> Result<VersionHead, StoreError> {
    Ok(VersionHead {
        number: number(row, "number")?,
        status: word(row.try_get("status")?)?,
        revision: row.try_get("revision")?,
        title: row.try_get("title")?,
        submitted_by: row.try_get("submitted_by")?,
        submitted_at: row.try_get("submitted_at")?,
        decided_by: row.try_get("decided_by")?,
        decided_at: row.try_get("decided_at")?,
        reason: row.try_get("reason")?,
        content_sha256: row.try_get("content_sha256")?,
    })
}

/// The project's reports, newest first. `after` is the number of the last one on the page before.
pub async fn list(
    db: &PgPool,
    project: ProjectId,
    after: Option<u32>,
    limit: u32,
) -> Result<Page<ReportSummary>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "{SUMMARY} where r.project_id = $1 and ($2::integer is null or r.number < $2) order by r.number desc limit $3"
    )))
    .bind(project.0)
    .bind(after.map(u32::cast_signed))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let shown = &rows[..rows.len().min(limit as usize)];
    let items = shown.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let next_cursor = items.last().filter(|_| rows.len() > shown.len()).map(|report| report.number.to_string());
    Ok(Page { items, next_cursor })
}

/// A report of the project with its versions and its record.
pub async fn get(db: &PgPool, project: ProjectId, id: ReportId) -> Result<Option<ReportDetail>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!("{SUMMARY} where r.project_id = $1 and r.id = $2")))
        .bind(project.0)
        .bind(id.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let versions = sqlx::query(AssertSqlSafe(format!(
        "select {HEAD} from {HEAD_FROM} where r.project_id = $1 and r.id = $2 order by v.number desc"
    )))
    .bind(project.0)
    .bind(id.0)
    .fetch_all(db)
    .await?;
    let events = sqlx::query(
        "select e.verb, e.version, u.name as by, e.note, e.at from report_events e join reports r on r.id = e.report_id \
         left join users u on u.id = e.user_id where r.project_id = $1 and r.id = $2 order by e.id desc limit $3",
    )
    .bind(project.0)
    .bind(id.0)
    .bind(EVENTS)
    .fetch_all(db)
    .await?;
    let event = |row: &PgRow| {
        Ok(ReportEvent {
            verb: word(row.try_get("verb")?)?,
            version: number(row, "version")?,
            by: row.try_get("by")?,
            note: row.try_get("note")?,
            at: row.try_get("at")?,
        })
    };
    Ok(Some(ReportDetail {
        summary: summary(&row)?,
        versions: versions.iter().map(head).collect::<Result<_, _>>()?,
        events: events.iter().map(event).collect::<Result<_, StoreError>>()?,
    }))
}

/// A version of a report of the project, the newest where no number is asked for. What a draft shows is gathered `now`.
pub async fn version(
    db: &PgPool,
    project: ProjectId,
    id: ReportId,
    asked: Option<u32>,
    now: OffsetDateTime,
) -> Result<Option<ReportVersion>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "select {HEAD}, v.blocks, v.frozen, v.decided_name, v.signed_sha256, v.erased_at, r.number as report_number, r.lang, r.runs \
         from {HEAD_FROM} where r.project_id = $1 and r.id = $2 and ($3::integer is null or v.number = $3) \
         order by v.number desc limit 1"
    )))
    .bind(project.0)
    .bind(id.0)
    .bind(asked.map(u32::cast_signed))
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let head = head(&row)?;
    let Some(shown) = content(db, project, id, &head, &row, now).await? else { return Ok(None) };
    let Shown { body, facts, risks, recommendation } = shown;
    Ok(Some(ReportVersion {
        report_id: id,
        report_number: number(&row, "report_number")?,
        lang: lang(&row)?,
        signature: signature(&row, &head)?,
        risks,
        recommendation,
        head,
        body,
        facts,
    }))
}

/// The content of a draft and its revision; `None` where the project has no such version, or it is no draft.
pub async fn draft(
    db: &PgPool,
    project: ProjectId,
    id: ReportId,
    number: u32,
) -> Result<Option<(i32, Body)>, StoreError> {
    let row = sqlx::query(
        "select v.revision, v.title, v.blocks from report_versions v join reports r on r.id = v.report_id \
         where r.project_id = $1 and r.id = $2 and v.number = $3 and v.status = 'draft'",
    )
    .bind(project.0)
    .bind(id.0)
    .bind(number.cast_signed())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let body = Body { title: row.try_get("title")?, blocks: json(row.try_get("blocks")?)? };
    Ok(Some((row.try_get("revision")?, body)))
}

/// What a version shows.
struct Shown {
    body: Body,
    facts: Facts,
    risks: Vec<Risk>,
    recommendation: Recommendation,
}

/// As it was frozen, or of a draft as it is.
async fn content(
    db: &PgPool,
    project: ProjectId,
    id: ReportId,
    head: &VersionHead,
    row: &PgRow,
    now: OffsetDateTime,
) -> Result<Option<Shown>, StoreError> {
    if head.status == Status::Draft {
        let runs: Vec<RunId> = row.try_get::<Vec<uuid::Uuid>, _>("runs")?.into_iter().map(RunId).collect();
        let body = Body { title: head.title.clone(), blocks: json(row.try_get("blocks")?)? };
        let Some(facts) = facts::gather(db, project, &runs, now).await? else { return Ok(None) };
        let risks = risks(&facts);
        return Ok(Some(Shown { body, recommendation: recommend(&facts, &risks), risks, facts }));
    }
    let text: &str = row.try_get("frozen")?;
    let frozen = Frozen::read(text).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let Frozen { title, blocks, mut facts, risks, recommendation, .. } = frozen;
    facts::quotes(db, id, head.number, &mut facts).await?;
    Ok(Some(Shown { body: Body { title, blocks }, facts, risks, recommendation }))
}

/// The signature of an approved version, held against what is kept.
fn signature(row: &PgRow, head: &VersionHead) -> Result<Option<Signature>, StoreError> {
    let signed: Option<String> = row.try_get("signed_sha256")?;
    let (Some(signed), Some(at)) = (signed, head.decided_at) else { return Ok(None) };
    let erased: Option<OffsetDateTime> = row.try_get("erased_at")?;
    let now = sha256(row.try_get("frozen")?);
    let state = match erased {
        _ if now == signed => SignatureState::Matches,
        Some(at) if head.content_sha256.as_deref() == Some(now.as_str()) => SignatureState::Erased { at },
        _ => SignatureState::Differs,
    };
    let by: Option<String> = row.try_get("decided_name")?;
    Ok(Some(Signature { by: by.unwrap_or_default(), at, sha256: signed, state }))
}
