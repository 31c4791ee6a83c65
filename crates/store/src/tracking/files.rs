//! Names of a run's files. Their bytes lie in the artifact store.

use crate::StoreError;
use domain::{
    id::{ProjectId, TrackedRunId},
    tracking::view::Entry,
};
use sqlx::{PgPool, Row};

/// Names stored bytes as a file of the run, in the place of what had that name. The caller has made sure that the run
/// may be written to.
pub async fn put(db: &PgPool, run: TrackedRunId, path: &str, sha256: &str, size_bytes: u64) -> Result<(), StoreError> {
    sqlx::query(
        "insert into tracked_files (run_id, path, sha256, size_bytes) values ($1, $2, $3, $4) \
         on conflict (run_id, path) do update set sha256 = excluded.sha256, size_bytes = excluded.size_bytes, stored_at = now()",
    )
    .bind(run.0)
    .bind(path)
    .bind(sha256)
    .bind(size_bytes.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// SHA-256 and size of a file of the project's run.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    run: TrackedRunId,
    path: &str,
) -> Result<Option<(String, u64)>, StoreError> {
    let row: Option<(String, i64)> = sqlx::query_as(
        "select f.sha256, f.size_bytes from tracked_files f join tracked_runs r on r.id = f.run_id \
         join tracked_experiments e on e.id = r.experiment_id \
         where e.project_id = $1 and f.run_id = $2 and f.path = $3",
    )
    .bind(project.0)
    .bind(run.0)
    .bind(path)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|(sha256, size)| (sha256, size.cast_unsigned())))
}

/// What lies in a folder of the project's run; the top folder where it is empty.
pub async fn list(db: &PgPool, project: ProjectId, run: TrackedRunId, folder: &str) -> Result<Vec<Entry>, StoreError> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let rows = sqlx::query(
        "select split_part(rest, '/', 1) as name, bool_or(strpos(rest, '/') > 0) as is_folder, \
         max(size_bytes) filter (where strpos(rest, '/') = 0) as size_bytes \
         from (select substr(f.path, length($3) + 1) as rest, f.size_bytes from tracked_files f \
             join tracked_runs r on r.id = f.run_id join tracked_experiments e on e.id = r.experiment_id \
             where e.project_id = $1 and f.run_id = $2 and starts_with(f.path, $3)) x \
         group by 1 order by min(split_part(rest, '/', 1)) collate \"C\"",
    )
    .bind(project.0)
    .bind(run.0)
    .bind(prefix)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                name: row.try_get("name")?,
                is_folder: row.try_get("is_folder")?,
                size_bytes: row.try_get::<Option<i64>, _>("size_bytes")?.map(i64::cast_unsigned),
            })
        })
        .collect()
}

/// Takes a file, or a folder with all in it, away from a run; how many files. The bytes stay stored.
pub async fn remove(db: &PgPool, run: TrackedRunId, path: &str) -> Result<u64, StoreError> {
    let done =
        sqlx::query("delete from tracked_files where run_id = $1 and (path = $2 or starts_with(path, $2 || '/'))")
            .bind(run.0)
            .bind(path)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}
