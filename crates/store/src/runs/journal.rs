//! What a run said and wrote: log lines and previews.

use crate::StoreError;
use domain::{
    event::Level,
    id::RunId,
    run::{LogLine, Preview},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// Log lines with an id above `after`, oldest first; when there are more than `limit`, the
/// latest ones.
pub async fn logs_since(db: &PgPool, run: RunId, after: i64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
    let rows = sqlx::query(
        "select * from (select id, attempt, level, message, at from run_logs where run_id = $1 and id > $2 \
         order by id desc limit $3) x order by id",
    )
    .bind(run.0)
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(LogLine {
                id: r.try_get("id")?,
                attempt: r.try_get::<i32, _>("attempt")?.cast_unsigned(),
                level: level(r.try_get("level")?),
                message: r.try_get("message")?,
                at: r.try_get("at")?,
            })
        })
        .collect()
}

/// The schema allows these three words alone.
fn level(word: &str) -> Level {
    match word {
        "error" => Level::Error,
        "warn" => Level::Warn,
        _ => Level::Info,
    }
}

/// Previews of steps above `after_step` (-1 for all), latest step first, at most 2000.
pub async fn previews(db: &PgPool, run: RunId, after_step: i64) -> Result<Vec<Preview>, StoreError> {
    let rows = sqlx::query(
        "select step, index, prompt, expected, output from previews where run_id = $1 and step > $2 \
         order by step desc, index limit 2000",
    )
    .bind(run.0)
    .bind(after_step)
    .fetch_all(db)
    .await?;
    rows.iter().map(preview).collect()
}

/// A row of `previews`.
pub(super) fn preview(row: &PgRow) -> Result<Preview, StoreError> {
    Ok(Preview {
        step: row.try_get::<i32, _>("step")?.cast_unsigned(),
        index: row.try_get::<i32, _>("index")?.cast_unsigned(),
        prompt: row.try_get("prompt")?,
        expected: row.try_get("expected")?,
        output: row.try_get("output")?,
    })
}
