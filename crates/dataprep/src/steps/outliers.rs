//! Outliers: samples whose embeddings are farthest from their nearest neighbours.
//!
//! Ramaswamy, Rastogi & Shim, "Efficient algorithms for mining outliers from large data sets" (SIGMOD 2000), with the mean
//! distance of the k nearest (Angiulli & Pizzuti 2002). Of large sets neighbours are looked for in a sample, which keeps the
//! order of distances (Sugiyama & Borgwardt 2013).

use super::{
    Group, Item, SetStep, Verdict,
    nearest::References,
    scored::{Scored, percent_of, rounded},
};
use crate::scores::Scores;
use domain::steps::{self, Reason};
use std::{io, sync::Arc};

pub(super) struct Outliers {
    settings: steps::Outliers,
    scored: Scored,
}

impl Outliers {
    pub(super) fn new(settings: steps::Outliers, scores: Arc<Scores>) -> Self {
        let scored = Scored::new(scores, settings.held_out);
        Self { settings, scored }
    }
}

impl SetStep for Outliers {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        self.scored.see(number, item);
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        let s = &self.settings;
        let scores = Arc::clone(&self.scored.scores);
        let (numbers, rows): (Vec<u32>, Vec<u32>) = self.scored.judged.iter().copied().unzip();
        let wanted = percent_of(s.percent, rows.len());
        if wanted == 0 || rows.len() < 2 {
            return Ok(Vec::new());
        }
        let references = References::draw(&scores, &rows, s.sample, s.seed)?;
        let mut order: Vec<(f64, u32)> = Vec::with_capacity(rows.len());
        references.each_nearest(&scores, &rows, s.neighbours as usize, |i, nearest| {
            let sum: f64 = nearest.iter().map(|(_, cosine)| 1.0 - f64::from(*cosine)).sum();
            order.push((sum / nearest.len().max(1) as f64, numbers[i]));
        })?;
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (distance, number) in order.into_iter().take(wanted) {
            self.scored.mark(number, Reason::Outlier { distance: rounded(distance, 3) });
        }
        Ok(Vec::new())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        self.scored.verdict(number)
    }
}
