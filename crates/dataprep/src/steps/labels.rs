//! Labels that are probably wrong: a classifier of embeddings that has not seen the sample is sure of another one, or texts
//! that say nearly the same have another one.
//!
//! Northcutt, Jiang & Chuang, "Confident learning: estimating uncertainty in dataset labels" (JAIR 2021), with a softmax
//! regression on embeddings in place of a network trained for each fold.

mod softmax;

use super::{
    Group, Item, SetStep, Verdict,
    nearest::{References, drawn},
    scored::{Scored, rounded},
};
use crate::{scores::Scores, similar::hash};
use domain::steps::{self, LabelMethod, Reason, StepError};
use softmax::Softmax;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

/// Embeddings whose labels are told at a time.
const BLOCK: usize = 4096;
/// Different labels that a classifier learns at most: beyond, hardly one has enough samples in every fold.
const MAX_LABELS: u64 = 1000;
/// Probabilities that are kept at most, one of each label for each sample: 800 MB.
const MAX_PROBABILITIES: u64 = 200_000_000;

pub(super) struct LabelProblems {
    settings: steps::LabelProblems,
    scored: Scored,
    /// Of each sample that is judged.
    labels: Vec<String>,
}

impl LabelProblems {
    pub(super) fn new(settings: steps::LabelProblems, scores: Arc<Scores>) -> Self {
        let scored = Scored::new(scores, settings.held_out);
        Self { settings, scored, labels: Vec::new() }
    }

    /// A label that others of the same meaning have, by the share of them that agree with the sample.
    fn by_neighbours(&self, rows: &[u32], of: &[u32]) -> io::Result<Vec<Doubt>> {
        let s = &self.settings;
        let references = References::draw(&self.scored.scores, rows, s.sample, s.seed)?;
        let mut doubts = Vec::new();
        references.each_nearest(&self.scored.scores, rows, s.neighbours as usize, |i, nearest| {
            let near = nearest.iter().take_while(|(_, cosine)| f64::from(*cosine) >= s.similarity - 1e-6);
            let mut votes: BTreeMap<u32, usize> = BTreeMap::new();
            for (reference, _) in near {
                *votes.entry(of[references.places[*reference as usize] as usize]).or_default() += 1;
            }
            let all: usize = votes.values().sum();
            let agree = votes.get(&of[i]).copied().unwrap_or_default();
            let other = votes.into_iter().find(|(label, n)| *label != of[i] && 2 * n > all);
            doubts.extend(other.map(|(label, _)| Doubt { place: i, label, own: agree as f64 / all as f64 }));
        })?;
        Ok(doubts)
    }

    /// Labels of which a classifier is surer than it is on average of samples that have them.
    fn by_classifier(&self, rows: &[u32], of: &[u32], classes: usize) -> io::Result<Vec<Doubt>> {
        let probabilities = self.out_of_fold(rows, of, classes)?;
        let (mut sums, mut counts) = (vec![0f64; classes], vec![0u32; classes]);
        for (p, label) in probabilities.chunks_exact(classes).zip(of) {
            sums[*label as usize] += f64::from(p[*label as usize]);
            counts[*label as usize] += 1;
        }
        let thresholds: Vec<f64> = sums.iter().zip(&counts).map(|(sum, n)| sum / f64::from((*n).max(1))).collect();
        let doubt = |(place, p): (usize, &[f32])| {
            let (best, probability) = p.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            let own = of[place] as usize;
            let is_sure = best != own && f64::from(probability) >= thresholds[best];
            is_sure.then(|| Doubt { place, label: best as u32, own: f64::from(p[own]) })
        };
        Ok(probabilities.chunks_exact(classes).enumerate().filter_map(doubt).collect())
    }

    /// The probability of each label for each sample, one sample after the other, by classifiers that have learned from the
    /// other folds.
    fn out_of_fold(&self, rows: &[u32], of: &[u32], classes: usize) -> io::Result<Vec<f32>> {
        let (s, scores) = (&self.settings, &self.scored.scores);
        let folds = folds(of, s.folds as u32, s.seed);
        let learned_from = drawn(rows.len(), s.sample, s.seed);
        let mut probabilities = vec![0f32; rows.len() * classes];
        for fold in 0..s.folds as u32 {
            let places: Vec<u32> = learned_from.iter().copied().filter(|i| folds[*i as usize] != fold).collect();
            let embeddings = scores.embeddings(&places.iter().map(|i| rows[*i as usize]).collect::<Vec<_>>())?;
            let labels: Vec<u32> = places.iter().map(|i| of[*i as usize]).collect();
            let model = Softmax::fit(embeddings, scores.dimensions(), &labels, classes);
            let judged: Vec<usize> = (0..rows.len()).filter(|i| folds[*i] == fold).collect();
            for block in judged.chunks(BLOCK) {
                let embeddings = scores.embeddings(&block.iter().map(|i| rows[*i]).collect::<Vec<_>>())?;
                for (place, p) in block.iter().zip(model.probabilities(embeddings).chunks_exact(classes)) {
                    probabilities[place * classes..(place + 1) * classes].copy_from_slice(p);
                }
            }
        }
        Ok(probabilities)
    }
}

/// A sample whose label is in doubt.
struct Doubt {
    place: usize,
    /// The more probable one.
    label: u32,
    /// How probable its own is.
    own: f64,
}

/// A fold for each sample, so that every fold has as many of each label.
fn folds(of: &[u32], count: u32, seed: u64) -> Vec<u32> {
    let mut order: Vec<(u32, u64, usize)> =
        of.iter().enumerate().map(|(i, label)| (*label, hash([seed, i as u64, 7]), i)).collect();
    order.sort_unstable();
    let mut folds = vec![0; of.len()];
    for (place, (.., i)) in order.into_iter().enumerate() {
        folds[i] = place as u32 % count;
    }
    folds
}

impl SetStep for LabelProblems {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        if let Some(label) = &item.sample.label
            && self.scored.see(number, item)
        {
            self.labels.push(label.clone());
        }
        Ok(())
    }

    fn refusal(&self, step: usize) -> Option<StepError> {
        if self.settings.method != LabelMethod::Confident {
            return None;
        }
        let labels = self.labels.iter().collect::<BTreeSet<_>>().len() as u64;
        let samples = self.labels.len() as u64;
        let most = MAX_LABELS.min(MAX_PROBABILITIES / samples.max(1));
        (labels > most).then_some(StepError::Labels { step, labels, samples, most })
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        let labels = std::mem::take(&mut self.labels);
        let names: Vec<&String> = labels.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let of: Vec<u32> = labels.iter().map(|label| names.partition_point(|name| *name < label) as u32).collect();
        if names.len() < 2 {
            return Ok(Vec::new());
        }
        let (numbers, rows): (Vec<u32>, Vec<u32>) = self.scored.judged.iter().copied().unzip();
        let doubts = match self.settings.method {
            LabelMethod::Confident => self.by_classifier(&rows, &of, names.len())?,
            LabelMethod::Neighbours => self.by_neighbours(&rows, &of)?,
        };
        for Doubt { place, label, own } in doubts {
            let label = names[label as usize].clone();
            self.scored.mark(numbers[place], Reason::LabelDoubt { label, probability: rounded(own, 3) });
        }
        Ok(Vec::new())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        self.scored.verdict(number)
    }
}
