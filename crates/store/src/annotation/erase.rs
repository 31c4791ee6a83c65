//! Forgetting: what people said of erased samples goes with them.

use super::quality;
use crate::StoreError;
use domain::id::SampleId;
use sqlx::PgConnection;

/// Erases what was said of these samples in every task: answers, comments, drafts, reasons. Their items leave the result.
pub async fn forget(tx: &mut PgConnection, samples: &[SampleId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = samples.iter().map(|id| id.0).collect();
    // First, since it locks their tasks.
    quality::kept::drop_of_samples(&mut *tx, &ids).await?;
    let of_items = "(select id from annotation_items where sample_id = any($1))";
    for statement in [
        // The items first, in the order in which all who need several lock them: whoever sends a judgement waits for them.
        "select from annotation_items where sample_id = any($1) order by id for no key update".to_owned(),
        "update annotation_items set status = 'excluded', free = 0, consensus = null, gold = null, decided_by = null, decided_at = now() \
         where sample_id = any($1)"
            .to_owned(),
        format!("update judgements set answers = '{{}}', comment = '' where item_id in {of_items}"),
        format!(
            "update annotation_assignments set draft = null, reason = null, status = case when status in ('held', 'returned') then 'expired' else status end \
             where item_id in {of_items}"
        ),
        format!("update annotation_reviews set reason = '' where item_id in {of_items}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&ids).execute(&mut *tx).await?;
    }
    Ok(())
}
