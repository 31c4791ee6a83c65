//! Texts that were there before a model read them, such as right answers: how likely they are to it.

use super::meter::Meter;
use crate::metrics::likelihood::{bits_per_byte, perplexity};

pub(super) const METRICS: [&str; 2] = ["perplexity", "bits_per_byte"];

/// How likely a text is to a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextLikelihood {
    /// Sum over its tokens of log p, in nats.
    pub log_likelihood: f64,
    pub tokens: u64,
    /// Of the text in UTF-8.
    pub bytes: u64,
}

/// [`METRICS`] of the texts at these places, both of the sums over them.
pub(super) fn pooled(items: &[TextLikelihood], places: &[usize]) -> [Option<f64>; 2] {
    let texts = places.iter().map(|place| &items[*place]);
    let (sum, tokens, bytes) = texts
        .fold((0.0, 0, 0), |(sum, tokens, bytes), of| (sum + of.log_likelihood, tokens + of.tokens, bytes + of.bytes));
    [perplexity(sum, tokens), bits_per_byte(sum, bytes)]
}

/// Intervals are of sums, too: a resample draws texts, each with all of its tokens.
pub(super) fn measure(items: &[TextLikelihood], meter: &mut Meter<'_>) {
    let signatures = [
        ("perplexity", "unit:token of the model|average:pooled"),
        ("bits_per_byte", "unit:byte of UTF-8|average:pooled"),
    ];
    meter.statistics(signatures, |places| pooled(items, places));
}
