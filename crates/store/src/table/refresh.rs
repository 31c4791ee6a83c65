//! Keeping the rows of the table up to date. Triggers mark the runs that have changed (`table_due`); whoever reads the table makes
//! their rows anew first, and those of runs at work.

use super::facts::{self, NewRow};
use crate::StoreError;
use domain::{id::ProjectId, table::column::is_built_in};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Marks that are worked off in one transaction.
const BATCH: i64 = 1000;

/// Runs at work, whose losses change without a mark, if their row is old: the smallest loss is sought among all points.
const AT_WORK: &str = "select r.id from runs r left join table_rows t on t.run_id = r.id \
     where r.project_id = $1 and r.status in ('claimed', 'running', 'evaluating') \
     and (t.refreshed_at is null or t.refreshed_at < now() - interval '30 seconds')";

/// Runs whose mark a writer holds, if their row is not of this moment: while it writes without end, the mark is never free.
const HELD: &str = "select distinct d.run_id from table_due d left join table_rows t on t.run_id = d.run_id \
     where d.project_id = $1 and (t.refreshed_at is null or t.refreshed_at < now() - interval '2 seconds')";

/// Makes the rows anew that are not what is known any more.
pub async fn refresh(db: &PgPool, project: ProjectId) -> Result<(), StoreError> {
    loop {
        let is_due: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select exists (select from table_due where project_id = $1) or exists ({AT_WORK})"
        )))
        .bind(project.0)
        .fetch_one(db)
        .await?;
        if !is_due || batch(db, project).await? < BATCH {
            return Ok(());
        }
    }
}

/// Makes some of the rows anew; how many marks there were.
async fn batch(db: &PgPool, project: ProjectId) -> Result<i64, StoreError> {
    let mut tx = db.begin().await?;
    // One at a time in a project: of two, the one that has seen less might write last.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('run table ' || $1, 0))")
        .bind(project.to_string())
        .execute(&mut *tx)
        .await?;
    // A mark that is locked belongs to a writer whose change cannot be seen yet: it stays.
    let due: Vec<Uuid> = sqlx::query_scalar(
        "delete from table_due d using (select id from table_due where project_id = $1 order by id limit $2 \
         for update skip locked) x where d.id = x.id returning d.run_id",
    )
    .bind(project.0)
    .bind(BATCH)
    .fetch_all(&mut *tx)
    .await?;
    let is_last = (due.len() as i64) < BATCH;
    let held: Vec<Uuid> = match is_last {
        true => sqlx::query_scalar(HELD).bind(project.0).fetch_all(&mut *tx).await?,
        false => Vec::new(),
    };
    let at_work: Vec<Uuid> = sqlx::query_scalar(AT_WORK).bind(project.0).fetch_all(&mut *tx).await?;
    let ids: Vec<Uuid> =
        due.iter().chain(&held).chain(&at_work).copied().collect::<BTreeSet<_>>().into_iter().collect();
    // These statements see all that was committed before the marks were taken.
    let rows = facts::of(&mut tx, project, &ids).await?;
    write(&mut tx, project, rows, &ids).await?;
    tx.commit().await?;
    Ok(due.len() as i64)
}

/// Writes these rows; of the other ids, which are of runs that are gone, the rows go.
async fn write(tx: &mut PgConnection, project: ProjectId, rows: Vec<NewRow>, ids: &[Uuid]) -> Result<(), StoreError> {
    let gone: Vec<Uuid> = ids.iter().filter(|id| !rows.iter().any(|row| row.id == **id)).copied().collect();
    sqlx::query("delete from table_rows where project_id = $1 and run_id = any($2)")
        .bind(project.0)
        .bind(gone)
        .execute(&mut *tx)
        .await?;
    let columns: BTreeSet<(String, &str)> = rows
        .iter()
        .flat_map(|row| row.facts.kinds())
        .filter(|(name, _)| !is_built_in(name))
        .map(|(name, kind)| (name.to_owned(), kind.as_str()))
        .collect();
    let (names, kinds): (Vec<String>, Vec<&str>) = columns.into_iter().unzip();
    sqlx::query(
        "insert into table_columns (project_id, name, kind) select $1, x.name, x.kind from unnest($2::text[], $3::text[]) as x(name, kind) \
         where (select count(*) from table_columns where project_id = $1) < $4 on conflict do nothing",
    )
    .bind(project.0)
    .bind(names)
    .bind(kinds)
    .bind(domain::table::column::MOST_COLUMNS as i64)
    .execute(&mut *tx)
    .await?;
    let (mut ids, mut sources, mut facts, mut created) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        ids.push(row.id);
        sources.push(row.source.as_str());
        facts.push(row.facts.into_json());
        created.push(row.created_at);
    }
    sqlx::query(
        "insert into table_rows (run_id, project_id, source, facts, tags, note, is_archived, created_at) \
         select x.run_id, $1, x.source, x.facts, coalesce(k.tags, '{}'), coalesce(k.note, ''), k.archived_at is not null, x.created_at \
         from unnest($2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[]) as x(run_id, source, facts, created_at) \
         left join run_marks k on k.run_id = x.run_id order by x.run_id \
         on conflict (run_id) do update set facts = excluded.facts, tags = excluded.tags, note = excluded.note, \
             is_archived = excluded.is_archived, refreshed_at = now()",
    )
    .bind(project.0)
    .bind(ids)
    .bind(sources)
    .bind(facts)
    .bind(created)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
