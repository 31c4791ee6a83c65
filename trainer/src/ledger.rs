//! What a run learnt of each training sample: the mean loss of its targets each time it was trained on, before
//! that step. Costs no forward pass of its own. Of a pair it is `−log σ` of its reward margin ([`Rewards::loss`]).
//!
//! Toneva et al. 2018 (arXiv:1812.05159): a sample is *forgotten* when it was learnt in one epoch and is not in the
//! next; it is *never learnt* when it is not in any. Learnt means here that the model gives its target tokens
//! more than one half each in geometric mean, a mean loss below ln 2: then it would mostly choose them itself. Of a pair
//! the same bound says that its margin is above 0: the chosen answer has gained more than the rejected one.
//!
//! [`Rewards::loss`]: crate::preference::Rewards::loss

use crate::error::TrainError;
use candle_core::{Device, Result, Tensor};
use domain::run::Learning;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Name of the file in the out folder: one [`SampleLosses`] per line.
pub const LEDGER_FILE: &str = "sample-losses.jsonl";
/// Longest list in [`Learning`]; its documentation says a hundred.
const LISTED: usize = 100;

/// Losses by epoch and sample; NaN where a sample was not trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    samples: usize,
    epochs: Vec<Vec<f32>>,
}

/// All losses of one training sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleLosses {
    /// Place of the sample in the training file, from 0.
    pub index: u32,
    /// Mean loss per target in nats, or of a pair `−log σ` of its margin, by epoch; `None` where it was not trained on.
    pub losses: Vec<Option<f32>>,
}

impl SampleLosses {
    fn seen(&self) -> impl Iterator<Item = f32> {
        self.losses.iter().flatten().copied()
    }

    fn is_never_learnt(&self) -> bool {
        self.seen().count() > 0 && !self.seen().any(is_learnt)
    }

    /// How often it was forgotten.
    fn forgettings(&self) -> usize {
        let seen: Vec<bool> = self.seen().map(is_learnt).collect();
        seen.windows(2).filter(|w| w[0] && !w[1]).count()
    }
}

fn is_learnt(loss: f32) -> bool {
    loss < std::f32::consts::LN_2
}

impl Ledger {
    /// Nothing known of `samples` samples.
    #[must_use]
    pub fn new(samples: usize) -> Self {
        Self { samples, epochs: Vec::new() }
    }

    /// Takes note of a loss.
    pub fn record(&mut self, epoch: usize, sample: u32, loss: f32) {
        if self.epochs.len() <= epoch {
            self.epochs.resize(epoch + 1, vec![f32::NAN; self.samples]);
        }
        self.epochs[epoch][sample as usize] = loss;
    }

    /// (epochs, samples), for a checkpoint.
    pub fn tensor(&self) -> Result<Tensor> {
        Tensor::from_vec(self.epochs.concat(), (self.epochs.len(), self.samples), &Device::Cpu)
    }

    /// Bytes of [`Ledger::tensor`].
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes_after(self.epochs.len() as u64)
    }

    /// The same after so many epochs.
    #[must_use]
    pub fn bytes_after(&self, epochs: u64) -> u64 {
        4 * epochs * self.samples as u64
    }

    /// Takes back what [`Ledger::tensor`] gave.
    pub fn restore(&mut self, saved: &Tensor) -> Result<()> {
        self.epochs = saved.to_vec2()?;
        Ok(())
    }

    /// Every sample that was trained on.
    fn seen(&self) -> impl Iterator<Item = SampleLosses> {
        let of = |i: usize| self.epochs.iter().map(|epoch| Some(epoch[i]).filter(|x| !x.is_nan())).collect();
        let all = (0..self.samples).map(move |i| SampleLosses { index: i as u32, losses: of(i) });
        all.filter(|s| s.seen().count() > 0)
    }

    /// What was never learnt and what was forgotten.
    #[must_use]
    pub fn learning(&self) -> Learning {
        let last = |s: &SampleLosses| s.seen().last().unwrap_or(0.0);
        let mut never: Vec<SampleLosses> = self.seen().filter(SampleLosses::is_never_learnt).collect();
        never.sort_by(|a, b| last(b).total_cmp(&last(a)));
        let mut forgotten: Vec<SampleLosses> = self.seen().filter(|s| s.forgettings() > 0).collect();
        forgotten.sort_by_key(|s| std::cmp::Reverse(s.forgettings()));
        let first = |all: &[SampleLosses]| all.iter().take(LISTED).map(|s| s.index).collect();
        Learning {
            seen: self.seen().count() as u32,
            never_learnt: never.len() as u32,
            never_learnt_samples: first(&never),
            forgotten: forgotten.len() as u32,
            forgotten_samples: first(&forgotten),
        }
    }

    /// Writes [`LEDGER_FILE`] into the out folder.
    pub fn write(&self, out: &Path) -> std::result::Result<(), TrainError> {
        let path = out.join(LEDGER_FILE);
        let write = || {
            let mut file = io::BufWriter::new(fs::File::create(&path)?);
            for sample in self.seen() {
                serde_json::to_writer(&mut file, &sample)?;
                file.write_all(b"\n")?;
            }
            file.flush()
        };
        write().map_err(|source| TrainError::Write { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_and_never_learnt_are_told_apart() -> Result<()> {
        let mut ledger = Ledger::new(6);
        let losses: [&[f32]; 5] =
            [&[3.0, 0.1, 2.0, 0.1], &[3.0, 2.0, 1.0, 0.8], &[0.1; 4], &[0.1, 2.0, 0.1, 2.0], &[5.0, 4.0, 3.0, 2.0]];
        for (sample, losses) in (0..).zip(losses) {
            losses.iter().enumerate().for_each(|(epoch, loss)| ledger.record(epoch, sample, *loss));
        }
        let learning = ledger.learning();
        assert_eq!((learning.seen, learning.never_learnt, learning.forgotten), (5, 2, 2));
        assert_eq!((learning.never_learnt_samples, learning.forgotten_samples), (vec![4, 1], vec![3, 0]));
        let mut restored = Ledger::new(6);
        restored.restore(&ledger.tensor()?)?;
        assert_eq!(restored.learning(), ledger.learning());
        Ok(())
    }

    #[test]
    fn an_empty_ledger_is_no_error() -> Result<()> {
        let mut ledger = Ledger::new(3);
        assert_eq!(ledger.learning(), Learning::default());
        ledger.restore(&Ledger::new(3).tensor()?)?;
        assert_eq!(ledger, Ledger::new(3));
        Ok(())
    }
}
