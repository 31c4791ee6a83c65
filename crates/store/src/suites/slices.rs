//! A result cut into parts: by label, length, script, fields of the data, and how hard the base model finds a sample.

use crate::{StoreError, samples::content};
use domain::{
    dataset::SampleRow,
    eval::larger_is_better,
    explore::{Field, fields},
    id::{ProjectId, SampleId},
    slice::{Case, Found, Search, by_field, worst},
    statistics::verdict::Verdict,
    suite::{MEANS, NEUTRAL, SliceReport, SuiteResult, judge_of},
};
use futures::TryStreamExt;
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// The field of how hard a sample is: `1` for the quarter that the base model finds easiest, to `4`.
pub const DIFFICULTY: &str = "difficulty";
/// Answers that are cut at most.
const MOST: i64 = 100_000;

/// The report of a result in one of its metrics, the first that can be cut where none is given or that one cannot. `wanted` are
/// the fields; all where there are none. `None` where no metric can be cut.
pub async fn report(
    db: &PgPool,
    project: ProjectId,
    result: &SuiteResult,
    (metric, wanted): (Option<&str>, &[String]),
) -> Result<Option<SliceReport>, StoreError> {
    let measured = |metric: &&str| result.measurement.scores.contains_key(*metric);
    let judges = result.measurement.scores.keys().filter(|metric| judge_of(metric).is_some()).cloned();
    let metrics: Vec<String> = MEANS.iter().copied().filter(measured).map(str::to_owned).chain(judges).collect();
    let chosen = metrics.iter().find(|known| Some(known.as_str()) == metric).or(metrics.first()).cloned();
    let Some(metric) = chosen else { return Ok(None) };
    let cases = cases(db, project, result, &metric, wanted).await?;
    let (up, is_neutral) = (larger_is_better(&metric), NEUTRAL.contains(&metric.as_str()));
    let (fields, found) = tokio::task::spawn_blocking(move || {
        let mut fields = by_field(&cases, up);
        if is_neutral {
            fields.iter_mut().flat_map(|field| &mut field.slices).for_each(|part| part.verdict = Verdict::NoEvidence);
            return (fields, Found::default());
        }
        (fields, worst(&cases, &Search { larger_is_better: up, ..Search::default() }))
    })
    .await
    .map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Some(SliceReport { metric, metrics, fields, worst: found }))
}

async fn cases(
    db: &PgPool,
    project: ProjectId,
    result: &SuiteResult,
    metric: &str,
    wanted: &[String],
) -> Result<Vec<Case>, StoreError> {
    let quarters = difficulty(db, result).await?;
    let mut rows = sqlx::query(
        "select p.position, p.sample_id, (p.scores->>$3)::double precision as score, \
         s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.parent_id \
         from suite_results x join suite_predictions p on p.result_id = x.id join samples s on s.id = p.sample_id \
         where x.project_id = $1 and x.id = $2 and p.scores ? $3 and s.forgotten_at is null order by p.position limit $4",
    )
    .bind(project.0)
    .bind(result.id.0)
    .bind(metric)
    .bind(MOST)
    .fetch(db);
    let mut cases = Vec::new();
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
        let mut of: Vec<(String, String)> = fields(&sample)
            .into_iter()
            .filter(|(field, _)| !matches!(field, Field::Split | Field::Corrected))
            .map(|(field, value)| (field.to_string(), value))
            .collect();
        of.extend(quarters.get(&id).map(|quarter| (DIFFICULTY.to_owned(), quarter.to_string())));
        of.retain(|(field, _)| is_wanted(wanted, field));
        cases.push(Case { score: row.try_get("score")?, fields: of });
    }
    Ok(cases)
}

/// A field of the data may be named with or without `slice.` before it.
fn is_wanted(wanted: &[String], field: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name == field || field.strip_prefix("slice.") == Some(name))
}

/// The quarter of each sample by the loss of its answer under the base model that has scored the version last.
async fn difficulty(db: &PgPool, result: &SuiteResult) -> Result<HashMap<SampleId, u8>, StoreError> {
    let rows: Vec<(i64, i16)> = sqlx::query_as(
        "select p.sample_id, (ntile(4) over (order by c.answer_loss, p.sample_id))::smallint \
         from (select id from scorings where version_id = $1 and run_id is null order by created_at desc, id limit 1) g \
         join sample_scores c on c.scoring_id = g.id join suite_predictions p on p.sample_id = c.sample_id and p.result_id = $2",
    )
    .bind(result.version_id.0)
    .bind(result.id.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, quarter)| (SampleId(id), quarter.clamp(1, 4) as u8)).collect())
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
