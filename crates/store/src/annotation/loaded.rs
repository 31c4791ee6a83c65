//! The judgements of some items.

use crate::{StoreError, error::json};
use domain::{
    annotation::{answer::Judgement, view::Person},
    id::{ItemId, TaskId, UserId},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::HashMap;

/// A person's judgement that counts: an annotator's, or one that a file holds.
pub(super) struct Counted {
    pub(super) by: Person,
    pub(super) judgement: Judgement,
}

/// Who judged, from `user_id`, `user_name` and `imported_from`. People whom only a file names have an id of zeros.
pub(super) fn person(row: &PgRow) -> Result<Person, StoreError> {
    let id: Option<uuid::Uuid> = row.try_get("user_id")?;
    let (name, file): (Option<String>, Option<String>) = (row.try_get("user_name")?, row.try_get("imported_from")?);
    Ok(Person { id: UserId(id.unwrap_or_default()), name: name.or(file).unwrap_or_default() })
}

/// What was said, from `answers`, `cannot_judge` and `comment`.
pub(super) fn judgement(row: &PgRow) -> Result<Judgement, StoreError> {
    Ok(Judgement {
        answers: json(row.try_get("answers")?)?,
        cannot_judge: row.try_get("cannot_judge")?,
        comment: row.try_get("comment")?,
    })
}

/// Current judgements by item, oldest first, without those of reviewers and adjudicators.
pub(super) async fn counted(
    db: &PgPool,
    task: TaskId,
    items: &[i64],
) -> Result<HashMap<ItemId, Vec<Counted>>, StoreError> {
    let rows = sqlx::query(
        "select j.item_id, j.user_id, u.name as user_name, j.imported_from, j.answers, j.cannot_judge, j.comment \
         from judgements j left join users u on u.id = j.user_id \
         where j.task_id = $1 and j.item_id = any($2) and j.superseded_at is null and j.origin in ('annotator', 'import') \
         order by j.created_at, j.id",
    )
    .bind(task.0)
    .bind(items)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<ItemId, Vec<Counted>> = HashMap::new();
    for row in &rows {
        let counted = Counted { by: person(row)?, judgement: judgement(row)? };
        found.entry(ItemId(row.try_get("item_id")?)).or_default().push(counted);
    }
    Ok(found)
}
