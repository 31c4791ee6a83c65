//! What was computed of samples that are erased, or quotes the texts that are looked for: it goes where it can be made again,
//! and otherwise loses those texts.

use super::{scores, texts::Texts};
use crate::{
    StoreError,
    error::{json, to_json},
    jobs,
};
use domain::{
    dataset::Origin,
    eval::EvalMetrics,
    forget::TOMBSTONE,
    id::{ProjectId, UserId, VersionId},
    job::JobFailure,
    measure::Measurement,
    metrics::json_schema::{Schema, parse},
    run::{Preflight, RunProblem},
    steps::Change,
    suite::SuiteDesign,
    task_file::TaskFile,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Erases it. `touched` are the versions that hold the samples.
pub(super) async fn erase(
    tx: &mut PgConnection,
    project: ProjectId,
    by: UserId,
    touched: &[VersionId],
    texts: &Texts,
) -> Result<(), StoreError> {
    of_versions(tx, touched).await?;
    audits(tx, project, touched).await?;
    scores::erase(tx, touched).await?;
    of_samples(tx, project, texts).await?;
    slices(tx, project).await?;
    previews(tx, project, touched, texts).await?;
    quotations(tx, project, texts).await?;
    reports(tx, project, by).await
}

/// Indexes, comparisons and looks for leaks, which are made again.
async fn of_versions(tx: &mut PgConnection, touched: &[VersionId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = touched.iter().map(|version| version.0).collect();
    for statement in [
        "delete from version_indexes where version_id = any($1)",
        "delete from split_checks where version_id = any($1)",
        "delete from benchmark_checks where version_id = any($1) or benchmark_id = any($1)",
        "delete from version_diffs where from_id = any($1) or to_id = any($1)",
    ] {
        sqlx::query(statement).bind(&ids).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Examples in the reports of preflights on these versions. They are cut to pieces, so that nobody could look for the texts in
/// them; their counts stay.
async fn audits(tx: &mut PgConnection, project: ProjectId, touched: &[VersionId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = touched.iter().map(|version| version.0).collect();
    let reports: Vec<(Uuid, Value)> = sqlx::query_as(
        "select p.run_id, p.report from preflights p join runs r on r.id = p.run_id \
         where r.project_id = $1 and r.version_id = any($2)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(&mut *tx)
    .await?;
    for (run, report) in reports {
        let mut report: Preflight = json(report)?;
        for audit in &mut report.audit {
            audit.ordinary.clear();
            for finding in &mut audit.findings {
                finding.examples.clear();
            }
        }
        sqlx::query("update preflights set report = $2 where run_id = $1")
            .bind(run)
            .bind(to_json(&report)?)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Tags, proposals and notes.
async fn of_samples(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let patterns = texts.patterns();
    for statement in [
        "delete from sample_tags t using samples s join datasets d on d.id = s.dataset_id where s.id = t.sample_id \
         and d.project_id = $1 and (s.id in (select sample_id from forgetting) or lower(t.tag) like any($2))",
        // What was read of the tags before is old.
        "update datasets set tag_revision = tag_revision + 1 where project_id = $1 and tag_revision > 0 and $2::text[] is not null",
        // Samples that were made of accepted ones are found by their own text.
        "delete from proposals p using dataset_versions v join datasets d on d.id = v.dataset_id \
         where v.id = p.version_id and d.project_id = $1 and (p.sample_id in (select sample_id from forgetting) \
         or lower(concat_ws(E'\n', p.lead || p.before, p.lead || p.after)) like any($2))",
        "update dataset_versions v set note = '' from datasets d where d.id = v.dataset_id and d.project_id = $1 \
         and lower(v.note) like any($2)",
    ] {
        sqlx::query(statement).bind(project.0).bind(&patterns).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Results of suites that were cut by what samples say, which are cut again.
async fn slices(tx: &mut PgConnection, project: ProjectId) -> Result<(), StoreError> {
    sqlx::query("delete from suite_slices s using suite_results r where r.id = s.result_id and r.project_id = $1")
        .bind(project.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Examples of a data recipe's preview, which nobody can make again of what is gone.
async fn previews(
    tx: &mut PgConnection,
    project: ProjectId,
    touched: &[VersionId],
    texts: &Texts,
) -> Result<(), StoreError> {
    sqlx::query(
        "update jobs set result = null where project_id = $1 and kind = 'preview_steps' \
         and (payload->>'version_id' = any($3) or lower(result::text) like any($2))",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .bind(touched.iter().map(ToString::to_string).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// A column of JSON: rows of the project `$1` that match one of `$2`, as a key and the value, and the value of a key set anew.
pub(super) struct Column {
    pub(super) select: &'static str,
    pub(super) update: &'static str,
}

/// What jobs were asked for and answered, how versions came to be, and what was found of runs: the texts in it go, the rest
/// stays.
async fn quotations(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let payload = Column {
        select: "select id::text, payload from jobs where project_id = $1 and status not in ('queued', 'running') \
                 and lower(payload::text) like any($2)",
        update: "update jobs set payload = $2 where id = $1::uuid",
    };
    column::<Value>(tx, project, texts, &payload).await?;
    let result = Column {
        select: "select id::text, result from jobs where project_id = $1 and lower(result::text) like any($2)",
        update: "update jobs set result = $2 where id = $1::uuid",
    };
    column::<Value>(tx, project, texts, &result).await?;
    let failure = Column {
        select: "select id::text, failure from jobs where project_id = $1 and lower(failure::text) like any($2)",
        update: "update jobs set failure = $2 where id = $1::uuid",
    };
    column::<JobFailure>(tx, project, texts, &failure).await?;
    let origin = Column {
        select: "select v.id::text, v.origin from dataset_versions v join datasets d on d.id = v.dataset_id \
                 where d.project_id = $1 and lower(v.origin::text) like any($2)",
        update: "update dataset_versions set origin = $2 where id = $1::uuid",
    };
    column::<Origin>(tx, project, texts, &origin).await?;
    let changes = Column {
        select: "select c.version_id::text || ':' || c.position, c.changes from sample_changes c \
                 join dataset_versions v on v.id = c.version_id join datasets d on d.id = v.dataset_id \
                 where d.project_id = $1 and lower(c.changes::text) like any($2)",
        update: "update sample_changes set changes = $2 where version_id = split_part($1, ':', 1)::uuid \
                 and position = split_part($1, ':', 2)::integer",
    };
    column::<Vec<Change>>(tx, project, texts, &changes).await?;
    let metrics = Column {
        select: "select id::text, metrics from evals where project_id = $1 and lower(metrics::text) like any($2)",
        update: "update evals set metrics = $2 where id = $1::uuid",
    };
    column::<EvalMetrics>(tx, project, texts, &metrics).await?;
    let measured = Column {
        select: "select id::text, measurement from suite_results where project_id = $1 and lower(measurement::text) like any($2)",
        update: "update suite_results set measurement = $2 where id = $1::uuid",
    };
    column::<Measurement>(tx, project, texts, &measured).await?;
    designs(tx, project, texts).await?;
    tasks(tx, project, texts).await?;
    let report = Column {
        select: "select p.run_id::text, p.report from preflights p join runs r on r.id = p.run_id \
                 where r.project_id = $1 and lower(p.report::text) like any($2)",
        update: "update preflights set report = $2 where run_id = $1::uuid",
    };
    column::<Preflight>(tx, project, texts, &report).await?;
    let run_failure = Column {
        select: "select id::text, failure from runs where project_id = $1 and lower(failure::text) like any($2)",
        update: "update runs set failure = $2 where id = $1::uuid",
    };
    column::<RunProblem>(tx, project, texts, &run_failure).await
}

/// What task files say, with what was made of them.
async fn tasks(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let of_upload = Column {
        select: "select id::text, task from uploads where project_id = $1 and lower(task::text) like any($2)",
        update: "update uploads set task = $2 where id = $1::uuid",
    };
    column::<TaskFile>(tx, project, texts, &of_upload).await?;
    let of_version = Column {
        select: "select v.id::text, v.task from dataset_versions v join datasets d on d.id = v.dataset_id \
                 where d.project_id = $1 and lower(v.task::text) like any($2)",
        update: "update dataset_versions set task = $2 where id = $1::uuid",
    };
    column::<TaskFile>(tx, project, texts, &of_version).await
}

/// Filters of evaluation suites and of the slices that they name, which hold labels and values of fields: such a one finds nothing
/// any more. And schemas, whose words no answer has then.
async fn designs(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, i32, Value)> = sqlx::query_as(
        "select v.suite_id, v.number, v.design from suite_versions v join suites s on s.id = v.suite_id \
         where s.project_id = $1 and lower(v.design::text) like any($2)",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (suite, number, design) in rows {
        let mut design: SuiteDesign = json(design)?;
        for evaluation in &mut design.evaluations {
            let schema = evaluation.json_schema.as_deref().and_then(parse);
            let is_usable = |value: &Value| Schema::new(value).is_ok();
            if let Some(erased) = schema.and_then(|schema| texts.erased_from(&schema, is_usable)) {
                evaluation.json_schema = Some(erased.to_string());
            }
            for slice in &mut evaluation.named_slices {
                if texts.are_in_text(&slice.name) {
                    TOMBSTONE.clone_into(&mut slice.name);
                }
            }
            let named = evaluation.named_slices.iter_mut().flat_map(|slice| &mut slice.filter);
            for filter in evaluation.filter.iter_mut().chain(named) {
                if texts.are_in_text(&filter.value) {
                    TOMBSTONE.clone_into(&mut filter.value);
                }
            }
        }
        sqlx::query("update suite_versions set design = $3 where suite_id = $1 and number = $2")
            .bind(suite)
            .bind(number)
            .bind(to_json(&design)?)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Takes the texts out of a column, whose values can still be read as `T` afterwards.
pub(super) async fn column<T: DeserializeOwned>(
    tx: &mut PgConnection,
    project: ProjectId,
    texts: &Texts,
    column: &Column,
) -> Result<(), StoreError> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as(column.select).bind(project.0).bind(texts.json_patterns()).fetch_all(&mut *tx).await?;
    for (key, value) in rows {
        let is_usable = |value: &Value| serde_json::from_value::<T>(value.clone()).is_ok();
        if let Some(erased) = texts.erased_from(&value, is_usable) {
            sqlx::query(column.update).bind(key).bind(erased).execute(&mut *tx).await?;
        }
    }
    Ok(())
}

/// Reports of lines that an import has skipped quote those lines, and lie among the files. They go of datasets that have such
/// samples, and of imports that failed.
async fn reports(tx: &mut PgConnection, project: ProjectId, by: UserId) -> Result<(), StoreError> {
    let hashes: Vec<String> = sqlx::query_scalar(
        "select skipped_report_sha256 from dataset_versions where skipped_report_sha256 is not null \
         and dataset_id in (select s.dataset_id from forgetting f join samples s on s.id = f.sample_id) \
         union select result->>'report_sha256' from jobs where project_id = $1 and kind = 'import_dataset' \
         and result->>'report_sha256' is not null",
    )
    .bind(project.0)
    .fetch_all(&mut *tx)
    .await?;
    for statement in [
        "update dataset_versions v set skipped_report_sha256 = null from datasets d where d.id = v.dataset_id \
         and d.project_id = $1 and v.skipped_report_sha256 = any($2)",
        "update jobs set result = result - 'report_sha256' where project_id = $1 and kind = 'import_dataset' \
         and result->>'report_sha256' = any($2)",
    ] {
        sqlx::query(statement).bind(project.0).bind(&hashes).execute(&mut *tx).await?;
    }
    for sha256 in hashes {
        // Of no upload: the bytes go where nothing else has the same ones.
        let request = serde_json::json!({ "upload_id": Uuid::nil(), "sha256": sha256 });
        jobs::create(tx, project, "delete_upload", &request, by).await?;
    }
    Ok(())
}
