//! Digests of weeks: which are due, what they say, and those that were made.

use crate::{
    StoreError, annotation,
    error::{json, to_json, word},
    jobs,
};
use domain::{
    eval::{EvalMetrics, larger_is_better},
    id::{BadCaseId, DatasetId, ProjectId, ReportId, RunId, TaskId, UserId},
    report::{
        digest::{
            Digest, DigestAgreement, DigestAnnotation, DigestBest, DigestCause, DigestRegression, DigestReport,
            DigestRun, LISTED,
        },
        week::Week,
    },
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Kind of the job that makes one.
pub const KIND: &str = "weekly_digest";
/// Tasks whose agreement a digest names: those in which most was judged.
const TASKS: i64 = 5;
/// Evaluations that are looked through for the best results.
const EVALUATIONS: i64 = 5000;

/// What the job is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyDigest {
    pub week: Week,
}

/// Queues the digest of the last week that is over `now`, for each project that has none and was there in that week; how many.
/// However many servers ask, a week of a project is queued once, and once again a day after that if its job has failed for good.
pub async fn queue_due(db: &PgPool, now: OffsetDateTime) -> Result<u64, StoreError> {
    let week = Week::finished_at(now);
    let mut tx = db.begin().await?;
    // In one order, so that of two servers neither has rows that the other waits for. The second one sees when the first queued.
    let due: Vec<(uuid::Uuid, uuid::Uuid)> = sqlx::query_as(
        "with due as (insert into digests (project_id, year, week, queued_at) \
            select id, $1, $2, $3 from projects where archived_at is null and created_at < $4 order by id \
            on conflict (project_id, year, week) do update set queued_at = excluded.queued_at \
            where digests.content is null and digests.queued_at < $3 - interval '1 day' \
            and not exists (select from jobs j where j.project_id = digests.project_id and j.kind = $5 \
                and j.payload->>'week' = $6 and j.status <> 'failed') \
            returning project_id) \
         select p.id, p.created_by from due join projects p on p.id = due.project_id order by p.id",
    )
    .bind(week.year())
    .bind(i32::from(week.number()))
    .bind(now)
    .bind(week.ends())
    .bind(KIND)
    .bind(week.to_string())
    .fetch_all(&mut *tx)
    .await?;
    for (project, by) in &due {
        jobs::create(&mut tx, ProjectId(*project), KIND, &WeeklyDigest { week }, UserId(*by)).await?;
    }
    tx.commit().await?;
    Ok(due.len() as u64)
}

/// Keeps a digest. One that is there stays: it tells what was known when it was made.
pub async fn keep(db: &PgPool, project: ProjectId, digest: &Digest) -> Result<(), StoreError> {
    sqlx::query(
        "insert into digests (project_id, year, week, content, queued_at) values ($1, $2, $3, $4, $5) \
         on conflict (project_id, year, week) do update set content = coalesce(digests.content, excluded.content)",
    )
    .bind(project.0)
    .bind(digest.week.year())
    .bind(i32::from(digest.week.number()))
    .bind(to_json(digest)?)
    .bind(digest.made_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The digests of a project, newest first. `before` is the week of the last one on the page before.
pub async fn list(
    db: &PgPool,
    project: ProjectId,
    before: Option<Week>,
    limit: u32,
) -> Result<Vec<Digest>, StoreError> {
    let contents: Vec<serde_json::Value> = sqlx::query_scalar(
        "select content from digests where project_id = $1 and content is not null \
         and ($2::integer is null or (year, week) < ($2, $3)) order by year desc, week desc limit $4",
    )
    .bind(project.0)
    .bind(before.map(Week::year))
    .bind(before.map(|week| i32::from(week.number())))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    contents.into_iter().map(json).collect()
}

/// The digest of a week: as it was kept, or as it is `now`. `None` for weeks to come, and before the project was made.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    week: Week,
    now: OffsetDateTime,
) -> Result<Option<Digest>, StoreError> {
    let kept: Option<serde_json::Value> = sqlx::query_scalar(
        "select content from digests where project_id = $1 and year = $2 and week = $3 and content is not null",
    )
    .bind(project.0)
    .bind(week.year())
    .bind(i32::from(week.number()))
    .fetch_optional(db)
    .await?;
    if let Some(kept) = kept {
        return Ok(Some(json(kept)?));
    }
    let was_there: bool = sqlx::query_scalar("select exists (select from projects where id = $1 and created_at < $2)")
        .bind(project.0)
        .bind(week.ends())
        .fetch_one(db)
        .await?;
    if !was_there || week.begins() > now {
        return Ok(None);
    }
    Ok(Some(gather(db, project, week, now).await?))
}

/// What a week brought, as it is known `now`.
pub async fn gather(db: &PgPool, project: ProjectId, week: Week, now: OffsetDateTime) -> Result<Digest, StoreError> {
    let span = Span { project, from: week.begins(), until: week.ends() };
    let counts = run_counts(db, span).await?;
    let count = |status: RunStatus| counts.get(status.as_str()).copied().unwrap_or_default();
    let (regressions, regressed) = regressions(db, span).await?;
    Ok(Digest {
        week,
        made_at: now,
        succeeded: count(RunStatus::Succeeded),
        failed: count(RunStatus::Failed),
        cancelled: count(RunStatus::Cancelled),
        runs: runs(db, span).await?,
        best: best(db, span).await?,
        bad_cases: bad_cases(db, span).await?,
        regressions,
        regressed,
        annotation: annotation(db, span).await?,
        waiting: waiting(db, span).await?,
    })
}

/// The week of a project.
#[derive(Clone, Copy)]
struct Span {
    project: ProjectId,
    from: OffsetDateTime,
    until: OffsetDateTime,
}

async fn run_counts(db: &PgPool, span: Span) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select status, count(*) from runs where project_id = $1 and ended_at >= $2 and ended_at < $3 group by status",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(status, n)| (status, n.cast_unsigned())).collect())
}

async fn runs(db: &PgPool, span: Span) -> Result<Vec<DigestRun>, StoreError> {
    let rows = sqlx::query(
        "select id, number, name, status from runs where project_id = $1 and ended_at >= $2 and ended_at < $3 \
         order by ended_at desc, number desc limit $4",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .bind(LISTED as i64)
    .fetch_all(db)
    .await?;
    let run = |row: &PgRow| {
        Ok(DigestRun {
            run_id: RunId(row.try_get("id")?),
            number: row.try_get("number")?,
            name: row.try_get("name")?,
            status: word(row.try_get("status")?)?,
        })
    };
    rows.iter().map(run).collect()
}

/// The best headline of each dataset that a tuned model was tested on in the week, and the best of all time before it.
async fn best(db: &PgPool, span: Span) -> Result<Vec<DigestBest>, StoreError> {
    let rows = sqlx::query(
        "select d.id, d.name, r.id as run_id, r.number, e.created_at >= $2 as is_new, \
         e.metrics - 'classes' - 'confusion' as metrics from evals e join runs r on r.id = e.run_id \
         join dataset_versions v on v.id = e.version_id join datasets d on d.id = v.dataset_id \
         where e.project_id = $1 and e.subject = 'tuned' and e.split = 'test' and e.created_at < $3 \
         order by e.created_at desc limit $4",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .bind(EVALUATIONS)
    .fetch_all(db)
    .await?;
    let mut best: Vec<DigestBest> = Vec::new();
    let mut before: BTreeMap<(DatasetId, String), f64> = BTreeMap::new();
    for row in &rows {
        let metrics: EvalMetrics = json(row.try_get("metrics")?)?;
        let ((metric, value), dataset_id) = (metrics.headline(), DatasetId(row.try_get("id")?));
        let is_better = |old: f64| if larger_is_better(metric) { value > old } else { value < old };
        if !row.try_get::<bool, _>("is_new")? {
            let known = before.entry((dataset_id, metric.to_owned())).or_insert(value);
            if is_better(*known) {
                *known = value;
            }
            continue;
        }
        let known = best.iter_mut().find(|b| b.dataset_id == dataset_id && b.metric == metric);
        let found = DigestBest {
            dataset_id,
            dataset_name: row.try_get("name")?,
            run_id: RunId(row.try_get("run_id")?),
            run_number: row.try_get("number")?,
            metric: metric.to_owned(),
            value,
            before: None,
        };
        match known {
            Some(known) if is_better(known.value) => *known = found,
            Some(_) => {}
            None => best.push(found),
        }
    }
    best.sort_by(|a, b| (&a.dataset_name, a.dataset_id).cmp(&(&b.dataset_name, b.dataset_id)));
    best.truncate(LISTED);
    for b in &mut best {
        b.before = before.get(&(b.dataset_id, b.metric.clone())).copied();
    }
    Ok(best)
}

async fn bad_cases(db: &PgPool, span: Span) -> Result<Vec<DigestCause>, StoreError> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "select cause, count(*) from bad_cases where project_id = $1 and created_at >= $2 and created_at < $3 \
         and status not in ('dismissed', 'duplicate') group by cause order by cause is null, count(*) desc, cause",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .fetch_all(db)
    .await?;
    let cause = |(cause, n): (Option<String>, i64)| {
        Ok(DigestCause { cause: cause.as_deref().map(word).transpose()?, cases: n.cast_unsigned() })
    };
    rows.into_iter().map(cause).collect()
}

/// How many cases of the regression set came back, and the latest of them.
async fn regressions(db: &PgPool, span: Span) -> Result<(u64, Vec<DigestRegression>), StoreError> {
    let rows = sqlx::query(
        "select x.bad_case_id, r.id, r.number, count(*) over () as total from regression_results x \
         join regressions g on g.bad_case_id = x.bad_case_id join evals e on e.id = x.eval_id join runs r on r.id = x.run_id \
         where g.project_id = $1 and not x.passed and e.created_at >= $2 and e.created_at < $3 \
         and exists (select from regression_results y join evals f on f.id = y.eval_id \
            where y.bad_case_id = x.bad_case_id and y.passed and f.created_at < e.created_at) \
         order by e.created_at desc, x.bad_case_id limit $4",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .bind(LISTED as i64)
    .fetch_all(db)
    .await?;
    let regression = |row: &PgRow| {
        Ok(DigestRegression {
            bad_case_id: BadCaseId(row.try_get("bad_case_id")?),
            run_id: RunId(row.try_get("id")?),
            run_number: row.try_get("number")?,
        })
    };
    let total: i64 = rows.first().map(|row| row.try_get("total")).transpose()?.unwrap_or_default();
    Ok((total.cast_unsigned(), rows.iter().map(regression).collect::<Result<_, StoreError>>()?))
}

async fn annotation(db: &PgPool, span: Span) -> Result<DigestAnnotation, StoreError> {
    let before = Week::of(span.from).previous().begins();
    let row = sqlx::query(
        "select count(*) filter (where j.created_at >= $2) as judgements, \
         count(distinct j.user_id) filter (where j.created_at >= $2) as people, \
         count(*) filter (where j.created_at < $2) as earlier \
         from judgements j join annotation_tasks t on t.id = j.task_id where t.project_id = $1 and j.origin = 'annotator' \
         and j.superseded_at is null and j.created_at >= $4 and j.created_at < $3",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .bind(before)
    .fetch_one(db)
    .await?;
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned);
    Ok(DigestAnnotation {
        judgements: count("judgements")?,
        people: count("people")?,
        judgements_before: count("earlier")?,
        agreement: agreement(db, span).await?,
    })
}

/// How well people agree on the closed tasks in which most was judged in the week. In the others people judge blind still.
async fn agreement(db: &PgPool, span: Span) -> Result<Vec<DigestAgreement>, StoreError> {
    let tasks: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select t.id, t.name from judgements j join annotation_tasks t on t.id = j.task_id where t.project_id = $1 \
         and t.status = 'closed' and j.origin = 'annotator' and j.superseded_at is null and j.created_at >= $2 and j.created_at < $3 \
         group by t.id, t.name order by count(*) desc, t.id limit $4",
    )
    .bind(span.project.0)
    .bind(span.from)
    .bind(span.until)
    .bind(TASKS)
    .fetch_all(db)
    .await?;
    let mut found = Vec::new();
    for (id, task) in tasks {
        let task_id = TaskId(id);
        let Some(agreement) = annotation::quality::agreement(db, span.project, task_id).await? else { continue };
        let measured = agreement.questions.into_iter().filter_map(|question| {
            let value = question.value.filter(|value| value.is_finite())?;
            let measure = question.measure.as_str().to_owned();
            Some(DigestAgreement { task_id, task: task.clone(), question: question.title, measure, value })
        });
        found.extend(measured);
    }
    found.truncate(LISTED);
    Ok(found)
}

/// The reports that waited at the end of the week.
async fn waiting(db: &PgPool, span: Span) -> Result<Vec<DigestReport>, StoreError> {
    let rows = sqlx::query(
        "select r.id, r.number, v.title, v.submitted_at from report_versions v join reports r on r.id = v.report_id \
         where r.project_id = $1 and v.submitted_at < $2 and (v.decided_at is null or v.decided_at >= $2) \
         order by v.submitted_at, r.number limit $3",
    )
    .bind(span.project.0)
    .bind(span.until)
    .bind(LISTED as i64)
    .fetch_all(db)
    .await?;
    let report = |row: &PgRow| {
        Ok(DigestReport {
            report_id: ReportId(row.try_get("id")?),
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            title: row.try_get("title")?,
            submitted_at: row.try_get("submitted_at")?,
        })
    };
    rows.iter().map(report).collect()
}
