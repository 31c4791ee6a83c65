//! Training rows that share rare words with a text, and how many have a value: what an index answers without reading a sample.

use super::{bitmaps, cache::Index};
use crate::StoreError;
use dataprep::words::each_word;
use domain::{explore::Field, id::VersionId, sample::Split};
use roaring::RoaringBitmap;
use sqlx::PgPool;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Words of a text that are looked up at most.
const MAX_WORDS: usize = 300;
/// Of those, the rarest are followed to their rows.
const FOLLOWED: usize = 12;
/// Rows of one word that are counted at most: a more frequent one tells little.
const MAX_ROWS: u64 = 50_000;

/// Positions of training rows that have rare words of a text, those with the most and rarest first; `None` while the version has
/// no complete index. Reads a dozen words of the index, whatever the size of the version.
pub(crate) async fn alike(
    db: &PgPool,
    version: VersionId,
    text: &str,
    limit: usize,
) -> Result<Option<Vec<u32>>, StoreError> {
    let Some((index, rows)) = bitmaps::index(db, version).await? else { return Ok(None) };
    let train = train(db, index).await?;
    let mut scores: HashMap<u32, f32> = HashMap::new();
    for word in rarest(db, version, text).await? {
        let found = bitmaps::word(db, index, &word).await?;
        let rare = (f64::from(rows + 1) / (found.len() + 1) as f64).ln() as f32;
        if found.len() > MAX_ROWS && !scores.is_empty() {
            continue;
        }
        for position in (&*found & &*train).iter().take(MAX_ROWS as usize) {
            *scores.entry(position).or_default() += rare;
        }
    }
    let mut scored: Vec<(u32, f32)> = scores.into_iter().collect();
    scored.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored.truncate(limit);
    Ok(Some(scored.into_iter().map(|(position, _)| position).collect()))
}

/// The rarest words of a text that the version has, rarest first.
async fn rarest(db: &PgPool, version: VersionId, text: &str) -> Result<Vec<String>, StoreError> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    each_word(text, |word| {
        if words.len() < MAX_WORDS {
            words.insert(word.to_owned());
        }
    });
    let words: Vec<String> = words.into_iter().collect();
    Ok(sqlx::query_scalar(
        "select word from version_words where version_id = $1 and word = any($2) group by word \
         order by sum(octet_length(rows)), word limit $3",
    )
    .bind(version.0)
    .bind(words)
    .bind(FOLLOWED as i64)
    .fetch_all(db)
    .await?)
}

async fn train(db: &PgPool, index: Index) -> Result<Arc<RoaringBitmap>, StoreError> {
    bitmaps::facet(db, index, &Field::Split, Split::Train.as_str()).await
}

/// How many training rows have a value; `None` where the field is none that is counted, or without an index.
pub(crate) async fn training_rows(
    db: &PgPool,
    version: VersionId,
    field: &Field,
    value: &str,
) -> Result<Option<u64>, StoreError> {
    let Some((index, _)) = bitmaps::index(db, version).await? else { return Ok(None) };
    let facets = bitmaps::facets(db, index).await?;
    if facets.0.iter().all(|(known, _)| known != field) {
        return Ok(None);
    }
    let rows = bitmaps::facet(db, index, field, value).await?;
    let train = train(db, index).await?;
    Ok(Some(rows.intersection_len(&train)))
}
