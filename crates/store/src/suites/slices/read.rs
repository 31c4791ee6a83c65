//! The answers of a result with the parts that they belong to, read in one snapshot with what says which parts there are; then cut,
//! metric by metric.

use super::kept::{self, Inputs, inputs};
use crate::{StoreError, samples::content};
use dataprep::steps::language_of;
use domain::{
    dataset::SampleRow,
    eval::larger_is_better,
    explore::{Field, cut as short, fields},
    id::{ProjectId, SampleId},
    slice::{Case, FieldSlices, Found, Search, by_field, worst},
    statistics::verdict::Verdict,
    suite::{NEUTRAL, SliceReport, SuiteResult},
};
use futures::TryStreamExt;
use sqlx::{PgConnection, PgPool, Row};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// The field of how hard a sample is: `1` for the quarter that the base model finds easiest, to `4`.
pub const DIFFICULTY: &str = "difficulty";
/// The field of the cluster that a sample's newest bad case is in, by its name.
pub const CLUSTER: &str = "cluster";
/// The field of a text's language (ISO 639-1). It takes models to tell, so only who names it gets it.
pub const LANGUAGE: &str = "language";
/// Answers that are cut at most.
const MOST: i64 = 100_000;
/// Characters of a sample by which its language is told.
const TOLD_BY: usize = 2000;

/// An answer: its scores, and the value that it has of each field.
struct Answer {
    scores: BTreeMap<String, f64>,
    fields: Vec<(String, String)>,
}

/// The answers of a result, ready to be cut.
pub struct Parts {
    stamp: String,
    answers: Arc<Vec<Answer>>,
    /// Answers that there are, with those that are not cut.
    of: u64,
}

/// Reads them. No later write is seen: all is of the moment in which it begins.
pub async fn read(db: &PgPool, project: ProjectId, result: &SuiteResult) -> Result<Parts, StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let inputs = inputs(&mut tx, project, result).await?;
    let of_samples = OfSamples {
        quarters: match inputs.scoring {
            Some(scoring) => quarters(&mut tx, result, scoring).await?,
            None => HashMap::new(),
        },
        clusters: if is_wanted(&inputs.wanted, CLUSTER) {
            clusters(&mut tx, project, result).await?
        } else {
            HashMap::new()
        },
    };
    let (mut answers, texts) = answers(&mut tx, (project, result), &inputs, &of_samples).await?;
    let of = count(&mut tx, project, result).await?;
    tx.commit().await?;
    let told = move || texts.iter().map(|text| language_of(text)).collect::<Vec<_>>();
    let languages = tokio::task::spawn_blocking(told).await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    for (answer, language) in answers.iter_mut().zip(languages) {
        answer.fields.extend(language.map(|language| (LANGUAGE.to_owned(), language.to_owned())));
    }
    Ok(Parts { stamp: inputs.stamp, answers: Arc::new(answers), of })
}

impl Parts {
    /// Cuts the result in a metric, and keeps that in the place of what was kept before.
    pub async fn cut(&self, db: &PgPool, result: &SuiteResult, metric: &str) -> Result<(), StoreError> {
        let (answers, name) = (Arc::clone(&self.answers), metric.to_owned());
        let (fields, worst) = tokio::task::spawn_blocking(move || measured(&answers, &name))
            .await
            .map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let (cut, of) = (self.answers.len() as u64, self.of);
        let report = SliceReport { metric: metric.to_owned(), metrics: super::metrics(result), fields, worst, cut, of };
        kept::keep(db, result.id, &self.stamp, &report).await
    }
}

fn measured(answers: &[Answer], metric: &str) -> (Vec<FieldSlices>, Found) {
    let case = |answer: &Answer| Some(Case { score: *answer.scores.get(metric)?, fields: answer.fields.clone() });
    let cases: Vec<Case> = answers.iter().filter_map(case).collect();
    let up = larger_is_better(metric);
    let mut fields = by_field(&cases, up);
    if NEUTRAL.contains(&metric) {
        fields.iter_mut().flat_map(|field| &mut field.slices).for_each(|part| part.verdict = Verdict::NoEvidence);
        return (fields, Found::default());
    }
    (fields, worst(&cases, &Search { larger_is_better: up, ..Search::default() }))
}

/// What is known of samples besides their content.
struct OfSamples {
    quarters: HashMap<SampleId, u8>,
    clusters: HashMap<SampleId, String>,
}

/// The answers, and where languages are to be told, the text of each.
async fn answers(
    db: &mut PgConnection,
    (project, result): (ProjectId, &SuiteResult),
    inputs: &Inputs,
    of_samples: &OfSamples,
) -> Result<(Vec<Answer>, Vec<String>), StoreError> {
    let tells = inputs.wanted.iter().any(|name| name == LANGUAGE);
    let mut rows = sqlx::query(
        "select p.position, p.sample_id, p.scores, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, \
         s.source_file, s.parent_id \
         from suite_results x join suite_predictions p on p.result_id = x.id join samples s on s.id = p.sample_id \
         where x.project_id = $1 and x.id = $2 and s.forgotten_at is null order by p.position limit $3",
    )
    .bind(project.0)
    .bind(result.id.0)
    .bind(MOST)
    .fetch(db);
    let (mut answers, mut texts) = (Vec::new(), Vec::new());
    while let Some(row) = rows.try_next().await? {
        let id = SampleId(row.try_get("sample_id")?);
        let sample = SampleRow {
            id,
            position: row.try_get::<i32, _>("position")?.cast_unsigned(),
            split: result.split,
            sample: content(&row)?,
            source_file: row.try_get("source_file")?,
            source_line: 0,
            parent_id: row.try_get::<Option<i64>, _>("parent_id")?.map(SampleId),
            bad_case_id: None,
        };
        let scores = crate::error::json(row.try_get("scores")?)?;
        answers.push(Answer { scores, fields: values(&sample, inputs, of_samples) });
        if tells {
            let said = sample.sample.messages.iter().flat_map(|m| m.content.chars().chain(['\n']));
            texts.push(said.take(TOLD_BY).collect());
        }
    }
    Ok((answers, texts))
}

/// The answers that are not erased.
async fn count(db: &mut PgConnection, project: ProjectId, result: &SuiteResult) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from suite_results x join suite_predictions p on p.result_id = x.id \
         join samples s on s.id = p.sample_id where x.project_id = $1 and x.id = $2 and s.forgotten_at is null",
    )
    .bind(project.0)
    .bind(result.id.0)
    .fetch_one(db)
    .await?;
    Ok(count.cast_unsigned())
}

/// The value that a sample has of each field that is asked for, but for its language.
fn values(row: &SampleRow, inputs: &Inputs, of_samples: &OfSamples) -> Vec<(String, String)> {
    let own = fields(row);
    let named: Vec<_> = inputs.named.iter().map(|slice| (slice.field(), slice.value(&own).to_owned())).collect();
    let mut found: Vec<(String, String)> = own
        .into_iter()
        .filter(|(field, _)| !matches!(field, Field::Split | Field::Corrected))
        .map(|(field, value)| (field.to_string(), value))
        .collect();
    let quarter = of_samples.quarters.get(&row.id).map(u8::to_string);
    found.extend(quarter.map(|quarter| (DIFFICULTY.to_owned(), quarter)));
    found.extend(of_samples.clusters.get(&row.id).map(|name| (CLUSTER.to_owned(), short(name))));
    found.retain(|(field, _)| is_wanted(&inputs.wanted, field));
    found.extend(named);
    found
}

/// A field of the data may be named with or without `slice.` before it.
pub(super) fn is_wanted(wanted: &[String], field: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name == field || field.strip_prefix("slice.") == Some(name))
}

/// The quarter of each sample by the loss of its answer under the base model of the scoring.
async fn quarters(
    db: &mut PgConnection,
    result: &SuiteResult,
    scoring: Uuid,
) -> Result<HashMap<SampleId, u8>, StoreError> {
    let rows: Vec<(i64, i16)> = sqlx::query_as(
        "select p.sample_id, (ntile(4) over (order by c.answer_loss, p.sample_id))::smallint from sample_scores c \
         join suite_predictions p on p.sample_id = c.sample_id and p.result_id = $2 where c.scoring_id = $1",
    )
    .bind(scoring)
    .bind(result.id.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, quarter)| (SampleId(id), quarter.clamp(1, 4) as u8)).collect())
}

/// The name of the cluster that the newest bad case of each sample is in, of those that are in one.
async fn clusters(
    db: &mut PgConnection,
    project: ProjectId,
    result: &SuiteResult,
) -> Result<HashMap<SampleId, String>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "select distinct on (b.sample_id) b.sample_id, k.name from bad_cases b join bad_case_clusters k on k.id = b.cluster_id \
         where b.project_id = $1 and exists (select from suite_predictions p where p.sample_id = b.sample_id and p.result_id = $2) \
         order by b.sample_id, b.created_at desc, b.id desc",
    )
    .bind(project.0)
    .bind(result.id.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, name)| (SampleId(id), name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_data_go_by_their_names() {
        let wanted = ["shop".to_owned(), "label".to_owned()];
        assert!(is_wanted(&wanted, "slice.shop") && is_wanted(&wanted, "label") && is_wanted(&[], "length"));
        assert!(!is_wanted(&wanted, "length") && !is_wanted(&wanted, "slice.label2"));
    }
}
