//! Reports that are kept with their results, and what they were computed of. One of anything else than what there is now is not
//! shown: the state is read anew each time, and a report carries that which its job has read in the same snapshot.

use super::read::{CLUSTER, DIFFICULTY, is_wanted};
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    id::{ProjectId, SuiteResultId},
    slice::Found,
    statistics::verdict::Verdict,
    suite::{EvaluationDesign, NamedSlice, SliceReport, SuiteDesign, SuiteResult, decides},
};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// Raised where reports are computed in another way than before.
const EDITION: u32 = 1;

/// What a report depends on besides the answers, which never change but when they are erased: then the report goes, too.
pub(super) struct Inputs {
    /// The fields that are asked for; all where there are none.
    pub(super) wanted: Vec<String>,
    pub(super) named: Vec<NamedSlice>,
    /// The base model's scoring that was made last, where difficulty is asked for.
    pub(super) scoring: Option<Uuid>,
    /// A hash of all of these, and of the clusters that samples are in.
    pub(super) stamp: String,
}

/// The inputs as they are now.
pub(super) async fn inputs(
    db: &mut PgConnection,
    project: ProjectId,
    result: &SuiteResult,
) -> Result<Inputs, StoreError> {
    let design = asked(db, result).await?;
    let (wanted, named) = design.map(|design| (design.slices, design.named_slices)).unwrap_or_default();
    let fields = serde_json::to_string(&(EDITION, &wanted, &named)).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let row = sqlx::query(
        "select g.id as scoring, md5(concat_ws(E'\\n', $1::text, g.id::text, c.marks)) as stamp from (select 1) as one \
         left join lateral (select s.id from scorings s where $2 and s.version_id = $3 and s.run_id is null \
            order by s.created_at desc, s.id limit 1) g on true \
         left join lateral (select md5(string_agg(b.sample_id || ' ' || b.id || ' ' || k.name, E'\\n' order by b.id)) as marks \
            from bad_cases b join bad_case_clusters k on k.id = b.cluster_id where $4 and b.project_id = $5 \
            and exists (select from suite_predictions p where p.sample_id = b.sample_id and p.result_id = $6)) c on true",
    )
    .bind(fields)
    .bind(is_wanted(&wanted, DIFFICULTY))
    .bind(result.version_id.0)
    .bind(is_wanted(&wanted, CLUSTER))
    .bind(project.0)
    .bind(result.id.0)
    .fetch_one(db)
    .await?;
    Ok(Inputs { wanted, named, scoring: row.try_get("scoring")?, stamp: row.try_get("stamp")? })
}

/// The evaluation that says how to cut a result: of the suite's newest version, where that asks the same still, so that another slice
/// needs no new answers; else of the version that the result was made for.
async fn asked(db: &mut PgConnection, result: &SuiteResult) -> Result<Option<EvaluationDesign>, StoreError> {
    let rows: Vec<serde_json::Value> = sqlx::query_scalar(
        "select design from suite_versions where suite_id = $1 \
         and (number = $2 or number = (select max(number) from suite_versions where suite_id = $1)) order by number desc",
    )
    .bind(result.suite_id.0)
    .bind(result.version.cast_signed())
    .fetch_all(db)
    .await?;
    let mut designs = rows.into_iter().map(json::<SuiteDesign>).collect::<Result<Vec<_>, _>>()?;
    let own = designs.pop().and_then(|design| design.evaluation(&result.evaluation).cloned());
    let Some(own) = own else { return Ok(None) };
    let Some(newest) = designs.pop() else { return Ok(Some(own)) };
    let identity = own.identity();
    let is_same = |other: &&EvaluationDesign| other.identity() == identity;
    let found = newest.evaluation(&own.key).filter(is_same).or_else(|| newest.evaluations.iter().find(is_same));
    Ok(Some(found.cloned().unwrap_or(own)))
}

/// The report in a metric, if it is there and current. Judges may have been asked since it was kept, and people may have been asked
/// about a judge: what its figure decides is of now.
pub(super) async fn find(
    db: &PgPool,
    project: ProjectId,
    result: &SuiteResult,
    metric: &str,
) -> Result<Option<SliceReport>, StoreError> {
    let mut connection = db.acquire().await?;
    let stamp = inputs(&mut connection, project, result).await?.stamp;
    let kept: Option<serde_json::Value> =
        sqlx::query_scalar("select report from suite_slices where result_id = $1 and metric = $2 and stamp = $3")
            .bind(result.id.0)
            .bind(metric)
            .bind(stamp)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(kept) = kept else { return Ok(None) };
    let mut report = SliceReport { metrics: super::metrics(result), ..json(kept)? };
    if !decides(&result.judged, metric) {
        let parts = report.fields.iter_mut().flat_map(|field| &mut field.slices);
        parts.for_each(|part| part.verdict = Verdict::NoEvidence);
        report.worst = Found::default();
    }
    Ok(Some(report))
}

/// Metrics of which there is no current report, the one that is shown first before the others.
pub async fn missing(db: &PgPool, project: ProjectId, result: &SuiteResult) -> Result<Vec<String>, StoreError> {
    let mut connection = db.acquire().await?;
    let stamp = inputs(&mut connection, project, result).await?.stamp;
    let known: Vec<String> = sqlx::query_scalar("select metric from suite_slices where result_id = $1 and stamp = $2")
        .bind(result.id.0)
        .bind(stamp)
        .fetch_all(&mut *connection)
        .await?;
    let mut metrics = super::metrics(result);
    metrics.retain(|metric| !known.contains(metric));
    Ok(metrics)
}

/// Keeps a report in the place of what was kept of the metric.
pub(super) async fn keep(
    db: &PgPool,
    result: SuiteResultId,
    stamp: &str,
    report: &SliceReport,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into suite_slices (result_id, metric, stamp, report) select id, $2, $3, $4 from suite_results where id = $1 \
         on conflict (result_id, metric) do update set stamp = excluded.stamp, report = excluded.report, computed_at = now()",
    )
    .bind(result.0)
    .bind(&report.metric)
    .bind(stamp)
    .bind(to_json(report)?)
    .execute(db)
    .await?;
    Ok(())
}
