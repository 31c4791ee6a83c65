//! Forgetting: what people said of erased samples goes with them.

use crate::StoreError;
use domain::id::SampleId;
use sqlx::PgConnection;

/// Erases what was said of these samples in every task: answers, comments, drafts, reasons. Their items leave the result.
pub async fn forget(tx: &mut PgConnection, samples: &[SampleId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = samples.iter().map(|id| id.0).collect();
    let of_items = "(select id from annotation_items where sample_id = any($1))";
    for statement in [
        // The items first: whoever sends a judgement waits for them.
        "update annotation_items set status = 'excluded', free = 0, consensus = null, decided_at = now(), gold = case when gold is null then null else '{}'::jsonb end \
         where sample_id = any($1)"
            .to_owned(),
        format!("update judgements set answers = '{{}}', comment = '' where item_id in {of_items}"),
        format!(
            "update annotation_assignments set draft = null, reason = null, status = case when status = 'held' then 'expired' else status end \
             where item_id in {of_items}"
        ),
        format!("update annotation_reviews set reason = '' where item_id in {of_items}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&ids).execute(&mut *tx).await?;
    }
    Ok(())
}
