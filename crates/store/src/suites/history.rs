//! How the evaluations of a suite went over time.

use super::results::{JOINS, NAME};
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::{ProjectId, SuiteResultId},
    suite::{EvaluationDesign, HistoryPoint, SuiteDetail},
};
use sqlx::{PgPool, Row};

/// Points of a suite's history at most: its newest.
const POINTS: i64 = 1000;

/// The metric that each evaluation is judged by, of all results that asked what it asks, oldest first.
pub async fn of_suite(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<Vec<HistoryPoint>, StoreError> {
    let identities: Vec<String> = suite.design.evaluations.iter().map(EvaluationDesign::identity).collect();
    let metrics: Vec<String> = suite.design.evaluations.iter().map(EvaluationDesign::primary).collect();
    // Of a measurement with its classes and confusion matrix, one score is wanted.
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select x.id, x.candidate, x.created_at, {NAME}, x.measurement->'scores'->asked.metric as score, \
         asked.place::int as place from unnest($3::text[], $5::text[]) with ordinality as asked (text, metric, place) \
         join suite_results x on x.identity = md5(asked.text) {JOINS} where x.project_id = $1 and x.suite_id = $2 \
         order by x.created_at desc, x.id limit $4"
    )))
    .bind(project.0)
    .bind(suite.summary.id.0)
    .bind(identities)
    .bind(POINTS)
    .bind(metrics)
    .fetch_all(db)
    .await?;
    let mut points = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let place = (row.try_get::<i32, _>("place")?.max(1) - 1) as usize;
        let evaluation = &suite.design.evaluations[place];
        if let Some(score) = row.try_get::<Option<serde_json::Value>, _>("score")? {
            points.push(HistoryPoint {
                result_id: SuiteResultId(row.try_get("id")?),
                evaluation: evaluation.key.clone(),
                candidate: word(row.try_get("candidate")?)?,
                candidate_name: row.try_get("candidate_name")?,
                score: json(score)?,
                metric: evaluation.primary(),
                created_at: row.try_get("created_at")?,
            });
        }
    }
    Ok(points)
}
