//! How results differ, computed once and kept.

use super::results;
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    eval::view::{Difference, SampleScores},
    id::SuiteResultId,
    suite::{MEANS, SampleAnswers, corpus_differences, paired_differences},
};
use sqlx::{PgPool, Row};
use std::collections::{HashMap, hash_map::Entry};

/// (old, new) → their differences.
pub(super) type Comparisons = HashMap<(SuiteResultId, SuiteResultId), Vec<Difference>>;

/// The differences of these pairs, old before new. What is not kept yet is computed, which takes a moment for each.
pub(super) async fn of_pairs(db: &PgPool, pairs: &[(SuiteResultId, SuiteResultId)]) -> Result<Comparisons, StoreError> {
    let (old, new): (Vec<_>, Vec<_>) = pairs.iter().map(|(old, new)| (old.0, new.0)).unzip();
    let rows = sqlx::query(
        "select c.old_id, c.new_id, c.differences from unnest($1::uuid[], $2::uuid[]) as asked (old_id, new_id) \
         join suite_comparisons c on c.old_id = asked.old_id and c.new_id = asked.new_id",
    )
    .bind(old)
    .bind(new)
    .fetch_all(db)
    .await?;
    let mut found = Comparisons::with_capacity(pairs.len());
    for row in rows {
        let pair = (SuiteResultId(row.try_get("old_id")?), SuiteResultId(row.try_get("new_id")?));
        found.insert(pair, json(row.try_get("differences")?)?);
    }
    for (old, new) in pairs {
        if let Entry::Vacant(place) = found.entry((*old, *new)) {
            place.insert(compute(db, *old, *new).await?);
        }
    }
    Ok(found)
}

async fn compute(db: &PgPool, old: SuiteResultId, new: SuiteResultId) -> Result<Vec<Difference>, StoreError> {
    let (before, after) = (results::answers(db, old).await?, results::answers(db, new).await?);
    let design = results::design(db, new).await?;
    let metrics: Vec<String> = MEANS.iter().map(|metric| (*metric).to_owned()).collect();
    let differences = tokio::task::spawn_blocking(move || {
        let mut found = paired_differences(&scores(&before), &scores(&after), &metrics);
        if let Some(design) = design {
            found.extend(corpus_differences(&before, &after, &design, &design.measured()));
        }
        found
    });
    let differences = differences.await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    sqlx::query(
        "insert into suite_comparisons (old_id, new_id, differences) \
         select $1, $2, $3 where exists (select from suite_results where id = $1) \
         and exists (select from suite_results where id = $2) on conflict do nothing",
    )
    .bind(old.0)
    .bind(new.0)
    .bind(to_json(&differences)?)
    .execute(db)
    .await?;
    Ok(differences)
}

fn scores(answers: &SampleAnswers) -> SampleScores {
    answers.iter().map(|(id, answer)| (*id, answer.scores.clone())).collect()
}
