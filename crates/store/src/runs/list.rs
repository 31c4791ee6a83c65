//! Lists of runs.

use super::{FROM, STATE, SUMMARY, summary};
use crate::StoreError;
use domain::{
    id::{ProjectId, RunId},
    page::Page,
    run::{RunCursor, RunFilter, RunSort, RunSummary},
};
use sqlx::{AssertSqlSafe, PgPool, Row};

/// A page of a project's runs.
pub async fn list(db: &PgPool, project: ProjectId, filter: &RunFilter) -> Result<Page<RunSummary>, StoreError> {
    let limit = filter.limit.clamp(1, domain::page::MAX_LIMIT);
    let statuses: Vec<&str> = filter.statuses.iter().map(|s| s.as_str()).collect();
    // The page is chosen first, so that losses and metrics are read for its runs alone.
    let sort_value = sort_value(filter.sort);
    let rows = sqlx::query(AssertSqlSafe(format!(
        "with page as (select * from (select r.id, r.number, {sort_value} as sort_value from {FROM} \
            where r.project_id = $1 and (cardinality($2::text[]) = 0 or r.status = any($2)) \
            and ($3 = '' or strpos(lower(r.name), lower($3)) > 0 or strpos(lower(m.name), lower($3)) > 0 \
                or strpos(lower(d.name), lower($3)) > 0 or r.number::text = ltrim($3, '#'))) x \
            where $4::float8 is null or (sort_value, number) < ($4, $5) order by sort_value desc, number desc limit $6) \
         select page.sort_value, {SUMMARY}, {STATE} from page join {FROM} on true where r.id = page.id \
         order by page.sort_value desc, page.number desc"
    )))
    .bind(project.0)
    .bind(statuses)
    .bind(filter.search.trim())
    .bind(filter.cursor.map(RunCursor::value))
    .bind(filter.cursor.map(|c| c.number))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let shown = &rows[..rows.len().min(limit as usize)];
    let next_cursor = match shown.last() {
        Some(last) if rows.len() > shown.len() => {
            Some(RunCursor::new(last.try_get("sort_value")?, last.try_get("number")?).to_string())
        }
        _ => None,
    };
    Ok(Page { items: shown.iter().map(summary).collect::<Result<_, _>>()?, next_cursor })
}

fn sort_value(sort: RunSort) -> &'static str {
    match sort {
        RunSort::Newest => "r.number::float8",
        RunSort::Score => {
            "coalesce((select (e.metrics->'values'->>(case e.metrics->>'task' when 'classification' then 'accuracy' else 'rouge_l' end))::float8 \
             from evals e where e.run_id = r.id and e.subject = 'tuned' and e.split = 'test' and e.version_id = r.version_id), -1)"
        }
        RunSort::Duration => "coalesce(extract(epoch from coalesce(r.ended_at, now()) - r.started_at)::float8, -1)",
    }
}

/// These runs of the project, in the order given; ids of no such run are left out.
pub async fn of_ids(db: &PgPool, project: ProjectId, ids: &[RunId]) -> Result<Vec<RunSummary>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|r| r.0).collect();
    sqlx::query(AssertSqlSafe(format!(
        "select {SUMMARY}, {STATE} from {FROM} where r.project_id = $1 and r.id = any($2) order by array_position($2, r.id)"
    )))
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?
    .iter()
    .map(summary)
    .collect()
}
