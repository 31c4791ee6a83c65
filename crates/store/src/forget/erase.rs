//! Erasing what holds some texts.
//!
//! The newest version of each dataset is followed by one without the samples. In older versions, which runs still name,
//! they keep their places and say nothing. What was computed of their text goes, too (`derived`).

use super::{
    busy, derived,
    find::{RUNS, files, gather},
    judged, reports, said, tabled,
    texts::Texts,
};
use crate::{
    Stale, StoreError, activity, annotation,
    explore::{build::IndexVersion, build::KIND as INDEX_KIND, forget_cached},
    jobs,
    versions::{forgotten, import::Made},
};
use domain::{
    forget::{Busy, TOMBSTONE},
    id::{ProjectId, SampleId, UserId, VersionId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is at work that would write down again what it has read.
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl From<sqlx::Error> for EraseError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// Erases what holds these texts; the versions that it made. `expected` is how many samples the person saw before they
/// agreed: [`Stale::FoundOthers`] where there are more or fewer by now.
pub async fn erase(
    db: &PgPool,
    project: ProjectId,
    by: UserId,
    texts: &[String],
    expected: u64,
) -> Result<Vec<Made>, EraseError> {
    let texts = Texts::new(texts);
    // Asked before any lock is waited for: a job may hold it until it has ended.
    refuse(busy::job(&mut *db.acquire().await?, project, &texts, false).await?)?;
    let mut tx = db.begin().await?;
    lock(&mut tx, project).await?;
    refuse(busy::job(&mut tx, project, &texts, true).await?)?;
    let samples = gather(&mut tx, project, &texts.patterns()).await?;
    if samples != expected {
        return Err(StoreError::from(Stale::FoundOthers).into());
    }
    refuse(busy::run(&mut tx, project).await?)?;
    let hashes: Vec<String> = files(&mut tx, project).await?.into_iter().map(|file| file.sha256).collect();
    let id = note(&mut tx, project, by, samples, &hashes).await?;
    let made = forgotten::make_all(&mut tx, project, by).await?;
    let touched = versions(&mut tx).await?;
    erase_answers(&mut tx, project, &texts).await?;
    derived::erase(&mut tx, project, by, &touched, &texts).await?;
    said::erase(&mut tx, project, &texts).await?;
    judged::erase(&mut tx, project, &texts).await?;
    reports::erase(&mut tx, project, &texts).await?;
    tabled::erase(&mut tx, project, &texts).await?;
    erase_judgements(&mut tx).await?;
    for version in &touched {
        forgotten::subtract(&mut tx, *version).await?;
    }
    erase_samples(&mut tx).await?;
    for version in &touched {
        // It counts again, too, what the erased samples alone do not tell.
        jobs::create(&mut tx, project, INDEX_KIND, &IndexVersion { version_id: *version }, by).await?;
    }
    activity::record(&mut *tx, project, Some(by), "rows.forgotten", &id.to_string(), &samples.to_string()).await?;
    tx.commit().await?;
    forget_cached(&touched);
    Ok(made)
}

fn refuse(busy: Option<Busy>) -> Result<(), Busy> {
    busy.map_or(Ok(()), Err)
}

/// No version is made meanwhile that would take the samples along. And nothing begins: the row of a job, a run or an index
/// that is being built takes a share of the project's.
async fn lock(tx: &mut PgConnection, project: ProjectId) -> Result<(), StoreError> {
    for statement in [
        "select id from datasets where project_id = $1 order by id for update",
        "select id from projects where id = $1 for update",
    ] {
        sqlx::query(statement).bind(project.0).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Puts on record that it was done, and which runs have seen the samples.
async fn note(
    tx: &mut PgConnection,
    project: ProjectId,
    by: UserId,
    samples: u64,
    hashes: &[String],
) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    sqlx::query("insert into forgettings (id, project_id, by_id, samples, files) values ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(project.0)
        .bind(by.0)
        .bind(samples.cast_signed())
        .bind(hashes)
        .execute(&mut *tx)
        .await?;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{RUNS} insert into run_forgettings (run_id, forgetting_id, samples) select id, $2, max(samples) from saw group by id"
    )))
    .bind(project.0)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(id)
}

/// Every version that holds one of the samples.
async fn versions(tx: &mut PgConnection) -> Result<Vec<VersionId>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select distinct vs.version_id from forgetting f join version_samples vs on vs.sample_id = f.sample_id",
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(VersionId).collect())
}

/// What models answered and people wrote about the samples, or that holds the texts.
async fn erase_answers(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let statements = [
        "update predictions p set output = $3, expected = $3 from evals e where e.id = p.eval_id and e.project_id = $1 \
         and (p.sample_id in (select sample_id from forgetting) or lower(p.output) like any($2) or lower(p.expected) like any($2))",
        "update suite_predictions p set output = $3, expected = $3 from suite_results r where r.id = p.result_id and r.project_id = $1 \
         and (p.sample_id in (select sample_id from forgetting) or lower(p.output) like any($2) or lower(p.expected) like any($2))",
        // Of an evaluation that is not done: such a question is not asked any more, or asked again.
        "delete from suite_answers a using suites s where s.id = a.suite_id and s.project_id = $1 \
         and (a.sample_id in (select sample_id from forgetting) or lower(a.reply) like any($2)) and $3::text is not null",
        // A correction that waits would bring the text back.
        "update bad_cases set output = $3, expected = $3, note = '', correction = case when correction is null then null else $3 end, \
         status = case when status in ('open', 'confirmed', 'corrected') then 'dismissed' else status end, \
         revision = revision + 1, updated_at = now() where project_id = $1 and (sample_id in (select sample_id from forgetting) \
         or corrected_sample_id in (select sample_id from forgetting) \
         or lower(concat_ws(E'\\n', output, expected, note, correction)) like any($2))",
        "update previews p set prompt = $3, expected = $3, output = $3 from runs r where r.id = p.run_id and r.project_id = $1 \
         and lower(concat_ws(E'\\n', p.prompt, p.expected, p.output)) like any($2)",
        "update run_logs l set message = $3 from runs r where r.id = l.run_id and r.project_id = $1 and lower(l.message) like any($2)",
        "update bad_case_comments c set body = $3 from bad_cases b where b.id = c.bad_case_id and b.project_id = $1 \
         and (b.output = $3 or lower(c.body) like any($2))",
        "update bad_case_clusters set name = $3, words = '{}', renamed = false where project_id = $1 \
         and (lower(name) like any($2) or exists (select from unnest(words) w where lower(w) like any($2)) \
         or exists (select from bad_cases b where b.cluster_id = bad_case_clusters.id and b.output = $3))",
        "delete from regressions g using bad_cases b where b.id = g.bad_case_id and b.project_id = $1 and b.output = $3 \
         and $2::text[] is not null",
    ];
    let patterns = texts.patterns();
    for statement in statements {
        sqlx::query(statement).bind(project.0).bind(&patterns).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What people said in annotation tasks.
async fn erase_judgements(tx: &mut PgConnection) -> Result<(), StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar("select sample_id from forgetting").fetch_all(&mut *tx).await?;
    annotation::forget(tx, &ids.into_iter().map(SampleId).collect::<Vec<_>>()).await
}

/// The samples themselves. Their hashes are new ones, so that nothing tells what they said and none is a copy of another.
async fn erase_samples(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(
        "update samples s set messages = jsonb_build_array(jsonb_build_object('role', 'user', 'content', $1::text), \
            jsonb_build_object('role', 'assistant', 'content', $1::text)), \
         label = null, rejected = null, slices = '{}', spans = null, choices = null, search_text = '', forgotten_at = now(), \
         content_hash = sha256(convert_to('erased ' || s.id, 'UTF8')) \
         from forgetting f where f.sample_id = s.id",
    )
    .bind(TOMBSTONE)
    .execute(tx)
    .await?;
    Ok(())
}
