//! Samples that a model finds unlikely, or knows by heart: a share of all, or beyond a bound.
//!
//! Wenzek et al., "CCNet" (LREC 2020): text that a language model finds unlikely is often broken. The same number tells what a
//! model knows already.

use super::{
    Group, Item, SetStep, Verdict,
    scored::{Scored, percent_of, rounded},
};
use crate::scores::Scores;
use domain::steps::{self, Likely, Reason};
use std::{io, sync::Arc};

pub(super) struct Perplexity {
    settings: steps::Perplexity,
    scored: Scored,
    /// Of each sample that is judged.
    losses: Vec<f32>,
}

impl Perplexity {
    pub(super) fn new(settings: steps::Perplexity, scores: Arc<Scores>) -> Self {
        let scored = Scored::new(scores, settings.held_out);
        Self { settings, scored, losses: Vec::new() }
    }
}

impl SetStep for Perplexity {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        if self.scored.see(number, item)
            && let Some(losses) = self.scored.scores.losses(item.id)
        {
            self.losses.push(if self.settings.of == Likely::Answer { losses.answer } else { losses.all });
        }
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        let s = &self.settings;
        let numbers = self.scored.judged.iter().map(|(number, _)| *number);
        let mut order: Vec<(f32, u32)> = self.losses.iter().copied().zip(numbers).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (lowest, highest) = (percent_of(s.lowest, order.len()), percent_of(s.highest, order.len()));
        for (place, (loss, number)) in order.iter().enumerate() {
            let perplexity = f64::from(*loss).exp();
            let shown = rounded(perplexity, 2);
            if place >= order.len() - highest || (s.above > 0.0 && perplexity > s.above) {
                self.scored.mark(*number, Reason::Unlikely { perplexity: shown });
            } else if place < lowest || perplexity < s.below {
                self.scored.mark(*number, Reason::Expected { perplexity: shown });
            }
        }
        self.losses = Vec::new();
        Ok(Vec::new())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        self.scored.verdict(number)
    }
}
