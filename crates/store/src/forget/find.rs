//! What holds some texts, in all versions of all datasets of a project.

use super::{file, texts::Texts};
use crate::{StoreError, error::word};
use domain::{
    forget::{EXAMPLES, ForgetExample, ForgetFound, ForgetRun, ForgetVersion},
    id::{DatasetId, ProjectId, RunId, SampleId, VersionId},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

/// Letters of an example.
const EXAMPLE_CHARS: i32 = 300;

/// What holds these texts. Changes nothing.
pub async fn find(db: &PgPool, project: ProjectId, texts: &[String]) -> Result<ForgetFound, StoreError> {
    let mut tx = db.begin().await?;
    let patterns = Texts::new(texts).patterns();
    let samples = gather(&mut tx, project, &patterns).await?;
    let (predictions, bad_cases) = answers(&mut tx, project, &patterns).await?;
    Ok(ForgetFound {
        samples,
        versions: versions(&mut tx, project).await?,
        predictions,
        bad_cases,
        runs: runs(&mut tx, project).await?,
        files: files(&mut tx, project).await?,
        examples: examples(&mut tx).await?,
    })
}

/// Puts the samples that hold one of the texts into a table of this transaction; how many there are.
pub(super) async fn gather(tx: &mut PgConnection, project: ProjectId, patterns: &[String]) -> Result<u64, StoreError> {
    sqlx::query("create temporary table forgetting (sample_id bigint primary key) on commit drop")
        .execute(&mut *tx)
        .await?;
    let done = sqlx::query(
        "insert into forgetting select s.id from samples s join datasets d on d.id = s.dataset_id \
         where d.project_id = $1 and s.forgotten_at is null and (s.search_text like any($2) or lower(s.label) like any($2) \
         or exists (select from jsonb_each_text(s.slices) e where lower(e.value) like any($2)))",
    )
    .bind(project.0)
    .bind(patterns)
    .execute(&mut *tx)
    .await?;
    sqlx::query("analyze forgetting").execute(tx).await?;
    Ok(done.rows_affected())
}

async fn versions(tx: &mut PgConnection, project: ProjectId) -> Result<Vec<ForgetVersion>, StoreError> {
    let version = |row: &PgRow| {
        Ok(ForgetVersion {
            version_id: VersionId(row.try_get("id")?),
            dataset_id: DatasetId(row.try_get("dataset_id")?),
            dataset_name: row.try_get("name")?,
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
            is_newest: row.try_get("is_newest")?,
        })
    };
    sqlx::query(
        "select v.id, v.dataset_id, d.name, v.number, count(*) as samples, d.archived_at is null and \
         v.number = (select max(number) from dataset_versions o where o.dataset_id = v.dataset_id) as is_newest \
         from forgetting f join version_samples vs on vs.sample_id = f.sample_id join dataset_versions v on v.id = vs.version_id \
         join datasets d on d.id = v.dataset_id where d.project_id = $1 \
         group by v.id, v.dataset_id, d.name, v.number, d.archived_at order by d.name, v.dataset_id, v.number desc",
    )
    .bind(project.0)
    .fetch_all(tx)
    .await?
    .iter()
    .map(version)
    .collect()
}

/// Stored answers and bad cases about the samples, or that hold the texts.
async fn answers(tx: &mut PgConnection, project: ProjectId, patterns: &[String]) -> Result<(u64, u64), StoreError> {
    let predictions: i64 = sqlx::query_scalar(
        "select (select count(*) from predictions p join evals e on e.id = p.eval_id where e.project_id = $1 \
            and (p.sample_id in (select sample_id from forgetting) or lower(p.output) like any($2) or lower(p.expected) like any($2))) \
         + (select count(*) from suite_predictions p join suite_results r on r.id = p.result_id where r.project_id = $1 \
            and (p.sample_id in (select sample_id from forgetting) or lower(p.output) like any($2) or lower(p.expected) like any($2)))",
    )
    .bind(project.0)
    .bind(patterns)
    .fetch_one(&mut *tx)
    .await?;
    let bad_cases: i64 = sqlx::query_scalar(
        "select count(*) from bad_cases where project_id = $1 and (sample_id in (select sample_id from forgetting) \
         or lower(concat_ws(E'\\n', output, expected, note, correction)) like any($2))",
    )
    .bind(project.0)
    .bind(patterns)
    .fetch_one(tx)
    .await?;
    Ok((predictions.cast_unsigned(), bad_cases.cast_unsigned()))
}

/// The runs that have seen the samples, with how many: on a version that holds them, or by going on training an adapter
/// that has. `$1` is the project.
pub(super) const RUNS: &str = "with recursive saw as (select r.id, x.samples from runs r join \
     (select vs.version_id, count(distinct vs.sample_id) as samples from forgetting f join version_samples vs on vs.sample_id = f.sample_id \
        group by vs.version_id) x on x.version_id = r.version_id where r.project_id = $1 \
     union select r.id, s.samples from saw s join runs r on r.continues = s.id where r.project_id = $1) ";

async fn runs(tx: &mut PgConnection, project: ProjectId) -> Result<Vec<ForgetRun>, StoreError> {
    let run = |row: &PgRow| {
        Ok(ForgetRun {
            id: RunId(row.try_get("id")?),
            number: row.try_get("number")?,
            name: row.try_get("name")?,
            status: word(row.try_get("status")?)?,
            samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
        })
    };
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{RUNS} select r.id, r.number, r.name, r.status, max(s.samples) as samples from saw s join runs r on r.id = s.id \
         group by r.id, r.number, r.name, r.status order by r.number"
    )))
    .bind(project.0)
    .fetch_all(tx)
    .await?
    .iter()
    .map(run)
    .collect()
}

/// Uploaded files that the samples were read from, and those of which such a file was made.
pub(super) async fn files(
    tx: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<domain::forget::ForgetFile>, StoreError> {
    sqlx::query(
        "with read as (select id, rendered_from from uploads where project_id = $1 and sha256 in \
         (select v.origin->>'sha256' from forgetting f join samples s on s.id = f.sample_id \
            join version_samples vs on vs.sample_id = s.id join dataset_versions v on v.id = vs.version_id \
            where v.origin->>'kind' = 'import' and (coalesce(v.origin->'appended', 'null') = 'null' or s.source_file = v.origin->>'file_name' \
            or v.origin->'files' @> jsonb_build_array(jsonb_build_object('name', s.source_file))))) \
         select id, file_name, size_bytes, sha256 from uploads where project_id = $1 \
         and (id in (select id from read) or id in (select unnest(rendered_from) from read)) order by created_at",
    )
    .bind(project.0)
    .fetch_all(tx)
    .await?
    .iter()
    .map(file)
    .collect()
}

/// Some of the samples, but none that is of a test split somewhere.
async fn examples(tx: &mut PgConnection) -> Result<Vec<ForgetExample>, StoreError> {
    let example = |row: &PgRow| {
        Ok(ForgetExample {
            id: SampleId(row.try_get("id")?),
            dataset_name: row.try_get("name")?,
            text: row.try_get("text")?,
        })
    };
    sqlx::query(
        "select s.id, d.name, left(s.search_text, $2) as text from forgetting f join samples s on s.id = f.sample_id \
         join datasets d on d.id = s.dataset_id \
         where not exists (select from version_samples vs where vs.sample_id = s.id and vs.split = 2) order by s.id limit $1",
    )
    .bind(EXAMPLES as i64)
    .bind(EXAMPLE_CHARS)
    .fetch_all(tx)
    .await?
    .iter()
    .map(example)
    .collect()
}
