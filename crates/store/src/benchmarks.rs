//! Versions that training must not have seen: a project's, those that a launch adds, and what was found of them.

use crate::{
    StoreError, activity,
    error::{json, to_json},
};
use domain::{
    id::{DatasetId, ProjectId, RunId, UserId, VersionId},
    split::{Benchmark, BenchmarkReport, LeakCheck, LeakReport},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

fn benchmark(row: &PgRow) -> Result<Benchmark, StoreError> {
    Ok(Benchmark {
        version_id: VersionId(row.try_get("id")?),
        dataset_id: DatasetId(row.try_get("dataset_id")?),
        dataset_name: row.try_get("name")?,
        number: row.try_get::<i32, _>("number")?.cast_unsigned(),
    })
}

/// The versions that every run of the project is held against.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<Benchmark>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name, v.number from project_benchmarks b join dataset_versions v on v.id = b.version_id \
         join datasets d on d.id = v.dataset_id where b.project_id = $1 order by d.name, v.number",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(benchmark)
    .collect()
}

/// Makes a version of the project one of them; false when the project has no such version.
pub async fn add(db: &PgPool, project: ProjectId, version: VersionId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let Some(name) = name(&mut tx, project, version).await? else { return Ok(false) };
    let done = sqlx::query(
        "insert into project_benchmarks (project_id, version_id, added_by) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(project.0)
    .bind(version.0)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    // One that was a benchmark before is no news.
    if done.rows_affected() == 1 {
        activity::record(&mut *tx, project, Some(by), "benchmark.added", &version.to_string(), &name).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Takes one away; false when it was none.
pub async fn remove(db: &PgPool, project: ProjectId, version: VersionId, by: UserId) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let done = sqlx::query("delete from project_benchmarks where project_id = $1 and version_id = $2")
        .bind(project.0)
        .bind(version.0)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let name = name(&mut tx, project, version).await?.unwrap_or_default();
    activity::record(&mut *tx, project, Some(by), "benchmark.removed", &version.to_string(), &name).await?;
    tx.commit().await?;
    Ok(true)
}

/// What the record calls one of the project's versions; `None` when the project has no such version.
async fn name(tx: &mut PgConnection, project: ProjectId, version: VersionId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select d.name || ' v' || v.number from dataset_versions v join datasets d on d.id = v.dataset_id \
         where v.id = $2 and d.project_id = $1",
    )
    .bind(project.0)
    .bind(version.0)
    .fetch_optional(tx)
    .await?)
}

/// Whether all of these are versions of the project.
pub(crate) async fn are_known(db: &PgPool, project: ProjectId, versions: &[VersionId]) -> Result<bool, StoreError> {
    let ids: Vec<uuid::Uuid> = versions.iter().map(|version| version.0).collect();
    let unknown: i64 = sqlx::query_scalar(
        "select count(*) from unnest($2::uuid[]) as asked (id) where not exists (select from dataset_versions v \
         join datasets d on d.id = v.dataset_id where v.id = asked.id and d.project_id = $1)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_one(db)
    .await?;
    Ok(unknown == 0)
}

/// The versions that were asked for when the run was launched, beside the project's.
pub async fn chosen(db: &PgPool, run: RunId) -> Result<Vec<VersionId>, StoreError> {
    let ids: Option<Vec<uuid::Uuid>> =
        sqlx::query_scalar("select benchmarks from runs where id = $1").bind(run.0).fetch_optional(db).await?;
    Ok(ids.unwrap_or_default().into_iter().map(VersionId).collect())
}

/// The same with their names, archived ones too.
pub async fn chosen_named(db: &PgPool, run: RunId) -> Result<Vec<Benchmark>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name, v.number from runs r join dataset_versions v on v.id = any(r.benchmarks) \
         join datasets d on d.id = v.dataset_id where r.id = $1 order by d.name, v.number",
    )
    .bind(run.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(benchmark)
    .collect()
}

/// What a run is held against: the project's and its own, but not its own data.
pub async fn of_run(db: &PgPool, run: RunId) -> Result<Vec<Benchmark>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name, v.number from runs r join dataset_versions v \
            on v.id = any(r.benchmarks) or v.id in (select version_id from project_benchmarks where project_id = r.project_id) \
         join datasets d on d.id = v.dataset_id where r.id = $1 and v.id <> r.version_id order by d.name, v.number",
    )
    .bind(run.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(benchmark)
    .collect()
}

/// The version whose training samples have to be looked through before the run begins: of a run that was not tried out, that
/// repeats none, and for whose leaks no owner has signed.
pub async fn unchecked(db: &PgPool, run: RunId) -> Result<Option<VersionId>, StoreError> {
    let version: Option<uuid::Uuid> = sqlx::query_scalar(
        "select version_id from runs where id = $1 and preflight_job is null and repeats is null and leak_override is null",
    )
    .bind(run.0)
    .fetch_optional(db)
    .await?;
    Ok(version.map(VersionId))
}

/// What was found of a benchmark under these settings, once somebody has looked.
pub async fn check(
    db: &PgPool,
    version: VersionId,
    benchmark: VersionId,
    check: &LeakCheck,
) -> Result<Option<LeakReport>, StoreError> {
    let leaks: Option<serde_json::Value> = sqlx::query_scalar(
        "select leaks from benchmark_checks where version_id = $1 and benchmark_id = $2 and settings = $3",
    )
    .bind(version.0)
    .bind(benchmark.0)
    .bind(to_json(check)?)
    .fetch_optional(db)
    .await?;
    leaks.map(json).transpose()
}

/// Keeps what was found.
pub async fn put(db: &PgPool, version: VersionId, benchmark: VersionId, leaks: &LeakReport) -> Result<(), StoreError> {
    sqlx::query(
        "insert into benchmark_checks (version_id, benchmark_id, settings, leaks) values ($1, $2, $3, $4) \
         on conflict (version_id, benchmark_id, settings) do update set leaks = excluded.leaks",
    )
    .bind(version.0)
    .bind(benchmark.0)
    .bind(to_json(&leaks.check)?)
    .bind(to_json(leaks)?)
    .execute(db)
    .await?;
    Ok(())
}

/// What was found in a version of all benchmarks that it was held against under these settings.
pub async fn checks(db: &PgPool, version: VersionId, check: &LeakCheck) -> Result<Vec<BenchmarkReport>, StoreError> {
    sqlx::query(
        "select v.id, v.dataset_id, d.name, v.number, c.leaks from benchmark_checks c join dataset_versions v on v.id = c.benchmark_id \
         join datasets d on d.id = v.dataset_id where c.version_id = $1 and c.settings = $2 order by d.name, v.number",
    )
    .bind(version.0)
    .bind(to_json(check)?)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok(BenchmarkReport { benchmark: benchmark(row)?, leaks: json(row.try_get("leaks")?)? }))
    .collect()
}
