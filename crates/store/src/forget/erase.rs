//! Erasing what holds some texts.
//!
//! The newest version of each dataset is followed by one without the samples. In older versions, which runs still name,
//! they keep their places and say nothing. What was computed of their text (indexes, reports on leaks) goes, too.

use super::find::{RUNS, files, gather, patterns};
use crate::{
    Stale, StoreError, activity, annotation,
    explore::{build::IndexVersion, build::KIND as INDEX_KIND, forget_cached},
    jobs,
    versions::{forgotten, import::Made},
};
use domain::{
    forget::TOMBSTONE,
    id::{ProjectId, SampleId, UserId, VersionId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Erases what holds these texts; the versions that it made. `expected` is how many samples the person saw before they
/// agreed: [`Stale::FoundOthers`] where there are more or fewer by now.
pub async fn erase(
    db: &PgPool,
    project: ProjectId,
    by: UserId,
    texts: &[String],
    expected: u64,
) -> Result<Vec<Made>, StoreError> {
    let mut tx = db.begin().await?;
    // No version is made meanwhile that would take the samples along.
    sqlx::query("select id from datasets where project_id = $1 order by id for update")
        .bind(project.0)
        .execute(&mut *tx)
        .await?;
    let patterns = patterns(texts);
    let samples = gather(&mut tx, project, &patterns).await?;
    if samples != expected {
        return Err(Stale::FoundOthers.into());
    }
    let hashes: Vec<String> = files(&mut tx, project).await?.into_iter().map(|file| file.sha256).collect();
    let id = note(&mut tx, project, by, samples, &hashes).await?;
    let made = forgotten::make_all(&mut tx, project, by).await?;
    let touched = versions(&mut tx).await?;
    erase_answers(&mut tx, project, &patterns).await?;
    erase_derived(&mut tx, project, &touched, &patterns).await?;
    erase_judgements(&mut tx).await?;
    erase_samples(&mut tx).await?;
    for version in &touched {
        jobs::create(&mut tx, project, INDEX_KIND, &IndexVersion { version_id: *version }, by).await?;
    }
    activity::record(&mut *tx, project, Some(by), "rows.forgotten", &id.to_string(), &samples.to_string()).await?;
    tx.commit().await?;
    forget_cached(&touched);
    Ok(made)
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
async fn erase_answers(tx: &mut PgConnection, project: ProjectId, patterns: &[String]) -> Result<(), StoreError> {
    let statements = [
        "update predictions p set output = $3, expected = $3 from evals e where e.id = p.eval_id and e.project_id = $1 \
         and (p.sample_id in (select sample_id from forgetting) or lower(p.output) like any($2) or lower(p.expected) like any($2))",
        // A correction that waits would bring the text back.
        "update bad_cases set output = $3, expected = $3, note = '', correction = case when correction is null then null else $3 end, \
         status = case when status in ('open', 'confirmed', 'corrected') then 'dismissed' else status end, \
         revision = revision + 1, updated_at = now() where project_id = $1 and (sample_id in (select sample_id from forgetting) \
         or corrected_sample_id in (select sample_id from forgetting) \
         or lower(concat_ws(E'\\n', output, expected, note, correction)) like any($2))",
        "update previews p set prompt = $3, expected = $3, output = $3 from runs r where r.id = p.run_id and r.project_id = $1 \
         and lower(concat_ws(E'\\n', p.prompt, p.expected, p.output)) like any($2)",
        "update run_logs l set message = $3 from runs r where r.id = l.run_id and r.project_id = $1 and lower(l.message) like any($2)",
    ];
    for statement in statements {
        sqlx::query(statement).bind(project.0).bind(patterns).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What was computed of the text: it can be made again. Examples of a data recipe's preview cannot, and go.
async fn erase_derived(
    tx: &mut PgConnection,
    project: ProjectId,
    touched: &[VersionId],
    patterns: &[String],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = touched.iter().map(|version| version.0).collect();
    for statement in [
        "delete from version_indexes where version_id = any($1)",
        "delete from split_checks where version_id = any($1)",
        "delete from benchmark_checks where version_id = any($1) or benchmark_id = any($1)",
    ] {
        sqlx::query(statement).bind(&ids).execute(&mut *tx).await?;
    }
    for statement in [
        "delete from sample_tags where sample_id in (select sample_id from forgetting)",
        "delete from sample_scores where sample_id in (select sample_id from forgetting)",
    ] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    // Samples that were made of accepted ones are found by their own text.
    sqlx::query(
        "delete from proposals p using dataset_versions v join datasets d on d.id = v.dataset_id \
         where v.id = p.version_id and d.project_id = $1 and (p.sample_id in (select sample_id from forgetting) \
         or lower(concat_ws(E'\n', p.lead || p.before, p.lead || p.after)) like any($2))",
    )
    .bind(project.0)
    .bind(patterns)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update jobs set result = null where project_id = $1 and kind = 'preview_steps' \
         and (payload->>'version_id' = any($3) or lower(result::text) like any($2))",
    )
    .bind(project.0)
    .bind(patterns)
    .bind(touched.iter().map(ToString::to_string).collect::<Vec<_>>())
    .execute(tx)
    .await?;
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
         label = null, rejected = null, slices = '{}', spans = null, search_text = '', forgotten_at = now(), \
         content_hash = sha256(convert_to('erased ' || s.id, 'UTF8')) \
         from forgetting f where f.sample_id = s.id",
    )
    .bind(TOMBSTONE)
    .execute(tx)
    .await?;
    Ok(())
}
