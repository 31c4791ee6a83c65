//! Reports of runs: written, submitted, approved or returned, in versions. What a draft shows is gathered anew ([`facts`]); a
//! submitted version is kept as one text with its hash, and never changes but by forgetting.

pub mod digests;
pub mod facts;
mod read;
#[cfg(test)]
mod tests;
mod workflow;

pub use read::{draft, get, list, version};
pub use workflow::{Edit, approval, approve, edit, next_version, send_back, submit};

use crate::{Stale, StoreError, activity, error::to_json};
use domain::{
    id::{ProjectId, ReportId, RunId, UserId},
    lang::Lang,
    report::{Body, view::Verb},
};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

/// A report to make.
pub struct NewReport<'a> {
    pub project: ProjectId,
    pub by: UserId,
    pub lang: Lang,
    pub title: String,
    pub runs: &'a [RunId],
}

/// Makes a report with the draft of its first version. [`Stale::NotOfProject`] where the project has not all these runs.
pub async fn create(db: &PgPool, new: &NewReport<'_>) -> Result<ReportId, StoreError> {
    let (id, body) = (ReportId::new(), Body::new(new.title.clone()));
    let runs: Vec<_> = new.runs.iter().map(|run| run.0).collect();
    let mut tx = db.begin().await?;
    // Two at once would take the same number.
    sqlx::query("select from projects where id = $1 for update").bind(new.project.0).execute(&mut *tx).await?;
    let found: i64 = sqlx::query_scalar("select count(*) from runs where project_id = $1 and id = any($2)")
        .bind(new.project.0)
        .bind(&runs)
        .fetch_one(&mut *tx)
        .await?;
    if found != runs.len() as i64 {
        return Err(Stale::NotOfProject.into());
    }
    sqlx::query(
        "insert into reports (id, project_id, number, lang, runs, created_by) \
         select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5 from reports where project_id = $2",
    )
    .bind(id.0)
    .bind(new.project.0)
    .bind(lang_word(new.lang))
    .bind(&runs)
    .bind(new.by.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query("insert into report_versions (report_id, number, title, blocks) values ($1, 1, $2, $3)")
        .bind(id.0)
        .bind(&body.title)
        .bind(to_json(&body.blocks)?)
        .execute(&mut *tx)
        .await?;
    note(&mut tx, id, 1, Verb::Created, new.by, "").await?;
    activity::record(&mut *tx, new.project, Some(new.by), "report.created", &id.to_string(), &body.title).await?;
    tx.commit().await?;
    Ok(id)
}

/// The word of a language in the database.
fn lang_word(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "en",
        Lang::Zh => "zh",
    }
}

/// Puts on record what was done, and marks the report as changed.
async fn note(
    tx: &mut PgConnection,
    report: ReportId,
    version: u32,
    verb: Verb,
    by: UserId,
    note: &str,
) -> Result<(), StoreError> {
    sqlx::query("insert into report_events (report_id, version, verb, user_id, note) values ($1, $2, $3, $4, $5)")
        .bind(report.0)
        .bind(version.cast_signed())
        .bind(verb.as_str())
        .bind(by.0)
        .bind(note)
        .execute(&mut *tx)
        .await?;
    sqlx::query("update reports set updated_at = now() where id = $1").bind(report.0).execute(tx).await?;
    Ok(())
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
