//! The answers of a result, page by page.

use crate::{StoreError, error::json, samples::content};
use domain::{
    eval::view::Outcome,
    id::{ProjectId, SampleId, SuiteResultId},
    page::{Page, clamp_limit},
    suite::{SuitePrediction, SuitePredictionQuery},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// A page of a result's answers: wrong ones first, then by position.
pub async fn page(
    db: &PgPool,
    project: ProjectId,
    result: SuiteResultId,
    query: &SuitePredictionQuery,
) -> Result<Page<SuitePrediction>, StoreError> {
    let limit = clamp_limit(query.limit);
    let after = query.cursor.as_deref().and_then(parse_cursor);
    let condition = match query.outcome {
        Outcome::All | Outcome::Better | Outcome::Worse => "true",
        Outcome::Wrong => "not p.correct",
        Outcome::Right => "p.correct",
    };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select p.position, p.sample_id, p.expected, p.output, p.correct, p.scores, \
         s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from suite_results x join suite_predictions p on p.result_id = x.id join samples s on s.id = p.sample_id \
         where x.project_id = $1 and x.id = $2 and {condition} \
         and ($3::text is null or p.expected = $3) \
         and ($4::text is null or strpos(lower(s.search_text), lower($4)) > 0 or strpos(lower(p.output), lower($4)) > 0) \
         and ($5::text is null or s.slices->>$5 = $6) \
         and ($7::bool is null or (p.correct, p.position) > ($7, $8)) \
         order by p.correct, p.position limit $9"
    )))
    .bind(project.0)
    .bind(result.0)
    .bind(&query.label)
    .bind(&query.search)
    .bind(query.slice.as_ref().map(|slice| slice.0.as_str()))
    .bind(query.slice.as_ref().map(|slice| slice.1.as_str()))
    .bind(after.map(|a| a.0))
    .bind(after.map(|a| a.1))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(prediction).collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|p| format!("{}-{}", u8::from(p.correct), p.position));
    Ok(Page { items, next_cursor })
}

fn prediction(row: &PgRow) -> Result<SuitePrediction, StoreError> {
    Ok(SuitePrediction {
        position: row.try_get::<i32, _>("position")?.cast_unsigned(),
        sample_id: SampleId(row.try_get("sample_id")?),
        sample: content(row)?,
        expected: row.try_get("expected")?,
        output: row.try_get("output")?,
        correct: row.try_get("correct")?,
        scores: json(row.try_get("scores")?)?,
    })
}

fn parse_cursor(text: &str) -> Option<(bool, i32)> {
    let (correct, position) = text.split_once('-')?;
    Some((correct == "1", position.parse().ok()?))
}
