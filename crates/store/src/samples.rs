//! Reading samples: pages of a version, single ones, and whole splits as a stream.

use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    dataset::SampleRow,
    explore::{RelatedSample, SampleHistory},
    id::{BadCaseId, ProjectId, RunId, SampleId, VersionId},
    page::Page,
    sample::{Sample, Split},
};
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::HashMap;

/// Which samples of a version to show. Absent parts do not filter.
#[derive(Clone, Debug, Default)]
pub struct SampleFilter {
    /// Text that some message contains, whatever its case.
    pub search: Option<String>,
    pub split: Option<Split>,
    pub label: Option<String>,
    /// Only samples that correct another one.
    pub corrected: bool,
    /// Samples of the test split too, which is sealed otherwise.
    pub with_test: bool,
}

/// How a split is stored.
pub(crate) fn split_code(split: Split) -> i16 {
    match split {
        Split::Train => 0,
        Split::Validation => 1,
        Split::Test => 2,
    }
}

pub(crate) fn split_of(code: i16) -> Result<Split, StoreError> {
    Split::ALL
        .into_iter()
        .find(|s| split_code(*s) == code)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown split code {code}")))
}

/// How spans are stored: null for the many samples that have none.
pub(crate) fn spans_json(sample: &Sample) -> Result<Option<serde_json::Value>, StoreError> {
    (!sample.spans.is_empty()).then(|| to_json(&sample.spans)).transpose()
}

/// How choices are stored: null for the many samples that have none.
pub(crate) fn choices_json(sample: &Sample) -> Result<Option<serde_json::Value>, StoreError> {
    (!sample.choices.is_empty()).then(|| to_json(&sample.choices)).transpose()
}

/// The text that searches look through: all messages, the rejected answer and the choices, in lower case so that a plain `like` finds
/// any case.
pub(crate) fn search_text(sample: &Sample) -> String {
    let messages = sample.messages.iter().map(|m| &m.content);
    let texts: Vec<_> =
        messages.chain(&sample.rejected).chain(&sample.choices).map(|text| text.to_lowercase()).collect();
    texts.join("\n")
}

/// A `like` pattern for text anywhere, with the pattern's own signs taken literally.
pub(crate) fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.trim().to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// What a sample says, from its columns `messages`, `label`, `rejected`, `slices`, `spans` and `choices`.
pub(crate) fn content(row: &PgRow) -> Result<Sample, StoreError> {
    Ok(Sample {
        messages: json(row.try_get("messages")?)?,
        label: row.try_get("label")?,
        rejected: row.try_get("rejected")?,
        slices: json(row.try_get("slices")?)?,
        spans: row.try_get::<Option<serde_json::Value>, _>("spans")?.map(json).transpose()?.unwrap_or_default(),
        choices: row.try_get::<Option<serde_json::Value>, _>("choices")?.map(json).transpose()?.unwrap_or_default(),
    })
}

fn sample_row(row: &PgRow) -> Result<SampleRow, StoreError> {
    Ok(SampleRow {
        id: SampleId(row.try_get("id")?),
        position: row.try_get::<i32, _>("position")?.cast_unsigned(),
        split: split_of(row.try_get("split")?)?,
        sample: content(row)?,
        source_file: row.try_get("source_file")?,
        source_line: row.try_get::<i64, _>("source_line")?.cast_unsigned(),
        parent_id: row.try_get::<Option<i64>, _>("parent_id")?.map(SampleId),
        bad_case_id: row.try_get::<Option<uuid::Uuid>, _>("bad_case_id")?.map(BadCaseId),
    })
}

/// Samples of a version by position. `after` is the cursor: the last position seen.
pub async fn page(
    db: &PgPool,
    version: VersionId,
    filter: &SampleFilter,
    after: Option<u32>,
    limit: u32,
) -> Result<Page<SampleRow>, StoreError> {
    let search = filter.search.as_deref().filter(|s| !s.trim().is_empty()).map(contains);
    let rows = sqlx::query(
        "select vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and vs.position > $2 and ($3::smallint is null or vs.split = $3) \
         and ($4::text is null or s.label = $4) and ($5::text is null or s.search_text like $5) \
         and (not $6 or s.parent_id is not null) and ($8 or vs.split <> 2) order by vs.position limit $7",
    )
    .bind(version.0)
    .bind(after.map_or(-1, |a| i32::try_from(a).unwrap_or(i32::MAX)))
    .bind(filter.split.map(split_code))
    .bind(filter.label.as_deref())
    .bind(search)
    .bind(filter.corrected)
    .bind(i64::from(limit) + 1)
    .bind(filter.with_test)
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(sample_row).collect::<Result<Vec<_>, _>>()?;
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| has_more).map(|r| r.position.to_string());
    Ok(Page { items, next_cursor })
}

/// One sample of a version.
pub async fn get(db: &PgPool, version: VersionId, id: SampleId) -> Result<Option<SampleRow>, StoreError> {
    sqlx::query(
        "select vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1 and s.id = $2",
    )
    .bind(version.0)
    .bind(id.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(sample_row)
    .transpose()
}

/// Samples by their places in a split, counted from 0; places that are not there are left out. Samples that were erased have
/// no place, unless `run` was launched before: it has counted them.
pub async fn at_places(
    db: &PgPool,
    version: VersionId,
    split: Split,
    places: &[u32],
    run: Option<RunId>,
) -> Result<HashMap<u32, SampleRow>, StoreError> {
    let places: Vec<i32> = places.iter().map(|place| place.cast_signed()).collect();
    sqlx::query(
        "select vs.place, vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from (select m.*, (row_number() over (order by m.position))::int - 1 as place from version_samples m \
               where m.version_id = $1 and m.split = $2 and not exists (select from samples f where f.id = m.sample_id \
               and f.forgotten_at is not null and (f.forgotten_at > (select created_at from runs where id = $4)) is not true)) vs \
         join samples s on s.id = vs.sample_id where vs.place = any($3)",
    )
    .bind(version.0)
    .bind(split_code(split))
    .bind(places)
    .bind(run.map(|run| run.0))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| Ok((row.try_get::<i32, _>("place")?.cast_unsigned(), sample_row(row)?)))
    .collect()
}

/// Samples by their positions; positions that are not there are left out.
pub async fn at_positions(
    db: &PgPool,
    version: VersionId,
    positions: &[u32],
) -> Result<HashMap<u32, SampleRow>, StoreError> {
    sqlx::query(
        "select vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1 and vs.position = any($2)",
    )
    .bind(version.0)
    .bind(signed(positions))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| sample_row(row).map(|row| (row.position, row)))
    .collect()
}

/// Samples of a version by their ids, each once; those that are not in it are left out.
pub async fn of_ids(
    db: &PgPool,
    version: VersionId,
    ids: &[SampleId],
) -> Result<HashMap<SampleId, SampleRow>, StoreError> {
    sqlx::query(
        "select vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from version_samples vs join samples s on s.id = vs.sample_id where vs.version_id = $1 and vs.sample_id = any($2)",
    )
    .bind(version.0)
    .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| sample_row(row).map(|row| (row.id, row)))
    .collect()
}

/// Those of these positions whose text has `phrase`, which is in lower case.
pub(crate) async fn having(
    db: &PgPool,
    version: VersionId,
    positions: &[u32],
    phrase: &str,
) -> Result<Vec<u32>, StoreError> {
    let found: Vec<i32> = sqlx::query_scalar(
        "select vs.position from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and vs.position = any($2) and position($3 in s.search_text) > 0",
    )
    .bind(version.0)
    .bind(signed(positions))
    .bind(phrase)
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(i32::cast_unsigned).collect())
}

fn signed(positions: &[u32]) -> Vec<i32> {
    positions.iter().map(|position| position.cast_signed()).collect()
}

/// Where else one of the project's samples is, and what it corrects; empty when there is no such sample.
pub async fn history(db: &PgPool, project: ProjectId, id: SampleId) -> Result<SampleHistory, StoreError> {
    let versions: Vec<i32> = sqlx::query_scalar(
        "select v.number from version_samples vs join dataset_versions v on v.id = vs.version_id \
         join datasets d on d.id = v.dataset_id where vs.sample_id = $1 and d.project_id = $2 order by v.number",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_all(db)
    .await?;
    if versions.is_empty() {
        return Ok(SampleHistory::default());
    }
    let up = "with recursive line as (select parent_id as id, 1 as n from samples where id = $1 \
         union all select s.parent_id, n + 1 from samples s join line on line.id = s.id where n < 100) ";
    let down = "with recursive line as (select id, 1 as n from samples where parent_id = $1 \
         union all select s.id, n + 1 from samples s join line on line.id = s.parent_id where n < 100) ";
    Ok(SampleHistory {
        versions: versions.into_iter().map(i32::cast_unsigned).collect(),
        corrects: related(db, up, id).await?,
        corrected_by: related(db, down, id).await?,
    })
}

/// The samples of `line`, a recursive query that starts at `id`.
async fn related(db: &PgPool, line: &str, id: SampleId) -> Result<Vec<RelatedSample>, StoreError> {
    let select = "select s.id, s.bad_case_id, (select min(v.number) from version_samples vs \
         join dataset_versions v on v.id = vs.version_id where vs.sample_id = s.id) as version \
         from line join samples s on s.id = line.id order by line.n, s.id";
    sqlx::query(sqlx::AssertSqlSafe(format!("{line}{select}")))
        .bind(id.0)
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| {
            Ok(RelatedSample {
                id: SampleId(row.try_get("id")?),
                bad_case_id: row.try_get::<Option<uuid::Uuid>, _>("bad_case_id")?.map(BadCaseId),
                version: row.try_get::<Option<i32>, _>("version")?.map(i32::cast_unsigned),
            })
        })
        .collect()
}

/// The content of one of the project's samples, whichever versions it is in.
pub async fn content_of(db: &PgPool, project: ProjectId, id: SampleId) -> Result<Option<Sample>, StoreError> {
    sqlx::query(
        "select s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from samples s join datasets d on d.id = s.dataset_id \
         where s.id = $1 and d.project_id = $2",
    )
    .bind(id.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?
    .as_ref()
    .map(content)
    .transpose()
}

/// The samples of a version, or those of one split, by position, without those that were erased: nothing is made of them
/// again. Memory does not grow with their number.
pub fn stream<'a>(
    db: impl sqlx::PgExecutor<'a> + 'a,
    version: VersionId,
    split: Option<Split>,
) -> BoxStream<'a, Result<SampleRow, StoreError>> {
    rows(db, version, split, false)
}

/// All samples of a version by position, also those that were erased and keep their places.
pub fn stream_all<'a>(
    db: impl sqlx::PgExecutor<'a> + 'a,
    version: VersionId,
) -> BoxStream<'a, Result<SampleRow, StoreError>> {
    rows(db, version, None, true)
}

fn rows<'a>(
    db: impl sqlx::PgExecutor<'a> + 'a,
    version: VersionId,
    split: Option<Split>,
    with_forgotten: bool,
) -> BoxStream<'a, Result<SampleRow, StoreError>> {
    sqlx::query(
        "select vs.position, vs.split, s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, s.source_file, s.source_line, s.parent_id, s.bad_case_id \
         from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and ($2::smallint is null or vs.split = $2) and ($3 or s.forgotten_at is null) order by vs.position",
    )
    .bind(version.0)
    .bind(split.map(split_code))
    .bind(with_forgotten)
    .fetch(db)
    .map(|row| sample_row(&row?))
    .boxed()
}

/// Positions of a version's samples that were erased, lowest first.
pub(crate) async fn forgotten(db: &PgPool, version: VersionId) -> Result<Vec<u32>, StoreError> {
    let positions: Vec<i32> = sqlx::query_scalar(
        "select vs.position from samples s join version_samples vs on vs.sample_id = s.id \
         where s.forgotten_at is not null and vs.version_id = $1 order by vs.position",
    )
    .bind(version.0)
    .fetch_all(db)
    .await?;
    Ok(positions.into_iter().map(i32::cast_unsigned).collect())
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn pattern_signs_are_literal() {
        assert_eq!(contains(" 50%_Off\\ "), "%50\\%\\_off\\\\%");
    }
}
