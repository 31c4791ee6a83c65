//! Answering a query: bitmaps are intersected, facets counted, and one page of samples read.

use super::{
    bitmaps,
    cache::{self, Index, Key},
    perplexity::{self, Scores},
    tags,
};
use crate::{Stale, StoreError, samples};
use dataprep::words::{TermKind, parse_search};
use domain::{
    edit::Selection,
    explore::{Facet, FacetValue, Field, Filter, Found, FoundRow, Query, Sort, cut},
    id::VersionId,
    sample::Split,
};
use roaring::RoaringBitmap;
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc};

/// Candidates whose text is looked into for a phrase. More have its words one by one only where those are very frequent.
const MAX_VERIFIED: usize = 16_000;
/// How many of them one connection looks into.
const VERIFIED_AT_ONCE: usize = MAX_VERIFIED / 4;

/// What was found in the text.
struct Hits {
    /// `None`: nothing was searched, everything is a hit.
    rows: Option<RoaringBitmap>,
    is_exact: bool,
    terms: Vec<String>,
}

/// Answers a query; `None` while the version has no complete index.
pub async fn find(db: &PgPool, version: VersionId, query: &Query) -> Result<Option<Found>, StoreError> {
    let Some((index, rows)) = bitmaps::index(db, version).await? else { return Ok(None) };
    let facets = bitmaps::facets(db, index).await?;
    let tags = tags::of_version(db, version).await?;
    let hits = search(db, index, rows, &query.search, None).await?;
    let base = hits.rows.unwrap_or_else(|| everything(rows));
    let chosen = chosen(db, index, &tags, &query.filters).await?;
    let sealed_rows = bitmaps::facet(db, index, &Field::Split, Split::Test.as_str()).await?;
    let tagged = (Field::Tag, tags.0.clone());
    let scores = scores(db, index, query).await?;
    let unsealed = intersection(&base, chosen.values());
    let sealed = if query.with_test { 0 } else { unsealed.intersection_len(&sealed_rows) };
    let current = if query.with_test { unsealed } else { unsealed - &*sealed_rows };

    let mut counted = Vec::with_capacity(facets.0.len() + 1);
    let all = facets.0.iter().chain(scores.iter().map(|scores| &scores.facet)).chain(std::iter::once(&tagged));
    let all = all.filter(|_| !query.without_facets);
    for (field, values) in all {
        let others;
        // A value of the same field would be an alternative, so the filters on the field itself do not count.
        let among = if chosen.contains_key(field) || *field == Field::Split {
            let set = intersection(&base, chosen.iter().filter(|(other, _)| *other != field).map(|(_, rows)| rows));
            others = if query.with_test || *field == Field::Split { set } else { set - &*sealed_rows };
            &others
        } else {
            &current
        };
        let mut values: Vec<FacetValue> = values
            .iter()
            .map(|(value, rows)| FacetValue { value: value.clone(), count: among.intersection_len(rows) })
            .collect();
        for value in missing(&query.filters, field, &values) {
            let rows = having(db, index, field, value).await?;
            values.push(FacetValue { value: value.to_owned(), count: among.intersection_len(&rows) });
        }
        if !values.is_empty() {
            counted.push(Facet { field: field.clone(), values });
        }
    }
    let positions = page(db, index, &current, query, scores.as_deref()).await?;
    let total = current.len();
    let end = query.offset.saturating_add(query.limit);
    Ok(Some(Found {
        total,
        is_exact: hits.is_exact,
        sealed,
        terms: hits.terms,
        facets: counted,
        items: read(db, version, &positions).await?,
        next_offset: (u64::from(end) < total).then_some(end),
    }))
}

/// How many samples outside the test split have this value of a field; `None` while the version has no complete index.
pub async fn how_many(db: &PgPool, version: VersionId, field: &Field, value: &str) -> Result<Option<u64>, StoreError> {
    let Some((index, _)) = bitmaps::index(db, version).await? else { return Ok(None) };
    let rows = bitmaps::facet(db, index, field, value).await?;
    let sealed = bitmaps::facet(db, index, &Field::Split, Split::Test.as_str()).await?;
    Ok(Some(rows.len() - rows.intersection_len(&sealed)))
}

/// Positions of the selected samples, which are outside the test split, lowest first; `None` while the version has no
/// complete index, [`Stale::SearchTooWide`] where not all of them are known.
pub(super) async fn positions(
    db: &PgPool,
    version: VersionId,
    selection: &Selection,
) -> Result<Option<Vec<u32>>, StoreError> {
    let Some((index, rows)) = bitmaps::index(db, version).await? else { return Ok(None) };
    let tags = tags::of_version(db, version).await?;
    let among: Option<RoaringBitmap> =
        (!selection.positions.is_empty()).then(|| selection.positions.iter().copied().collect());
    let hits = search(db, index, rows, &selection.search, among.as_ref()).await?;
    if !hits.is_exact {
        return Err(Stale::SearchTooWide.into());
    }
    let base = hits.rows.unwrap_or_else(|| everything(rows));
    let chosen = chosen(db, index, &tags, &selection.filters).await?;
    let sealed = bitmaps::facet(db, index, &Field::Split, Split::Test.as_str()).await?;
    let found = intersection(&base, chosen.values().chain(&among)) - &*sealed;
    Ok(Some(found.iter().collect()))
}

fn everything(rows: u32) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    all.insert_range(0..rows);
    all
}

fn intersection<'a>(base: &RoaringBitmap, others: impl Iterator<Item = &'a RoaringBitmap>) -> RoaringBitmap {
    let mut result = base.clone();
    for rows in others {
        result &= rows;
    }
    result
}

/// Values that are filtered by and not among the most frequent ones.
fn missing<'a>(filters: &'a [Filter], field: &Field, known: &[FacetValue]) -> Vec<&'a str> {
    let of_field = filters.iter().filter(|filter| filter.field == *field).map(|filter| filter.value.as_str());
    of_field.filter(|value| known.iter().all(|v| v.value != *value)).collect()
}

/// For every field that is filtered by, the rows that have one of the chosen values.
async fn chosen(
    db: &PgPool,
    index: Index,
    tags: &tags::Tags,
    filters: &[Filter],
) -> Result<BTreeMap<Field, RoaringBitmap>, StoreError> {
    let mut chosen: BTreeMap<Field, RoaringBitmap> = BTreeMap::new();
    for Filter { field, value } in filters {
        let rows = chosen.entry(field.clone()).or_default();
        match field {
            Field::Tag => {
                if let Some((_, tagged)) = tags.0.iter().find(|(tag, _)| tag == value) {
                    *rows |= tagged;
                }
            }
            _ => *rows |= &*having(db, index, field, &cut(value)).await?,
        }
    }
    Ok(chosen)
}

/// Where a field has a value.
async fn having(db: &PgPool, index: Index, field: &Field, value: &str) -> Result<Arc<RoaringBitmap>, StoreError> {
    match field {
        Field::Perplexity(scoring) => perplexity::rows(db, index, *scoring, value).await,
        _ => bitmaps::facet(db, index, field, value).await,
    }
}

/// The scores of the chosen scoring, where the query needs them.
async fn scores(db: &PgPool, index: Index, query: &Query) -> Result<Option<Arc<Scores>>, StoreError> {
    match query.scoring {
        Some(scoring) if !query.without_facets || query.sort == Sort::Perplexity => {
            Ok(Some(perplexity::of(db, index, scoring).await?))
        }
        _ => Ok(None),
    }
}

/// What has these words. Of `among`, where only that counts, all is known also of phrases that are looked for in part.
async fn search(
    db: &PgPool,
    index: Index,
    rows: u32,
    search: &str,
    among: Option<&RoaringBitmap>,
) -> Result<Hits, StoreError> {
    let mut hits = Hits { rows: None, is_exact: true, terms: Vec::new() };
    for term in parse_search(search) {
        let (found, is_exact, texts) = match term.kind {
            TermKind::Words(words) => (with_all(db, index, &words).await?, true, words),
            TermKind::Prefix(begin) => (bitmaps::prefix(db, index, &begin).await?, true, vec![begin]),
            TermKind::Phrase { text, words } => {
                let candidates = with_all(db, index, &words).await?;
                let (found, is_exact) = match among {
                    Some(among) if candidates.len() > MAX_VERIFIED as u64 => {
                        let few = &*candidates & among;
                        (Arc::new(having_phrase(db, index, &text, &few).await?), few.len() <= MAX_VERIFIED as u64)
                    }
                    _ => verified(db, index, &text, &candidates).await?,
                };
                (found, is_exact, vec![text])
            }
        };
        hits.is_exact &= is_exact;
        hits.rows = Some(match (hits.rows, term.excluded) {
            (None, false) => (*found).clone(),
            (None, true) => everything(rows) - &*found,
            (Some(before), false) => before & &*found,
            (Some(before), true) => before - &*found,
        });
        if !term.excluded {
            hits.terms.extend(texts);
        }
    }
    Ok(hits)
}

/// The rows that have all these words.
async fn with_all(db: &PgPool, index: Index, words: &[String]) -> Result<Arc<RoaringBitmap>, StoreError> {
    let mut found: Option<Arc<RoaringBitmap>> = None;
    for word in words {
        let rows = bitmaps::word(db, index, word).await?;
        found = Some(match found {
            None => rows,
            Some(before) => Arc::new(&*before & &*rows),
        });
    }
    Ok(found.unwrap_or_default())
}

/// The candidates whose text has the phrase, and whether all were looked into.
async fn verified(
    db: &PgPool,
    index: Index,
    phrase: &str,
    candidates: &RoaringBitmap,
) -> Result<(Arc<RoaringBitmap>, bool), StoreError> {
    let is_exact = candidates.len() <= MAX_VERIFIED as u64;
    let key = Key::Phrase(index, phrase.to_owned());
    if let Some(kept) = cache::get(&key) {
        return Ok((kept, is_exact));
    }
    Ok((cache::put(key, having_phrase(db, index, phrase, candidates).await?), is_exact))
}

/// Those of the first candidates whose text has the phrase.
async fn having_phrase(
    db: &PgPool,
    index: Index,
    phrase: &str,
    candidates: &RoaringBitmap,
) -> Result<RoaringBitmap, StoreError> {
    let positions: Vec<u32> = candidates.iter().take(MAX_VERIFIED).collect();
    // Looking into texts keeps a processor of the database busy: several share it.
    let parts = positions.chunks(VERIFIED_AT_ONCE).map(|part| samples::having(db, index.version, part, phrase));
    let found = futures::future::try_join_all(parts).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The positions of one page.
async fn page(
    db: &PgPool,
    index: Index,
    current: &RoaringBitmap,
    query: &Query,
    scores: Option<&Scores>,
) -> Result<Vec<u32>, StoreError> {
    let (offset, limit) = (query.offset as usize, query.limit as usize);
    let order = match query.sort {
        Sort::Position => None,
        Sort::Length => bitmaps::order(db, index, "length").await?,
        Sort::Label => bitmaps::order(db, index, "label").await?,
        Sort::Perplexity => match scores {
            Some(scores) => return Ok(scores.page(current, query)),
            None => None,
        },
    };
    let Some(order) = order else { return Ok(by_position(current, query)) };
    let is_hit = |position: &&u32| current.contains(**position);
    Ok(if query.descending {
        order.iter().rev().filter(is_hit).skip(offset).take(limit).copied().collect()
    } else {
        order.iter().filter(is_hit).skip(offset).take(limit).copied().collect()
    })
}

/// The same in the version's own order, where no row before the page is touched.
fn by_position(current: &RoaringBitmap, query: &Query) -> Vec<u32> {
    let total = current.len();
    let offset = u64::from(query.offset);
    let from_start = if query.descending { total.saturating_sub(offset + u64::from(query.limit)) } else { offset };
    let length = total.saturating_sub(offset).min(u64::from(query.limit)) as usize;
    let Some(first) = current.select(u32::try_from(from_start).unwrap_or(u32::MAX)).filter(|_| length > 0) else {
        return Vec::new();
    };
    let mut rows = current.iter();
    rows.advance_to(first);
    let mut positions: Vec<u32> = rows.take(length).collect();
    if query.descending {
        positions.reverse();
    }
    positions
}

async fn read(db: &PgPool, version: VersionId, positions: &[u32]) -> Result<Vec<FoundRow>, StoreError> {
    let mut by_position = samples::at_positions(db, version, positions).await?;
    let ids: Vec<_> = by_position.values().map(|row| row.id).collect();
    let mut tags = tags::of_samples(db, &ids).await?;
    let rows = positions.iter().filter_map(|position| by_position.remove(position));
    Ok(rows.map(|row| FoundRow { tags: tags.remove(&row.id).unwrap_or_default(), row }).collect())
}
