//! A version's samples by their perplexity under one model, from what was put in order when it scored them.

use super::cache::{self, Index, Key, Weight};
use crate::StoreError;
use domain::{
    explore::{Field, Query},
    id::ScoringId,
    score::PerplexityRange,
};
use roaring::RoaringBitmap;
use sqlx::{PgPool, Row};
use std::sync::Arc;

/// The scored samples of a version, those first that the model finds likeliest.
pub(super) struct Scores {
    positions: Vec<u32>,
    /// Of each of those, mean of −log p per token of its answer, in nats.
    losses: Vec<f32>,
    /// Every bucket that has samples, lowest first.
    pub(super) facet: (Field, Vec<(String, RoaringBitmap)>),
    scored: RoaringBitmap,
}

impl Weight for Scores {
    fn bytes(&self) -> u64 {
        let buckets: u64 = self.facet.1.iter().map(|(_, rows)| rows.bytes()).sum();
        self.positions.len() as u64 * 8 + buckets + self.scored.bytes()
    }
}

impl Scores {
    fn new(scoring: ScoringId, positions: Vec<u32>, losses: Vec<f32>) -> Self {
        let facet = (Field::Perplexity(scoring), Vec::new());
        let mut scores = Self { positions, losses, facet, scored: RoaringBitmap::new() };
        scores.scored = scores.within(PerplexityRange { low: 0.0, high: f64::INFINITY });
        let buckets = PerplexityRange::buckets().map(|(low, range)| (low.to_string(), scores.within(range)));
        scores.facet.1 = buckets.filter(|(_, rows)| !rows.is_empty()).collect();
        scores
    }

    /// How many samples have a lower perplexity.
    fn below(&self, perplexity: f64) -> usize {
        if perplexity.is_infinite() {
            return self.losses.len();
        }
        self.losses.partition_point(|loss| f64::from(*loss).exp() < perplexity)
    }

    fn within(&self, range: PerplexityRange) -> RoaringBitmap {
        let mut rows = self.positions[self.below(range.low)..self.below(range.high)].to_vec();
        // A million in order are put in several times faster.
        rows.sort_unstable();
        rows.into_iter().collect()
    }

    /// The positions of one page of `current` in this order; samples without a score come last either way.
    pub(super) fn page(&self, current: &RoaringBitmap, query: &Query) -> Vec<u32> {
        let (offset, limit) = (query.offset as usize, query.limit as usize);
        let is_hit = |position: &u32| current.contains(*position);
        let unscored = current - &self.scored;
        let scored = self.positions.iter().copied();
        if query.descending {
            scored.rev().filter(is_hit).chain(unscored.iter()).skip(offset).take(limit).collect()
        } else {
            scored.filter(is_hit).chain(unscored.iter()).skip(offset).take(limit).collect()
        }
    }
}

/// The scores of a scoring of this version; none where it is not one of its.
pub(super) async fn of(db: &PgPool, index: Index, scoring: ScoringId) -> Result<Arc<Scores>, StoreError> {
    let key = Key::Scores(index, scoring);
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let found = sqlx::query(
        "select o.positions, o.losses from scoring_orders o join scorings s on s.id = o.scoring_id \
         where s.id = $1 and s.version_id = $2",
    )
    .bind(scoring.0)
    .bind(index.version.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = found else { return Ok(Arc::new(Scores::new(scoring, Vec::new(), Vec::new()))) };
    let (positions, losses): (&[u8], &[u8]) = (row.try_get("positions")?, row.try_get("losses")?);
    let positions: Vec<u32> = positions.as_chunks::<4>().0.iter().map(|b| u32::from_be_bytes(*b)).collect();
    let losses: Vec<f32> = losses.as_chunks::<4>().0.iter().map(|b| f32::from_be_bytes(*b)).collect();
    if positions.len() != losses.len() {
        return Err(StoreError::Corrupt(format!("the order of scoring {scoring} lacks scores")));
    }
    Ok(cache::put(key, Scores::new(scoring, positions, losses)))
}

/// The samples whose perplexity is in a bucket or range; none for a text that is neither.
pub(super) async fn rows(
    db: &PgPool,
    index: Index,
    scoring: ScoringId,
    range: &str,
) -> Result<Arc<RoaringBitmap>, StoreError> {
    let key = Key::Facet(index, Field::Perplexity(scoring), range.to_owned());
    if let Some(kept) = cache::get(&key) {
        return Ok(kept);
    }
    let scores = of(db, index, scoring).await?;
    let rows = PerplexityRange::parse(range).map(|range| scores.within(range)).unwrap_or_default();
    Ok(cache::put(key, rows))
}
