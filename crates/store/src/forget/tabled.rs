//! What people and scripts wrote on runs, and views of the run table that ask for the texts that are looked for: they lose them,
//! and so do the table's rows, which are copies.

use super::{
    derived::{Column, column},
    texts::Texts,
};
use crate::StoreError;
use domain::{forget::TOMBSTONE, id::ProjectId, table::TableView};
use sqlx::PgConnection;

/// Erases it. Keys of params and tags stay, which name columns.
pub(super) async fn erase(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let patterns = texts.patterns();
    for statement in [
        "update run_marks set note = $3 where project_id = $1 and lower(note) like any($2)",
        "update run_marks set tags = array(select t from unnest(tags) with ordinality x(t, n) where not lower(t) like any($2) order by n) \
         where project_id = $1 and exists (select from unnest(tags) t where lower(t) like any($2)) and $3::text is not null",
        "update table_views set name = $3 || ' ' || id where project_id = $1 and lower(name) like any($2)",
        // Tags and names of views.
        "update activity set object_name = $3 where project_id = $1 and (verb like 'runs.%' or verb like 'table_view.%') \
         and lower(object_name) like any($2)",
        "update tracked_runs r set name = $3 from tracked_experiments e \
         where e.id = r.experiment_id and e.project_id = $1 and lower(r.name) like any($2)",
        "update tracked_params p set value = $3 from tracked_runs r join tracked_experiments e on e.id = r.experiment_id \
         where r.id = p.run_id and e.project_id = $1 and lower(p.value) like any($2)",
        "update tracked_tags t set value = $3 from tracked_runs r join tracked_experiments e on e.id = r.experiment_id \
         where r.id = t.run_id and e.project_id = $1 and lower(t.value) like any($2)",
    ] {
        sqlx::query(statement).bind(project.0).bind(&patterns).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    let state = Column {
        select: "select id::text, state from table_views where project_id = $1 and lower(state::text) like any($2)",
        // A form that somebody has open would bring the text back.
        update: "update table_views set state = $2, revision = revision + 1 where id = $1::uuid",
    };
    column::<TableView>(tx, project, texts, &state).await?;
    rows(tx, project, texts).await
}

/// A row that somebody is making anew is left to the mark: to wait for it would be to wait for whoever waits for this
/// transaction.
async fn rows(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    sqlx::query(
        "with quoting as (select run_id from table_rows where project_id = $1 and (lower(facts::text) like any($3) \
            or lower(note) like any($2) or exists (select from unnest(tags) t where lower(t) like any($2)))), \
         due as (insert into table_due (run_id, project_id) select run_id, $1 from quoting), \
         free as (select run_id from table_rows where run_id in (select run_id from quoting) for update skip locked) \
         delete from table_rows where run_id in (select run_id from free)",
    )
    .bind(project.0)
    .bind(texts.patterns())
    .bind(texts.json_patterns())
    .execute(tx)
    .await?;
    Ok(())
}
