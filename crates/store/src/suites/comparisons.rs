//! How results differ, computed once by a job and kept. Pages read what is there.

use super::results;
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    eval::view::{Difference, SampleScores},
    id::SuiteResultId,
    suite::{SampleAnswers, corpus_differences, is_mean, paired_differences},
};
use sqlx::{PgPool, Row};
use std::collections::{BTreeSet, HashMap, HashSet, hash_map::Entry};

/// Two results, old before new.
pub type Pair = (SuiteResultId, SuiteResultId);
/// Pair → its differences.
pub(super) type Comparisons = HashMap<Pair, Vec<Difference>>;

/// The differences of those of these pairs that were compared.
pub(super) async fn kept(db: &PgPool, pairs: &[Pair]) -> Result<Comparisons, StoreError> {
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
    Ok(found)
}

/// The differences of all these pairs. What is not kept yet is computed, which takes a moment for each: not for who waits for a page.
pub(super) async fn made(db: &PgPool, pairs: &[Pair]) -> Result<Comparisons, StoreError> {
    let mut found = kept(db, pairs).await?;
    for pair in pairs {
        if let Entry::Vacant(place) = found.entry(*pair) {
            place.insert(make(db, *pair).await?);
        }
    }
    Ok(found)
}

/// Those of these pairs that nobody has compared yet, each once.
pub(super) async fn missing(db: &PgPool, pairs: &[Pair]) -> Result<Vec<Pair>, StoreError> {
    let known = kept(db, pairs).await?;
    let mut seen = HashSet::new();
    Ok(pairs.iter().filter(|pair| !known.contains_key(*pair) && seen.insert(**pair)).copied().collect())
}

/// Compares two results and keeps how they differ.
pub async fn make(db: &PgPool, (old, new): Pair) -> Result<Vec<Difference>, StoreError> {
    let judged = judged(db, (old, new)).await?;
    let (before, after) = (results::answers(db, old).await?, results::answers(db, new).await?);
    let design = results::design(db, new).await?;
    let measured = after.values().flat_map(|answer| answer.scores.keys());
    let metrics: BTreeSet<String> = measured.filter(|metric| is_mean(metric)).cloned().collect();
    let metrics: Vec<String> = metrics.into_iter().collect();
    let differences = tokio::task::spawn_blocking(move || {
        let mut found = paired_differences(&scores(&before), &scores(&after), &metrics);
        if let Some(design) = design {
            found.extend(corpus_differences(&before, &after, &design, &design.measured()));
        }
        found
    });
    let differences = differences.await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    keep(db, (old, new), judged, &differences).await?;
    Ok(differences)
}

/// How many figures of judges each of the two has: they join a result after its answers, and none ever goes.
pub(super) async fn judged(db: &PgPool, (old, new): Pair) -> Result<(i64, i64), StoreError> {
    Ok(sqlx::query_as(
        "select (select count(*) from suite_results x, jsonb_object_keys(x.judged) where x.id = $1), \
         (select count(*) from suite_results x, jsonb_object_keys(x.judged) where x.id = $2)",
    )
    .bind(old.0)
    .bind(new.0)
    .fetch_one(db)
    .await?)
}

/// Keeps how two results differ, unless one is gone, or a judge's figure has joined it since `judged`: they are then compared anew.
/// The locks make a figure that is being written wait, or be waited for.
pub(super) async fn keep(
    db: &PgPool,
    (old, new): Pair,
    judged: (i64, i64),
    differences: &[Difference],
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into suite_comparisons (old_id, new_id, differences) \
         select o.id, n.id, $3::jsonb from suite_results o, suite_results n where o.id = $1 and n.id = $2 \
         and (select count(*) from jsonb_object_keys(o.judged)) = $4 and (select count(*) from jsonb_object_keys(n.judged)) = $5 \
         for share of o, n on conflict do nothing",
    )
    .bind(old.0)
    .bind(new.0)
    .bind(to_json(&differences)?)
    .bind(judged.0)
    .bind(judged.1)
    .execute(db)
    .await?;
    Ok(())
}

fn scores(answers: &SampleAnswers) -> SampleScores {
    answers.iter().map(|(id, answer)| (*id, answer.scores.clone())).collect()
}
