//! Reports and digests that quote erased samples, or the texts that are looked for. What a frozen version quotes of bad cases
//! stands beside it and goes; texts within it go too, and then the version says when and has the hash of what is left, since
//! its signature is of what it said.

use super::texts::Texts;
use crate::{
    StoreError,
    error::{json, to_json},
    reports::sha256,
};
use domain::{
    forget::TOMBSTONE,
    id::ProjectId,
    report::{
        Block,
        digest::Digest,
        frozen::{Frozen, canonical},
    },
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Takes them out.
pub(super) async fn erase(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    quotes(tx, project, texts).await?;
    drafts(tx, project, texts).await?;
    frozen(tx, project, texts).await?;
    plain(tx, project, texts).await?;
    digests(tx, project, texts).await
}

async fn quotes(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    sqlx::query(
        "delete from report_quotes q using reports r where r.id = q.report_id and r.project_id = $1 \
         and (q.sample_id in (select sample_id from forgetting) or lower((q.quote - 'salt')::text) like any($2))",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .execute(tx)
    .await?;
    Ok(())
}

/// What people wrote.
async fn drafts(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, i32, Value)> = sqlx::query_as(
        "select v.report_id, v.number, v.blocks from report_versions v join reports r on r.id = v.report_id \
         where r.project_id = $1 and lower(v.blocks::text) like any($2) for update of v",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (report, number, blocks) in rows {
        let mut blocks: Vec<Block> = json(blocks)?;
        for block in blocks.iter_mut().filter(|block| texts.are_in_text(&block.text)) {
            TOMBSTONE.clone_into(&mut block.text);
        }
        // A form that somebody has open would bring the text back.
        sqlx::query(
            "update report_versions set blocks = $3, revision = revision + 1 where report_id = $1 and number = $2",
        )
        .bind(report)
        .bind(number)
        .bind(to_json(&blocks)?)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn frozen(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, i32, String)> = sqlx::query_as(
        "select v.report_id, v.number, v.frozen from report_versions v join reports r on r.id = v.report_id \
         where r.project_id = $1 and v.frozen is not null and lower(v.frozen) like any($2) for update of v",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (report, number, text) in rows {
        let value: Value = serde_json::from_str(&text).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let is_usable = |value: &Value| serde_json::from_value::<Frozen>(value.clone()).is_ok();
        let Some(erased) = texts.erased_from(&value, is_usable) else { continue };
        let left = canonical(&erased);
        // The hash moves on only where it was of this text: erasing covers up for nobody who has changed it before.
        sqlx::query(
            "update report_versions set frozen = $3, erased_at = now(), \
             content_sha256 = case when content_sha256 = $4 then $5 else content_sha256 end \
             where report_id = $1 and number = $2",
        )
        .bind(report)
        .bind(number)
        .bind(&left)
        .bind(sha256(&text))
        .bind(sha256(&left))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Titles and reasons, in the project's record too.
async fn plain(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    for statement in [
        "update report_versions v set title = $3 from reports r where r.id = v.report_id and r.project_id = $1 \
         and lower(v.title) like any($2)",
        "update report_versions v set reason = $3 from reports r where r.id = v.report_id and r.project_id = $1 \
         and lower(v.reason) like any($2)",
        "update report_events e set note = $3 from reports r where r.id = e.report_id and r.project_id = $1 \
         and lower(e.note) like any($2)",
        "update activity set object_name = $3 where project_id = $1 and verb like 'report.%' and lower(object_name) like any($2)",
    ] {
        sqlx::query(statement).bind(project.0).bind(texts.patterns()).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn digests(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(i32, i32, Value)> = sqlx::query_as(
        "select year, week, content from digests where project_id = $1 and lower(content::text) like any($2)",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (year, week, content) in rows {
        let is_usable = |value: &Value| serde_json::from_value::<Digest>(value.clone()).is_ok();
        let Some(erased) = texts.erased_from(&content, is_usable) else { continue };
        sqlx::query("update digests set content = $4 where project_id = $1 and year = $2 and week = $3")
            .bind(project.0)
            .bind(year)
            .bind(week)
            .bind(erased)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
