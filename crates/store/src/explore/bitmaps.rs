//! Reading an index: bitmaps of positions, and orders of them.

use super::{
    cache::{self, Index, Key, Weight},
    segment::decode_into,
};
use crate::StoreError;
use domain::{
    explore::{Field, VALUES_COUNTED},
    id::VersionId,
};
use roaring::RoaringBitmap;
use sqlx::{PgPool, Row, postgres::PgRow};
use std::sync::Arc;
use uuid::Uuid;

/// Words that a `begin*` stands for at most: the first ones of the alphabet.
const MAX_PREFIX_WORDS: i64 = 2000;

/// The most frequent values of every field, each with its rows. Fields and their values by frequency.
pub(super) struct Facets(pub(super) Vec<(Field, Vec<(String, RoaringBitmap)>)>);

impl Weight for Facets {
    fn bytes(&self) -> u64 {
        let values = self.0.iter().flat_map(|(_, values)| values);
        values.map(|(value, rows)| value.len() as u64 + rows.bytes() + 50).sum()
    }
}

/// The version's index and how many positions it has; `None` without a complete one. Asked anew every time, since samples
/// may have been erased and the index built again.
pub(super) async fn index(db: &PgPool, version: VersionId) -> Result<Option<(Index, u32)>, StoreError> {
    let found: Option<(Uuid, i32)> =
        sqlx::query_as("select build, rows from version_indexes where version_id = $1 and built_at is not null")
            .bind(version.0)
            .fetch_optional(db)
            .await?;
    let Some((build, rows)) = found else { return Ok(None) };
    let index = Index { version, build };
    cache::keep_newest(index);
    Ok(Some((index, rows.cast_unsigned())))
}

/// All rows that stand in `found`, which has `segment` and `rows`.
fn union(found: &[PgRow]) -> Result<RoaringBitmap, StoreError> {
    let mut bitmap = RoaringBitmap::new();
    for row in found {
        decode_into(&mut bitmap, row.try_get("segment")?, row.try_get("rows")?);
    }
    Ok(bitmap)
}

/// Where a word is.
pub(super) async fn word(db: &PgPool, index: Index, word: &str) -> Result<Arc<RoaringBitmap>, StoreError> {
    let key = Key::Word(index, word.to_owned());
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found =
        sqlx::query("select segment, rows from version_words where version_id = $1 and word = $2 order by segment")
            .bind(index.version.0)
            .bind(word)
            .fetch_all(db)
            .await?;
    Ok(cache::put(key, union(&found)?))
}

/// Where a word is that begins so.
pub(super) async fn prefix(db: &PgPool, index: Index, begin: &str) -> Result<Arc<RoaringBitmap>, StoreError> {
    let key = Key::Prefix(index, begin.to_owned());
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found = sqlx::query(
        "select segment, rows from version_words where version_id = $1 and word >= $2 and word < $2 || U&'\\+10FFFF' \
         order by word, segment limit $3",
    )
    .bind(index.version.0)
    .bind(begin)
    .bind(MAX_PREFIX_WORDS)
    .fetch_all(db)
    .await?;
    Ok(cache::put(key, union(&found)?))
}

/// The fields of a version with their most frequent values.
pub(super) async fn facets(db: &PgPool, index: Index) -> Result<Arc<Facets>, StoreError> {
    let key = Key::Facets(index);
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found = sqlx::query(
        "select f.field, f.value, f.segment, f.rows from version_facets f join \
         (select field, value, total, row_number() over (partition by field order by total desc, value) as n from \
          (select field, value, sum(count) as total from version_facets where version_id = $1 group by field, value) x) top \
         on top.field = f.field and top.value = f.value \
         where f.version_id = $1 and top.n <= $2 order by f.field, top.n, f.segment",
    )
    .bind(index.version.0)
    .bind(VALUES_COUNTED as i64)
    .fetch_all(db)
    .await?;
    let mut fields: Vec<(Field, Vec<(String, RoaringBitmap)>)> = Vec::new();
    for row in &found {
        let field: Field = row.try_get::<&str, _>("field")?.parse().map_err(|e| StoreError::Corrupt(format!("{e}")))?;
        let value: &str = row.try_get("value")?;
        if fields.last().is_none_or(|(last, _)| *last != field) {
            fields.push((field, Vec::new()));
        }
        let Some((_, values)) = fields.last_mut() else { continue };
        if values.last().is_none_or(|(last, _)| last != value) {
            values.push((value.to_owned(), RoaringBitmap::new()));
        }
        if let Some((_, rows)) = values.last_mut() {
            decode_into(rows, row.try_get("segment")?, row.try_get("rows")?);
        }
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(cache::put(key, Facets(fields)))
}

/// Where a field has a value, however rare.
pub(super) async fn facet(
    db: &PgPool,
    index: Index,
    field: &Field,
    value: &str,
) -> Result<Arc<RoaringBitmap>, StoreError> {
    let key = Key::Facet(index, field.clone(), value.to_owned());
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found = sqlx::query(
        "select segment, rows from version_facets where version_id = $1 and field = $2 and value = $3 order by segment",
    )
    .bind(index.version.0)
    .bind(field.to_string())
    .bind(value)
    .fetch_all(db)
    .await?;
    Ok(cache::put(key, union(&found)?))
}

/// All positions in another order; `None` where there is no such order, as by label without labels.
pub(super) async fn order(db: &PgPool, index: Index, key: &'static str) -> Result<Option<Arc<Vec<u32>>>, StoreError> {
    let kept_as = Key::Order(index, key);
    if let Some(kept) = cache::get(&kept_as) {
        return Ok(Some(kept));
    }
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar("select positions from version_orders where version_id = $1 and key = $2")
            .bind(index.version.0)
            .bind(key)
            .fetch_optional(db)
            .await?;
    let Some(bytes) = bytes else { return Ok(None) };
    let positions: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
    Ok(Some(cache::put(kept_as, positions)))
}
