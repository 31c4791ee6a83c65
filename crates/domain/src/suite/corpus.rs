//! Metrics of a whole set, such as macro F1, BLEU and perplexity, over the answers of several candidates to the same samples.

use super::EvaluationDesign;
use crate::{
    eval::{
        Task, reference_likelihood,
        view::{Difference, RESAMPLES},
    },
    forget::TOMBSTONE,
    id::SampleId,
    measure::{Corpus, LabelItem, TextItem, TextLikelihood},
    statistics::{
        paired::Draws,
        randomization::{CorpusComparison, compare_corpora},
    },
};
use std::collections::BTreeMap;

/// From where resamples and swaps are drawn.
pub const SEED: u64 = 42;

/// What a candidate answered to a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleAnswer {
    pub output: String,
    pub expected: String,
    /// By metric, where it is a mean over samples; and how likely the reference is ([`reference_likelihood`]).
    pub scores: BTreeMap<String, f64>,
}

impl SampleAnswer {
    fn likelihood(&self) -> Option<TextLikelihood> {
        reference_likelihood(|key| self.scores.get(key).copied())
    }
}

/// A candidate's answers.
pub type SampleAnswers = BTreeMap<SampleId, SampleAnswer>;

/// Samples that all of these candidates have answered, but for what was erased.
pub(super) fn common(systems: &[&SampleAnswers]) -> Vec<SampleId> {
    let Some((first, others)) = systems.split_first() else { return Vec::new() };
    let is_whole = |answer: &SampleAnswer| answer.expected != TOMBSTONE && answer.output != TOMBSTONE;
    let is_common = |id: &SampleId| others.iter().all(|answers| answers.get(id).is_some_and(is_whole));
    first.iter().filter(|(id, answer)| is_whole(answer) && is_common(id)).map(|(id, _)| *id).collect()
}

/// Those of `metrics` that are no means over samples, of the answers of all candidates to these samples: candidate by candidate,
/// each in the order of the samples.
pub(super) fn counted(
    systems: &[&SampleAnswers],
    samples: &[SampleId],
    design: &EvaluationDesign,
    metrics: &[String],
) -> Vec<Corpus> {
    let mut found = by_answers(systems, samples, design, metrics);
    found.extend(by_likelihoods(systems, samples, metrics));
    found
}

fn answers<'a>(
    systems: &'a [&'a SampleAnswers],
    samples: &'a [SampleId],
) -> impl Iterator<Item = &'a SampleAnswer> + use<'a> {
    systems.iter().flat_map(move |answers| samples.iter().filter_map(move |id| answers.get(id)))
}

/// Of them those by how likely the references are; `None` also where a candidate does not tell that of every sample. Where not as
/// many bytes were read of each reference, there is none; where these are not as many tokens, the tokenizers are others, and
/// perplexities of such models are not comparable.
fn by_likelihoods(systems: &[&SampleAnswers], samples: &[SampleId], metrics: &[String]) -> Option<Corpus> {
    let items = answers(systems, samples).map(SampleAnswer::likelihood).collect::<Option<Vec<_>>>()?;
    let is_alike = |count: fn(&TextLikelihood) -> u64| {
        let (first, others) = items.split_at(samples.len());
        others.iter().zip(first.iter().cycle()).all(|(other, first)| count(other) == count(first))
    };
    if !is_alike(|text| text.bytes) {
        return None;
    }
    let same_tokens = is_alike(|text| text.tokens);
    let metrics: Vec<String> =
        metrics.iter().filter(|metric| same_tokens || *metric != "perplexity").cloned().collect();
    Corpus::of_likelihoods(&items, &metrics)
}

/// Of them those by what was answered.
fn by_answers(
    systems: &[&SampleAnswers],
    samples: &[SampleId],
    design: &EvaluationDesign,
    metrics: &[String],
) -> Vec<Corpus> {
    match design.task {
        Task::Classification | Task::MultipleChoice => {
            let label = |a: &SampleAnswer| LabelItem { expected: a.expected.clone(), output: a.output.clone() };
            let items: Vec<LabelItem> = answers(systems, samples).map(label).collect();
            Corpus::of_labels(&items, metrics).into_iter().collect()
        }
        Task::Generation => {
            let text = |a: &SampleAnswer| TextItem {
                output: a.output.clone(),
                references: vec![a.expected.clone()],
                ..TextItem::default()
            };
            let items: Vec<TextItem> = answers(systems, samples).map(text).collect();
            Corpus::of_texts(&items, metrics, design.language)
        }
    }
}

/// How two candidates differ, new minus old, in each of `metrics` that is no mean over samples, on the samples that both have
/// answered: the interval is the paired bootstrap's, the p value that of approximate randomization, each of [`RESAMPLES`] draws
/// from the same seed. It draws for a while: not for an async task's thread.
#[must_use]
pub fn corpus_differences(
    old: &SampleAnswers,
    new: &SampleAnswers,
    design: &EvaluationDesign,
    metrics: &[String],
) -> Vec<Difference> {
    let systems = [new, old];
    let samples = common(&systems);
    let moving = |differs: &dyn Fn(&SampleId) -> bool| -> Vec<usize> {
        (0..samples.len()).filter(|place| differs(&samples[*place])).collect()
    };
    let answered = moving(&|id| new.get(id).map(|a| &a.output) != old.get(id).map(|a| &a.output));
    let likely = |answers: &SampleAnswers, id: &SampleId| answers.get(id).and_then(SampleAnswer::likelihood);
    let told = moving(&|id| likely(new, id) != likely(old, id));
    let mut found: Vec<Difference> = Vec::new();
    for corpus in by_answers(&systems, &samples, design, metrics) {
        found.extend(compared(&corpus, samples.len(), &answered));
    }
    if let Some(corpus) = by_likelihoods(&systems, &samples, metrics) {
        found.extend(compared(&corpus, samples.len(), &told));
    }
    found
}

/// The differences of two systems in the metrics of a corpus; `moving` are the samples whose answers differ.
fn compared(corpus: &Corpus, samples: usize, moving: &[usize]) -> Vec<Difference> {
    let draws = Draws { count: RESAMPLES, seed: SEED };
    let found = compare_corpora(samples, moving, draws, |places| corpus.scores(places));
    let difference = |(metric, found): (&'static str, Option<CorpusComparison>)| {
        let found = found?;
        Some(Difference {
            metric: metric.to_owned(),
            from: found.old,
            to: found.new,
            interval: Some((found.low, found.high)),
            p_value: Some(found.p_value),
        })
    };
    corpus.metrics.iter().copied().zip(found).filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{
        dataset::splitmix64,
        eval::{NEGATIVE_LOG_LIKELIHOOD, REFERENCE_BYTES, REFERENCE_TOKENS},
        statistics::verdict::Verdict,
        suite::SuiteDesign,
    };

    fn design(task: &str) -> EvaluationDesign {
        let text = format!(
            "[[evaluations]]\nkey = \"a\"\nversion_id = \"01890a5d-ac96-774b-bcce-b302099a8057\"\ntask = \"{task}\""
        );
        SuiteDesign::from_toml(&text).unwrap().evaluations.remove(0)
    }

    fn answers(pairs: &[(&str, &str)]) -> SampleAnswers {
        let answer = |(expected, output): &(&str, &str)| SampleAnswer {
            output: (*output).to_owned(),
            expected: (*expected).to_owned(),
            scores: BTreeMap::new(),
        };
        (1..).map(SampleId).zip(pairs.iter().map(answer)).collect()
    }

    /// The new one is right of a a b b, the old one answers a b b a: macro F1 1 and 1/2. Where one of the two answers changes
    /// places, both have 0.4 + 1/3; where both do, they differ by −1/2: two of four patterns are as far from 0.
    #[test]
    fn macro_f1_by_hand() {
        let new = answers(&[("a", "a"), ("a", "a"), ("b", "b"), ("b", "b")]);
        let mut old = answers(&[("a", "a"), ("a", "b"), ("b", "b"), ("b", "a")]);
        // What only one was asked, and what was erased, is not paired.
        old.insert(SampleId(9), SampleAnswer { output: "a".to_owned(), ..SampleAnswer::default() });
        let metrics = ["f1_macro".to_owned(), "accuracy".to_owned(), "distinct_1".to_owned()];
        let found = corpus_differences(&old, &new, &design("classification"), &metrics);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].metric.as_str(), found[0].to, found[0].from), ("f1_macro", 1.0, 0.5));
        assert_eq!(found[0].p_value, Some(0.5));
        old.insert(SampleId(4), SampleAnswer { output: TOMBSTONE.to_owned(), ..SampleAnswer::default() });
        let found = corpus_differences(&old, &new, &design("classification"), &metrics);
        assert!((found[0].from - 2.0 / 3.0).abs() < 1e-12, "a b b of a a b: {found:?}");
        assert_eq!(corpus_differences(&answers(&[]), &new, &design("classification"), &metrics), []);
    }

    #[test]
    fn better_translations_are_found() {
        let right = "the cat sat on the old mat today";
        let new: Vec<(&str, &str)> = vec![(right, right); 40];
        let old: Vec<(&str, &str)> = vec![(right, "the cat sat on a new mat today"); 40];
        let metrics = ["bleu".to_owned(), "chrf".to_owned(), "wer".to_owned()];
        let found = corpus_differences(&answers(&old), &answers(&new), &design("generation"), &metrics);
        assert_eq!(found.iter().map(|d| d.metric.as_str()).collect::<Vec<_>>(), ["bleu", "chrf", "wer"]);
        assert!(found.iter().all(|d| d.verdict() == Verdict::Better && d.p_value.unwrap() < 0.001), "{found:?}");
    }

    /// Both say the same of references that are likelier to the new one: the answers cannot be told apart, the likelihoods can.
    #[test]
    fn likelier_references_are_found() {
        let mut old = answers(&[("a", "a"); 40]);
        let mut new = old.clone();
        let tell = |answers: &mut SampleAnswers, nats: f64| {
            for (id, answer) in answers {
                let nats = nats + f64::from(u8::try_from(id.0 % 3).unwrap()) / 10.0;
                let told = [(NEGATIVE_LOG_LIKELIHOOD, nats), (REFERENCE_TOKENS, 2.0), (REFERENCE_BYTES, 4.0)];
                answer.scores = told.map(|(key, value)| (key.to_owned(), value)).into();
            }
        };
        tell(&mut old, 2.0);
        tell(&mut new, 1.0);
        let metrics = ["f1_macro", "perplexity", "bits_per_byte"].map(str::to_owned);
        let found = corpus_differences(&old, &new, &design("classification"), &metrics);
        assert_eq!(found.iter().map(|d| d.metric.as_str()).collect::<Vec<_>>(), metrics);
        assert_eq!(found[0].p_value, Some(1.0));
        assert!(found[1..].iter().all(|d| d.verdict() == Verdict::Better && d.p_value.unwrap() < 0.001), "{found:?}");
        assert!((found[1].from.ln() - found[1].to.ln() - 1.0).abs() < 1e-9, "{found:?}");
        // Another tokenizer makes three tokens of a reference.
        let cut = |(id, answer): (&SampleId, &SampleAnswer)| {
            let mut answer = answer.clone();
            answer.scores.insert(REFERENCE_TOKENS.to_owned(), 3.0);
            (*id, answer)
        };
        let other: SampleAnswers = new.iter().map(cut).collect();
        let found = corpus_differences(&old, &other, &design("classification"), &metrics);
        assert_eq!(found.iter().map(|d| d.metric.as_str()).collect::<Vec<_>>(), ["f1_macro", "bits_per_byte"]);
        // One answer whose likelihood nobody knows, as of an endpoint.
        new.values_mut().take(1).for_each(|answer| answer.scores.clear());
        assert_eq!(corpus_differences(&old, &new, &design("classification"), &metrics).len(), 1);
    }

    /// Two systems that err alike often: at 5 %, about one test in twenty finds a difference.
    #[test]
    fn systems_that_are_alike_are_seldom_told_apart() {
        const TRIALS: u32 = 300;
        let (samples, labels) = (60, ["a", "b", "c"]);
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = state.wrapping_add(1);
            splitmix64(state) % n
        };
        let mut found = 0;
        for _ in 0..TRIALS {
            let expected: Vec<usize> = (0..samples).map(|_| below(3) as usize).collect();
            let mut system = || {
                let answer = |e: &usize| if below(10) < 7 { *e } else { below(3) as usize };
                expected.iter().map(answer).collect::<Vec<_>>()
            };
            let (new, old) = (system(), system());
            let of = |answers: &[usize]| {
                let item = |(e, o): (&usize, &usize)| LabelItem {
                    expected: labels[*e].to_owned(),
                    output: labels[*o].to_owned(),
                };
                expected.iter().zip(answers).map(item).collect::<Vec<_>>()
            };
            let items = [of(&new), of(&old)].concat();
            let corpus = Corpus::of_labels(&items, &["f1_macro".to_owned()]).unwrap();
            let moving: Vec<usize> = (0..samples).filter(|i| new[*i] != old[*i]).collect();
            let draws = Draws { count: 199, seed: 3 };
            let compared = compare_corpora(samples, &moving, draws, |places| corpus.scores(places));
            let CorpusComparison { p_value, .. } = compared[0].unwrap();
            found += u32::from(p_value <= 0.05);
        }
        let share = f64::from(found) / f64::from(TRIALS);
        assert!((0.015..=0.09).contains(&share), "{share}");
    }
}
