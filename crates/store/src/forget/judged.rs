//! What judges said of samples that are erased goes with them; what else they wrote, and what they are asked, loses the texts
//! that are looked for. What they were sent is not kept anywhere.

use super::texts::Texts;
use crate::StoreError;
use domain::{forget::TOMBSTONE, id::ProjectId, judge::JudgeSpec};
use sqlx::PgConnection;

/// Erases it. Means that were counted of erased samples are counted anew from what is left.
pub(super) async fn erase(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    sqlx::query(
        "with gone as (delete from rulings r using judgings g where g.id = r.judging_id and g.project_id = $1 \
            and r.sample_id in (select sample_id from forgetting) \
            returning r.judging_id, r.position, r.answered_at is not null as answered, r.said is null as unclear), \
         counted as (select judging_id, count(distinct position)::int as samples, count(*)::int as wanted, \
            (count(*) filter (where answered))::int as answered, (count(*) filter (where answered and unclear))::int as unparsable \
            from gone group by judging_id) \
         update judgings g set samples = g.samples - c.samples, wanted = g.wanted - c.wanted, \
            answered = g.answered - c.answered, unparsable = g.unparsable - c.unparsable from counted c where g.id = c.judging_id",
    )
    .bind(project.0)
    .execute(&mut *tx)
    .await?;
    let patterns = texts.patterns();
    for statement in [
        "update rulings r set answer = $3, reason = '' from judgings g where g.id = r.judging_id and g.project_id = $1 \
         and lower(concat_ws(E'\\n', r.answer, r.reason)) like any($2)",
        "update judges set name = $3 || ' ' || id where project_id = $1 and lower(name) like any($2)",
        "update judge_versions v set note = $3 from judges j where j.id = v.judge_id and j.project_id = $1 \
         and lower(v.note) like any($2)",
    ] {
        sqlx::query(statement).bind(project.0).bind(&patterns).bind(TOMBSTONE).execute(&mut *tx).await?;
    }
    definitions(tx, project, texts).await
}

/// Templates, criteria and anchors.
async fn definitions(tx: &mut PgConnection, project: ProjectId, texts: &Texts) -> Result<(), StoreError> {
    let rows: Vec<(uuid::Uuid, serde_json::Value)> = sqlx::query_as(
        "select v.id, v.spec from judge_versions v join judges j on j.id = v.judge_id \
         where j.project_id = $1 and lower(v.spec::text) like any($2)",
    )
    .bind(project.0)
    .bind(texts.json_patterns())
    .fetch_all(&mut *tx)
    .await?;
    for (id, spec) in rows {
        let is_usable = |value: &serde_json::Value| serde_json::from_value::<JudgeSpec>(value.clone()).is_ok();
        if let Some(erased) = texts.erased_from(&spec, is_usable) {
            sqlx::query("update judge_versions set spec = $2 where id = $1")
                .bind(id)
                .bind(erased)
                .execute(&mut *tx)
                .await?;
        }
    }
    Ok(())
}
