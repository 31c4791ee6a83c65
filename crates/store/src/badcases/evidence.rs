//! Evidence on a bad case: training rows like it, by words and by embeddings, what training has of its label and slices, what the
//! model itself said. Bounded: some words of the version's index and a few hundred rows are read, whatever the size of the
//! version; what embeddings tell was found by a job (`embedded`).

pub mod embedded;

use super::prompt_of;
use crate::{
    StoreError,
    error::json,
    explore::{alike, training_rows},
    samples,
};
use dataprep::similar::{normal_form, pieces};
use domain::{
    badcase::{
        evidence::{Evidence, NearRow},
        view::BadCase,
    },
    explore::Field,
    id::{BadCaseId, DatasetId, ProjectId, VersionId},
    sample::Sample,
};
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;

/// Training rows that are compared.
const CANDIDATES: usize = 200;
/// The nearest of them are shown.
const SHOWN: usize = 5;
/// Fields of the sample that are looked up at most.
const MAX_SLICES: usize = 8;

/// What is known of a bad case; `None` when the project has no such one.
pub async fn gather(db: &PgPool, project: ProjectId, id: BadCaseId) -> Result<Option<Evidence>, StoreError> {
    let Some(case) = super::get(db, project, id).await? else { return Ok(None) };
    let mut evidence = trained_on(db, project, &case).await?;
    if let Some(version) = evidence.version_id {
        add_training(db, version, &case, &mut evidence).await?;
        (evidence.embedded, evidence.can_embed) = embedded::kept(db, project, version, &case).await?;
    }
    let scores: Option<serde_json::Value> = sqlx::query_scalar(
        "select p.scores from bad_cases b join predictions p on p.eval_id = b.eval_id and p.sample_id = b.sample_id \
         where b.id = $1 limit 1",
    )
    .bind(id.0)
    .fetch_optional(db)
    .await?;
    let scores: BTreeMap<String, f64> = scores.map(json).transpose()?.unwrap_or_default();
    evidence.probability = scores.get("label_probability").copied();
    evidence.cut_tokens = scores.get("cut_tokens").map(|n| *n as u32);
    Ok(Some(evidence))
}

/// The version that the run was trained on, or the newest of the sample's dataset.
async fn trained_on(db: &PgPool, project: ProjectId, case: &BadCase) -> Result<Evidence, StoreError> {
    let row = sqlx::query(
        "select v.id, v.dataset_id, v.number, d.name, (v.stats->>'train')::bigint as train \
         from dataset_versions v join datasets d on d.id = v.dataset_id where d.project_id = $1 and v.id = coalesce(\
         (select version_id from runs where id = $2), \
         (select id from dataset_versions where dataset_id = $3 order by number desc limit 1))",
    )
    .bind(project.0)
    .bind(case.summary.run_id.map(|r| r.0))
    .bind(case.summary.dataset_id.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(Evidence::default()) };
    Ok(Evidence {
        version_id: Some(VersionId(row.try_get("id")?)),
        dataset_id: Some(DatasetId(row.try_get("dataset_id")?)),
        dataset_name: row.try_get("name")?,
        version_number: row.try_get("number")?,
        train: row.try_get::<Option<i64>, _>("train")?.unwrap_or_default().cast_unsigned(),
        ..Evidence::default()
    })
}

/// What the training split has of the like.
async fn add_training(
    db: &PgPool,
    version: VersionId,
    case: &BadCase,
    evidence: &mut Evidence,
) -> Result<(), StoreError> {
    let prompt = gist(&case.summary.prompt);
    let Some(positions) = alike(db, version, prompt, CANDIDATES).await? else { return Ok(()) };
    evidence.is_indexed = true;
    evidence.nearest = nearest(db, version, case, &positions).await?;
    let right = right_answer(case);
    if case.sample.label.is_some()
        && let Some(rows) = training_rows(db, version, &Field::Label, right).await?
    {
        evidence.label = Some((right.to_owned(), rows));
    }
    for (name, value) in case.sample.slices.iter().take(MAX_SLICES) {
        let rows = training_rows(db, version, &Field::Slice(name.clone()), value).await?;
        evidence.slices.extend(rows.map(|rows| (name.clone(), value.clone(), rows)));
    }
    Ok(())
}

/// The rows at some positions that are most like the case.
async fn nearest(
    db: &PgPool,
    version: VersionId,
    case: &BadCase,
    positions: &[u32],
) -> Result<Vec<NearRow>, StoreError> {
    let own = pieces(&normal_form(gist(&case.summary.prompt)));
    let right = right_answer(case).trim();
    let rows = samples::at_positions(db, version, positions).await?;
    let mut near: Vec<NearRow> = rows
        .into_values()
        .filter(|row| row.id != case.sample_id)
        .map(|row| {
            let prompt = prompt_of(&row.sample);
            let answer = answer_of(&row.sample);
            NearRow {
                sample_id: row.id,
                similarity: jaccard(&own, &pieces(&normal_form(gist(&prompt)))),
                agrees: answer.trim() == right,
                prompt,
                answer,
            }
        })
        .collect();
    near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.sample_id.cmp(&b.sample_id)));
    near.truncate(SHOWN);
    Ok(near)
}

/// A sample's label, or its answer.
fn answer_of(sample: &Sample) -> String {
    sample.label.clone().or_else(|| sample.answer().map(str::to_owned)).unwrap_or_default()
}

/// What the model should have said, as far as people know by now.
fn right_answer(case: &BadCase) -> &str {
    case.summary.correction.as_deref().unwrap_or(&case.summary.expected)
}

/// The last paragraph of a prompt: instructions before it are the same in every row.
fn gist(prompt: &str) -> &str {
    let prompt = prompt.trim();
    prompt.rsplit("\n\n").next().unwrap_or(prompt).trim()
}

/// |A ∩ B| / |A ∪ B| of sorted sets; 0 when both are empty.
fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let common = a.iter().filter(|x| b.binary_search(x).is_ok()).count();
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_is_that_of_sets() {
        assert!((jaccard(&[1, 2, 3], &[2, 3, 4]) - 0.5).abs() < 1e-12);
        assert_eq!((jaccard(&[], &[]), jaccard(&[1], &[1])), (0.0, 1.0));
        assert_eq!(gist("Classify.\n\n A film. "), "A film.");
    }
}
