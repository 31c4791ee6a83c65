//! How the evaluations of a suite went over time.

use super::results::{COLUMNS, JOINS, result};
use crate::StoreError;
use domain::{
    id::ProjectId,
    suite::{EvaluationDesign, HistoryPoint, SuiteDetail},
};
use sqlx::{PgPool, Row};

/// Points of a suite's history at most: its newest.
const POINTS: i64 = 1000;

/// The metric that each evaluation is judged by, of all results that asked what it asks, oldest first.
pub async fn of_suite(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<Vec<HistoryPoint>, StoreError> {
    let identities: Vec<String> = suite.design.evaluations.iter().map(EvaluationDesign::identity).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, asked.place::int as place from unnest($3::text[]) with ordinality as asked (text, place) \
         join suite_results x on x.identity = md5(asked.text) {JOINS} where x.project_id = $1 and x.suite_id = $2 \
         order by x.created_at desc, x.id limit $4"
    )))
    .bind(project.0)
    .bind(suite.summary.id.0)
    .bind(identities)
    .bind(POINTS)
    .fetch_all(db)
    .await?;
    let mut points = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let place = (row.try_get::<i32, _>("place")?.max(1) - 1) as usize;
        let evaluation = &suite.design.evaluations[place];
        let (result, metric) = (result(row)?, evaluation.primary());
        if let Some(score) = result.measurement.scores.get(&metric) {
            points.push(HistoryPoint {
                result_id: result.id,
                evaluation: evaluation.key.clone(),
                candidate: result.candidate,
                candidate_name: result.candidate_name,
                score: score.clone(),
                metric,
                created_at: result.created_at,
            });
        }
    }
    Ok(points)
}
