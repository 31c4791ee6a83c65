//! Tags, notes and the archive: what people write on runs.

use crate::{Stale, StoreError, activity};
use domain::{
    id::{ProjectId, UserId},
    table::{MarksEdit, row::MOST_TAGS},
};
use sqlx::PgPool;
use uuid::Uuid;

/// Writes what is asked on these runs of the project, in one transaction; how many there were. [`Stale::NotOfProject`] when none is.
/// The edit must be [`MarksEdit::checked`].
pub async fn apply(db: &PgPool, project: ProjectId, edit: &MarksEdit, by: UserId) -> Result<u64, StoreError> {
    let ids: Vec<Uuid> = edit.ids.iter().map(|row| row.0).collect();
    let mut tx = db.begin().await?;
    let done = sqlx::query(
        "with found as (select id from runs where project_id = $1 and id = any($2) union all \
             select r.id from tracked_runs r join tracked_experiments e on e.id = r.experiment_id \
             where e.project_id = $1 and r.id = any($2)) \
         insert into run_marks as k (run_id, project_id, tags, note, archived_at, updated_by) \
         select id, $1, (array(select distinct t from unnest($3::text[]) t where t <> all($4::text[]) order by t))[1:$8], \
             coalesce($5::text, ''), case when $6::boolean then now() end, $7 from found order by id \
         on conflict (run_id) do update set \
             tags = (array(select distinct t from unnest(k.tags || $3::text[]) t where t <> all($4::text[]) order by t))[1:$8], \
             note = coalesce($5::text, k.note), \
             archived_at = case when $6::boolean is null then k.archived_at when $6::boolean then coalesce(k.archived_at, now()) end, \
             updated_by = $7, updated_at = now()",
    )
    .bind(project.0)
    .bind(&ids)
    .bind(&edit.add_tags)
    .bind(&edit.remove_tags)
    .bind(edit.note.as_deref().map(str::trim))
    .bind(edit.archive)
    .bind(by.0)
    .bind(i32::try_from(MOST_TAGS).unwrap_or(i32::MAX))
    .execute(&mut *tx)
    .await?;
    let changed = done.rows_affected();
    if changed == 0 {
        return Err(Stale::NotOfProject.into());
    }
    let verb = match (edit.archive, &edit.note) {
        (Some(true), _) => "runs.archived",
        (Some(false), _) => "runs.restored",
        (None, Some(_)) => "runs.noted",
        (None, None) => "runs.tagged",
    };
    let tags = [edit.add_tags.as_slice(), edit.remove_tags.as_slice()].concat().join(", ");
    let what = if verb == "runs.tagged" { format!("{changed}: {tags}") } else { changed.to_string() };
    activity::record(&mut *tx, project, Some(by), verb, "", &what).await?;
    tx.commit().await?;
    Ok(changed)
}
