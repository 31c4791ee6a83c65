//! Counts of a project's bad cases over runs or months.

use crate::StoreError;
use domain::{
    badcase::trend::{TrendBy, TrendCell, TrendOver, TrendQuery},
    id::ProjectId,
};
use sqlx::{PgPool, Row};

/// The counts, in the order of the columns; cases of no run come last.
pub async fn count(db: &PgPool, project: ProjectId, query: &TrendQuery) -> Result<Vec<TrendCell>, StoreError> {
    // A duplicate is one more time that the kept case's fault was seen.
    let value = match query.by {
        TrendBy::Cause => "coalesce(k.cause, b.cause, '')",
        TrendBy::Own => "coalesce(c.name, '')",
        TrendBy::Status => "b.status",
        TrendBy::Severity => "coalesce(k.severity, b.severity, '')",
        TrendBy::Slice => "coalesce(s.slices->>$7, '')",
    };
    let (column, place) = match query.over {
        TrendOver::Run => ("coalesce('#' || r.number, '')", "min(r.number)"),
        TrendOver::Month => ("to_char(b.created_at at time zone 'UTC', 'YYYY-MM')", "min(b.created_at)"),
    };
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {column} as place, {value} as value, count(*) as cases from bad_cases b join samples s on s.id = b.sample_id \
         left join runs r on r.id = b.run_id left join bad_cases k on k.id = b.duplicate_of \
         left join causes c on c.id = coalesce(k.cause_id, b.cause_id) \
         where b.project_id = $1 and b.status <> 'dismissed' and ($2::uuid is null or s.dataset_id = $2) \
         and ($3::text is null or coalesce(k.cause, b.cause) = $3) and ($4::text is null or b.status = $4) \
         and ($5::text is null or coalesce(k.severity, b.severity) = $5) and ($6::text is null or b.source = $6) \
         and ($7::text is null or true) group by 1, 2 order by min({place}) over (partition by {column}) nulls last, 1, 2"
    )))
    .bind(project.0)
    .bind(query.dataset.map(|d| d.0))
    .bind(query.cause.map(|c| c.as_str()))
    .bind(query.status.map(|s| s.as_str()))
    .bind(query.severity.map(|s| s.as_str()))
    .bind(query.source.map(|s| s.as_str()))
    .bind(query.slice.as_deref())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok(TrendCell { column: row.try_get("place")?, value: row.try_get("value")?, cases: row.try_get("cases")? }))
    .collect()
}

/// Fields of the data that bad cases of the project have, by name, 50 at most.
pub async fn slices(db: &PgPool, project: ProjectId) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select distinct jsonb_object_keys(s.slices) as field from bad_cases b join samples s on s.id = b.sample_id \
         where b.project_id = $1 order by field limit 50",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?)
}
