//! What the steps that read scores share: which samples they judge, and what they have found of each.

use super::{Item, Verdict};
use crate::scores::Scores;
use domain::{sample::Split, steps::Reason};
use std::{collections::HashMap, sync::Arc};

/// Samples as they come to a step, with those marked that it is about: of training, or of all splits, and with a score.
pub(super) struct Scored {
    pub(super) scores: Arc<Scores>,
    held_out: bool,
    /// (number, row of its score) of each sample that is judged.
    pub(super) judged: Vec<(u32, u32)>,
    /// Why a sample goes.
    found: HashMap<u32, Reason>,
}

impl Scored {
    pub(super) fn new(scores: Arc<Scores>, held_out: bool) -> Self {
        Self { scores, held_out, judged: Vec::new(), found: HashMap::new() }
    }

    /// Whether this sample is one to judge.
    pub(super) fn see(&mut self, number: u32, item: &Item) -> bool {
        let row = self.scores.row(item.id).filter(|_| self.held_out || item.split == Split::Train);
        self.judged.extend(row.map(|row| (number, row)));
        row.is_some()
    }

    /// The sample goes for this reason, unless another one was found before.
    pub(super) fn mark(&mut self, number: u32, reason: Reason) {
        self.found.entry(number).or_insert(reason);
    }

    pub(super) fn verdict(&self, number: u32) -> Verdict {
        self.found.get(&number).map_or(Verdict::Keep, |reason| Verdict::Remove(reason.clone()))
    }
}

/// So many digits say enough, and are the same on every machine.
pub(super) fn rounded(x: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (x * scale).round() / scale
}

/// How many of `samples` a percentage is.
pub(super) fn percent_of(percent: f64, samples: usize) -> usize {
    // A hair more, so that 10 % of 30 is 3.
    (percent * samples as f64 / 100.0 + 1e-9) as usize
}
