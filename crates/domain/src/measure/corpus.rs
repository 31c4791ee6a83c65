//! Metrics of a whole set that are no means over samples, of counts that are taken once: whichever answers are asked about, some
//! of them several times, their counts are only added up.

use super::{
    LabelItem, TextItem, TextLikelihood,
    labels::{self, Table},
    likelihoods,
};
use crate::lang::Lang;
use crate::metrics::{
    bleu::{Bleu, BleuCounts, tokenizer::Tokenizer},
    chrf::{Chrf, ChrfCounts},
    distance::Errors,
};

/// Metrics, in order, of the answers at these places.
type Statistics = Box<dyn Fn(&[usize]) -> Vec<Option<f64>> + Send + Sync>;
/// The pair of numbers of an error rate.
type Count = fn(&str, &str) -> Errors;

/// Error rates: name, what they count, and its name in the signature.
pub(super) const ERROR_RATES: [(&str, Count, &str); 2] =
    [("cer", Errors::of_characters, "unit:character"), ("wer", Errors::of_words, "unit:word|tok:space")];

/// Metrics of answers whose counts were taken.
pub struct Corpus {
    /// Names of the metrics.
    pub metrics: Vec<&'static str>,
    statistics: Statistics,
}

impl Corpus {
    /// Of labels: those of `wanted` that are no means over samples. `None` where there are none.
    #[must_use]
    pub fn of_labels(items: &[LabelItem], wanted: &[String]) -> Option<Self> {
        let table = Table::of(items);
        Self::of_some(&labels::CORPUS, wanted, move |places| table.scores(places))
    }

    /// Of texts that were there before, by how likely they are: perplexity and bits per byte, as far as they are wanted. `None`
    /// where they are not.
    #[must_use]
    pub fn of_likelihoods(items: &[TextLikelihood], wanted: &[String]) -> Option<Self> {
        let items = items.to_vec();
        Self::of_some(&likelihoods::METRICS, wanted, move |places| likelihoods::pooled(&items, places))
    }

    /// Those of `known` that are wanted, of scores in the order of `known`.
    fn of_some<const N: usize>(
        known: &[&'static str; N],
        wanted: &[String],
        scores: impl Fn(&[usize]) -> [Option<f64>; N] + Send + Sync + 'static,
    ) -> Option<Self> {
        let chosen: Vec<usize> = (0..N).filter(|i| wanted.iter().any(|name| name == known[*i])).collect();
        if chosen.is_empty() {
            return None;
        }
        let metrics = chosen.iter().map(|i| known[*i]).collect();
        let statistics = move |places: &[usize]| {
            let scores = scores(places);
            chosen.iter().map(|i| scores[*i]).collect::<Vec<_>>()
        };
        Some(Self { metrics, statistics: Box::new(statistics) })
    }

    /// Of texts, each against its reference that is nearest: BLEU, chrF, chrF++ and error rates, as far as they are wanted, one by
    /// one. Shares of different n-grams are not among them: a resample has texts twice, so that their figure is always too low.
    #[must_use]
    pub fn of_texts(items: &[TextItem], wanted: &[String], language: Lang) -> Vec<Self> {
        let is_wanted = |metric: &str| wanted.iter().any(|name| name == metric);
        let mut found = Vec::new();
        if is_wanted("bleu") {
            found.push(Self::of_one("bleu", bleu_of(items, bleu(language))));
        }
        for (metric, chrf) in [("chrf", Chrf::default()), ("chrf_plus_plus", Chrf::plus_plus())] {
            if is_wanted(metric) {
                found.push(Self::of_one(metric, chrf_of(items, chrf)));
            }
        }
        for (metric, count, _) in ERROR_RATES {
            if is_wanted(metric) {
                found.push(Self::of_one(metric, errors_of(items, count)));
            }
        }
        found
    }

    fn of_one(metric: &'static str, statistic: impl Fn(&[usize]) -> Option<f64> + Send + Sync + 'static) -> Self {
        Self { metrics: vec![metric], statistics: Box::new(move |places: &[usize]| vec![statistic(places)]) }
    }

    /// The metrics, in order, of the answers at these places.
    #[must_use]
    pub fn scores(&self, places: &[usize]) -> Vec<Option<f64>> {
        (self.statistics)(places)
    }
}

/// BLEU of texts in this language.
pub(super) fn bleu(language: Lang) -> Bleu {
    let tokenizer = match language {
        Lang::En => Tokenizer::V13a,
        Lang::Zh => Tokenizer::Zh,
    };
    Bleu { tokenizer, ..Bleu::default() }
}

pub(super) fn bleu_of(items: &[TextItem], bleu: Bleu) -> impl Fn(&[usize]) -> Option<f64> + use<> {
    let counts: Vec<BleuCounts> = items.iter().map(|i| bleu.counts(&i.output, &i.references)).collect();
    move |places: &[usize]| {
        let mut sum = BleuCounts::default();
        places.iter().for_each(|place| sum += &counts[*place]);
        Some(bleu.score(&sum))
    }
}

pub(super) fn chrf_of(items: &[TextItem], chrf: Chrf) -> impl Fn(&[usize]) -> Option<f64> + use<> {
    let counts: Vec<ChrfCounts> = items.iter().map(|i| chrf.counts(&i.output, &i.references)).collect();
    move |places: &[usize]| {
        let mut sum = ChrfCounts::default();
        places.iter().for_each(|place| sum.add(&counts[*place]));
        Some(chrf.score(&sum))
    }
}

pub(super) fn errors_of(items: &[TextItem], count: Count) -> impl Fn(&[usize]) -> Option<f64> + use<> {
    let nearest = |item: &TextItem| {
        let errors = item.references.iter().map(|r| count(&item.output, r));
        let rate = |e: &Errors| e.rate().unwrap_or(f64::INFINITY);
        errors.min_by(|a, b| rate(a).total_cmp(&rate(b))).unwrap_or_default()
    };
    let counts: Vec<Errors> = items.iter().map(nearest).collect();
    move |places: &[usize]| places.iter().fold(Errors::default(), |sum, place| sum.plus(counts[*place])).rate()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn labels_of_some_places() {
        let items: Vec<LabelItem> = [("a", "a"), ("b", "a"), ("b", "b")]
            .map(|(expected, output)| LabelItem { expected: expected.to_owned(), output: output.to_owned() })
            .into();
        let corpus = Corpus::of_labels(&items, &names(&["f1_macro", "accuracy", "balanced_accuracy"])).unwrap();
        assert_eq!(corpus.metrics, ["balanced_accuracy", "f1_macro"], "the accuracy is a mean over samples");
        assert_eq!(corpus.scores(&[0, 2]), [Some(1.0), Some(1.0)]);
        // Sample 1 twice: nobody is right, a was never expected.
        assert_eq!(corpus.scores(&[1, 1]), [Some(0.0), Some(0.0)]);
        assert!(Corpus::of_labels(&items, &names(&["accuracy"])).is_none());
    }

    #[test]
    fn likelihoods_of_some_places() {
        let text = |log_likelihood, tokens, bytes| TextLikelihood { log_likelihood, tokens, bytes };
        let items = [text(-1.0, 2, 2), text(-5.0, 2, 10)];
        let corpus = Corpus::of_likelihoods(&items, &names(&["bits_per_byte", "perplexity"])).unwrap();
        assert_eq!(corpus.metrics, ["perplexity", "bits_per_byte"]);
        assert_eq!(corpus.scores(&[0, 1])[0], Some(1.5f64.exp()));
        assert_eq!(corpus.scores(&[1, 1])[0], Some(2.5f64.exp()));
        assert!(Corpus::of_likelihoods(&items, &names(&["negative_log_likelihood"])).is_none());
    }

    #[test]
    fn texts_of_some_places() {
        let text = |output: &str, reference: &str| TextItem {
            output: output.to_owned(),
            references: vec![reference.to_owned()],
            ..TextItem::default()
        };
        let items = [text("a b c d", "a b c d"), text("a x c d", "a b c d"), text("x", "a b c")];
        let wanted = names(&["wer", "bleu", "rouge_1"]);
        let found = Corpus::of_texts(&items, &wanted, Lang::En);
        assert_eq!(found.iter().map(|corpus| corpus.metrics[0]).collect::<Vec<_>>(), ["bleu", "wer"]);
        assert!((found[0].scores(&[0])[0].unwrap() - 100.0).abs() < 1e-9);
        assert_eq!(found[1].scores(&[0, 1]), [Some(0.125)]);
        assert_eq!(found[1].scores(&[1, 2, 2]), [Some(0.7)]);
    }
}
