//! What people do to a report: edit, submit, decide, go on. Every step names the state that it leaves, so that of two at once
//! one is told so ([`Stale::ReportState`]).

use super::{facts, note, sha256};
use crate::{
    Stale, StoreError, activity,
    error::{json, to_json, word},
};
use domain::{
    access::{Action, Role, permits},
    id::{ProjectId, ReportId, RunId, UserId},
    lang::Lang,
    report::{
        Block, Body, Status,
        frozen::{Frozen, KeptQuote},
        judge::recommend,
        risk::risks,
        view::{Approval, Verb},
    },
};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;

/// New content of a draft.
pub struct Edit {
    pub version: u32,
    /// The revision that the person saw.
    pub revision: i32,
    pub body: Body,
}

/// The state of a version whose row is locked.
struct Locked {
    status: Status,
    revision: i32,
    title: String,
    blocks: Vec<Block>,
    content_sha256: Option<String>,
    lang: Lang,
    runs: Vec<RunId>,
}

/// Waits until nobody forgets rows of the project, and has those wait who begin meanwhile. Before a version is locked: whoever
/// forgets locks in this order, and the record of what happened needs the project's row.
async fn hold_project(tx: &mut PgConnection, project: ProjectId) -> Result<(), StoreError> {
    sqlx::query("select from projects where id = $1 for share").bind(project.0).execute(tx).await?;
    Ok(())
}

async fn lock(
    tx: &mut PgConnection,
    project: ProjectId,
    report: ReportId,
    version: u32,
) -> Result<Option<Locked>, StoreError> {
    let row = sqlx::query(
        "select v.status, v.revision, v.title, v.blocks, v.content_sha256, r.lang, r.runs from report_versions v \
         join reports r on r.id = v.report_id where r.project_id = $1 and r.id = $2 and v.number = $3 for update of v",
    )
    .bind(project.0)
    .bind(report.0)
    .bind(version.cast_signed())
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Locked {
        status: word(row.try_get("status")?)?,
        revision: row.try_get("revision")?,
        title: row.try_get("title")?,
        blocks: json(row.try_get("blocks")?)?,
        content_sha256: row.try_get("content_sha256")?,
        lang: Lang::from_tag(row.try_get("lang")?).unwrap_or_default(),
        runs: row.try_get::<Vec<uuid::Uuid>, _>("runs")?.into_iter().map(RunId).collect(),
    }))
}

/// Replaces the content of a draft; `None` where the project has no such version. The revision that it has now.
pub async fn edit(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    edit: &Edit,
    by: UserId,
) -> Result<Option<i32>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(locked) = lock(&mut tx, project, report, edit.version).await? else { return Ok(None) };
    if locked.status != Status::Draft || locked.revision != edit.revision {
        return Err(Stale::ReportState.into());
    }
    if (&locked.title, &locked.blocks) == (&edit.body.title, &edit.body.blocks) {
        return Ok(Some(locked.revision));
    }
    sqlx::query(
        "update report_versions set title = $3, blocks = $4, revision = revision + 1 where report_id = $1 and number = $2",
    )
    .bind(report.0)
    .bind(edit.version.cast_signed())
    .bind(&edit.body.title)
    .bind(to_json(&edit.body.blocks)?)
    .execute(&mut *tx)
    .await?;
    note(&mut tx, report, edit.version, Verb::Edited, by, "").await?;
    tx.commit().await?;
    Ok(Some(locked.revision + 1))
}

/// Freezes a draft, as it was at this revision, with what is known `now`; false where the project has no such version.
pub async fn submit(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    (version, revision): (u32, i32),
    by: UserId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut looked = db.acquire().await?;
    let Some(draft) = lock(&mut looked, project, report, version).await? else { return Ok(false) };
    let erased_before = forgettings(&mut looked, project).await?;
    drop(looked);
    if draft.status != Status::Draft || draft.revision != revision {
        return Err(Stale::ReportState.into());
    }
    // Seconds of work for several runs: nothing is locked meanwhile.
    let Some(facts) = facts::gather(db, project, &draft.runs, now).await? else { return Ok(false) };
    let Locked { title, blocks, lang, .. } = draft;
    let risks = risks(&facts);
    let recommendation = recommend(&facts, &risks);
    let mut frozen = Frozen { report_id: report, number: version, lang, title, blocks, facts, risks, recommendation };
    let quotes = frozen.take_quotes();
    let text = frozen.canonical().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let mut tx = db.begin().await?;
    // Rows that are being erased would be quoted here again.
    hold_project(&mut tx, project).await?;
    let is_same = lock(&mut tx, project, report, version)
        .await?
        .is_some_and(|now| now.status == Status::Draft && now.revision == revision);
    if !is_same || forgettings(&mut tx, project).await? != erased_before {
        return Err(Stale::ReportState.into());
    }
    sqlx::query(
        "update report_versions set status = 'submitted', frozen = $3, content_sha256 = $4, submitted_by = $5, submitted_at = $6 \
         where report_id = $1 and number = $2",
    )
    .bind(report.0)
    .bind(version.cast_signed())
    .bind(&text)
    .bind(sha256(&text))
    .bind(by.0)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    keep(&mut tx, report, version, &quotes).await?;
    note(&mut tx, report, version, Verb::Submitted, by, "").await?;
    activity::record(&mut *tx, project, Some(by), "report.submitted", &report.to_string(), &frozen.title).await?;
    tx.commit().await?;
    Ok(true)
}

/// How often rows of the project were forgotten.
async fn forgettings(db: &mut PgConnection, project: ProjectId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select count(*) from forgettings where project_id = $1")
        .bind(project.0)
        .fetch_one(db)
        .await?)
}

async fn keep(tx: &mut PgConnection, report: ReportId, version: u32, quotes: &[KeptQuote]) -> Result<(), StoreError> {
    let values = quotes.iter().map(|kept| to_json(&kept.quote)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "insert into report_quotes (report_id, version, bad_case_id, sample_id, quote) \
         select $1, $2, * from unnest($3::uuid[], $4::bigint[], $5::jsonb[]) on conflict do nothing",
    )
    .bind(report.0)
    .bind(version.cast_signed())
    .bind(quotes.iter().map(|kept| kept.bad_case_id.0).collect::<Vec<_>>())
    .bind(quotes.iter().map(|kept| kept.sample_id.0).collect::<Vec<_>>())
    .bind(values)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether somebody who may approve reports may approve this version; `None` where the project has no such report.
pub async fn approval(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    approver: UserId,
) -> Result<Option<Approval>, StoreError> {
    approval_in(&mut *db.acquire().await?, project, report, approver).await
}

async fn approval_in(
    db: &mut PgConnection,
    project: ProjectId,
    report: ReportId,
    approver: UserId,
) -> Result<Option<Approval>, StoreError> {
    let exists: bool = sqlx::query_scalar("select exists (select from reports where project_id = $1 and id = $2)")
        .bind(project.0)
        .bind(report.0)
        .fetch_one(&mut *db)
        .await?;
    if !exists {
        return Ok(None);
    }
    // What was written in an earlier version is in this one.
    let authors: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select distinct user_id from report_events where report_id = $1 and user_id is not null \
         and verb in ('created', 'edited', 'submitted', 'continued')",
    )
    .bind(report.0)
    .fetch_all(&mut *db)
    .await?;
    let members: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select m.user_id, m.role from members m join users u on u.id = m.user_id \
         where m.project_id = $1 and u.disabled_at is null",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    let mut may = Vec::new();
    for (id, role) in members {
        if permits(Some(word::<Role>(&role)?), None, Action::Approve) {
            may.push(UserId(id));
        }
    }
    let authors: Vec<UserId> = authors.into_iter().map(UserId).collect();
    Ok(Some(Approval::of(approver, &authors, &may)))
}

/// Signs a submitted version. `seen` is the hash of the content that the person saw. False where the project has no such
/// version; [`Stale::OwnReport`] where somebody else should.
pub async fn approve(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    (version, seen): (u32, &str),
    by: UserId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    hold_project(&mut tx, project).await?;
    let Some(locked) = lock(&mut tx, project, report, version).await? else { return Ok(false) };
    if locked.status != Status::Submitted || locked.content_sha256.as_deref() != Some(seen) {
        return Err(Stale::ReportState.into());
    }
    let verb = match approval_in(&mut tx, project, report, by).await? {
        Some(Approval::Allowed) => Verb::Approved,
        Some(Approval::Alone) => Verb::ApprovedAlone,
        Some(Approval::OwnWork) => return Err(Stale::OwnReport.into()),
        None => return Ok(false),
    };
    sqlx::query(
        "update report_versions v set status = 'approved', decided_by = u.id, decided_name = u.name, decided_at = $4, \
         signed_sha256 = v.content_sha256 from users u where u.id = $3 and v.report_id = $1 and v.number = $2",
    )
    .bind(report.0)
    .bind(version.cast_signed())
    .bind(by.0)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    note(&mut tx, report, version, verb, by, "").await?;
    activity::record(&mut *tx, project, Some(by), "report.approved", &report.to_string(), &locked.title).await?;
    tx.commit().await?;
    Ok(true)
}

/// Returns a submitted version to its authors; false where the project has no such version.
pub async fn send_back(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    (version, reason): (u32, &str),
    by: UserId,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    hold_project(&mut tx, project).await?;
    let Some(locked) = lock(&mut tx, project, report, version).await? else { return Ok(false) };
    if locked.status != Status::Submitted {
        return Err(Stale::ReportState.into());
    }
    sqlx::query(
        "update report_versions v set status = 'returned', decided_by = u.id, decided_name = u.name, decided_at = $4, reason = $5 \
         from users u where u.id = $3 and v.report_id = $1 and v.number = $2",
    )
    .bind(report.0)
    .bind(version.cast_signed())
    .bind(by.0)
    .bind(now)
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    note(&mut tx, report, version, Verb::Returned, by, reason).await?;
    activity::record(&mut *tx, project, Some(by), "report.returned", &report.to_string(), &locked.title).await?;
    tx.commit().await?;
    Ok(true)
}

/// Begins the next version of a report whose newest is decided, with the same content; its number. `None` where the project
/// has no such report.
pub async fn next_version(
    db: &PgPool,
    project: ProjectId,
    report: ReportId,
    by: UserId,
) -> Result<Option<u32>, StoreError> {
    let mut tx = db.begin().await?;
    let found: Option<(i32, String)> = sqlx::query_as(
        "select v.number, v.status from report_versions v join reports r on r.id = v.report_id \
         where r.project_id = $1 and r.id = $2 order by v.number desc limit 1 for update of v",
    )
    .bind(project.0)
    .bind(report.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((newest, status)) = found else { return Ok(None) };
    if !matches!(word(&status)?, Status::Approved | Status::Returned) {
        return Err(Stale::ReportState.into());
    }
    // Of two at once the second waited for the first one's lock, and its newest is not the newest any more.
    let done = sqlx::query(
        "insert into report_versions (report_id, number, title, blocks) select report_id, number + 1, title, blocks \
         from report_versions where report_id = $1 and number = $2 on conflict do nothing",
    )
    .bind(report.0)
    .bind(newest)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Stale::ReportState.into());
    }
    let number = newest.cast_unsigned() + 1;
    note(&mut tx, report, number, Verb::Continued, by, "").await?;
    tx.commit().await?;
    Ok(Some(number))
}
