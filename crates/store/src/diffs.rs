//! Two versions compared. `matching` finds once which rows differ and keeps their positions; pages are read from those,
//! so that a version of a million samples costs its seconds once: a job's, where there are many (`ask`). `reasons` says why
//! a sample differs.

mod ask;
mod matching;
mod reasons;

pub use ask::{Asker, Compared, DiffVersions, KIND, make, page_or_job};

use crate::{StoreError, samples};
use dataprep::diff::texts;
use domain::{
    dataset::{SampleRow, Version},
    diff::{DiffCounts, DiffKind, DiffRow, Side, VersionDiff, label_deltas, split_deltas},
    page::Page,
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// What of a comparison is asked for.
#[derive(Clone, Copy, Debug)]
pub struct DiffQuery {
    /// Of `None`, the first kind that there is.
    pub kind: Option<DiffKind>,
    /// Samples of the test split too, which is sealed otherwise.
    pub with_test: bool,
    /// Cursor: the last place seen.
    pub after: Option<u32>,
    pub limit: u32,
}

/// How a kind is stored.
fn code(kind: DiffKind) -> i16 {
    match kind {
        DiffKind::Added => 0,
        DiffKind::Removed => 1,
        DiffKind::Changed => 2,
        DiffKind::Moved => 3,
    }
}

/// How `to` differs from `from`, with one page of samples. The caller knows that both are of one project.
pub async fn page(db: &PgPool, from: &Version, to: &Version, query: DiffQuery) -> Result<VersionDiff, StoreError> {
    let (id, counted) = matching::find_or_make(db, from.id, to.id).await?;
    let mut counts = counted.open;
    if query.with_test {
        DiffKind::ALL.iter().for_each(|kind| counts.add(*kind, counted.sealed.of(*kind)));
    }
    let kind = query.kind.unwrap_or_else(|| first_kind(&counts));
    let mut places = places(db, id, kind, query).await?;
    let has_more = places.len() > query.limit as usize;
    places.truncate(query.limit as usize);
    let next_cursor = places.last().filter(|_| has_more).map(|place| place.place.to_string());
    let items = read(db, from, to, &places).await?;
    Ok(VersionDiff {
        from: from.into(),
        to: Side::from(to),
        counts,
        sealed: if query.with_test { 0 } else { counted.sealed.total() },
        splits: split_deltas(&from.stats, &to.stats),
        labels: label_deltas(&from.stats, &to.stats),
        kind,
        rows: Page { items, next_cursor },
    })
}

/// What is shown when nobody has said what: the first kind that is not empty.
fn first_kind(counts: &DiffCounts) -> DiffKind {
    DiffKind::ALL.into_iter().find(|kind| counts.of(*kind) > 0).unwrap_or_default()
}

/// A row that differs, by its positions.
struct Place {
    place: i32,
    from: Option<u32>,
    to: Option<u32>,
}

async fn places(db: &PgPool, id: i64, kind: DiffKind, query: DiffQuery) -> Result<Vec<Place>, StoreError> {
    let position = |row: &sqlx::postgres::PgRow, name: &str| -> Result<Option<u32>, StoreError> {
        Ok(row.try_get::<Option<i32>, _>(name)?.map(i32::cast_unsigned))
    };
    sqlx::query(
        "select place, from_position, to_position from version_diff_rows \
         where diff_id = $1 and kind = $2 and place > $3 and ($4 or not sealed) order by place limit $5",
    )
    .bind(id)
    .bind(code(kind))
    .bind(query.after.map_or(-1, |after| i32::try_from(after).unwrap_or(i32::MAX)))
    .bind(query.with_test)
    .bind(i64::from(query.limit) + 1)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        let (from, to) = (position(row, "from_position")?, position(row, "to_position")?);
        Ok(Place { place: row.try_get("place")?, from, to })
    })
    .collect()
}

/// Reads the samples of one page.
async fn read(db: &PgPool, from: &Version, to: &Version, places: &[Place]) -> Result<Vec<DiffRow>, StoreError> {
    let old: Vec<u32> = places.iter().filter_map(|place| place.from).collect();
    let new: Vec<u32> = places.iter().filter_map(|place| place.to).collect();
    let old = samples::at_positions(db, from.id, &old).await?;
    let new = samples::at_positions(db, to.id, &new).await?;
    let at = |rows: &HashMap<u32, SampleRow>, position: Option<u32>| position.and_then(|p| rows.get(&p).cloned());
    let mut rows: Vec<DiffRow> = places
        .iter()
        .map(|place| {
            let (before, after) = (at(&old, place.from), at(&new, place.to));
            let texts = texts(before.as_ref().map(|row| &row.sample), after.as_ref().map(|row| &row.sample));
            DiffRow { before, after, texts, reasons: Vec::new() }
        })
        .collect();
    reasons::add(db, from, to, &mut rows).await?;
    Ok(rows)
}
