//! Class balance: training samples of frequent labels are removed, or those of rare ones repeated. Validation and test
//! stay as they are, so that scores speak of the data as it comes.

use super::{Group, Item, SetStep, Verdict};
use crate::{hash::content_hash, similar::hash};
use domain::{
    sample::Split,
    steps::{self, Reason},
};
use std::{collections::BTreeMap, io};

pub(super) struct Balance {
    settings: steps::Balance,
    /// Label → (order by seed and content, number) of its training samples.
    by_label: BTreeMap<String, Vec<(u64, u32)>>,
    verdicts: Vec<Kept>,
}

#[derive(Clone, Copy)]
enum Kept {
    Yes,
    No,
    /// As many copies more.
    Times(u32),
}

impl Balance {
    pub(super) fn new(settings: steps::Balance) -> Self {
        Self { settings, by_label: BTreeMap::new(), verdicts: Vec::new() }
    }
}

impl SetStep for Balance {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        self.verdicts.push(Kept::Yes);
        let (Split::Train, Some(label)) = (item.split, &item.sample.label) else { return Ok(()) };
        let mut start = [0; 8];
        start.copy_from_slice(&content_hash(&item.sample)[..8]);
        let order = hash([self.settings.seed, u64::from_le_bytes(start)]);
        self.by_label.entry(label.clone()).or_default().push((order, number));
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        let sizes = self.by_label.values().map(Vec::len);
        let (rarest, commonest) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
        let most = (rarest as f64 * self.settings.ratio) as usize;
        let least = (commonest as f64 / self.settings.ratio).ceil() as usize;
        for samples in self.by_label.values_mut() {
            samples.sort_unstable();
            if self.settings.repeat {
                let missing = least.saturating_sub(samples.len());
                for (i, (_, number)) in samples.iter().enumerate() {
                    let copies = missing / samples.len() + usize::from(i < missing % samples.len());
                    if copies > 0 {
                        self.verdicts[*number as usize] = Kept::Times(copies as u32);
                    }
                }
            } else {
                for (_, number) in samples.iter().skip(most) {
                    self.verdicts[*number as usize] = Kept::No;
                }
            }
        }
        Ok(Vec::new())
    }

    fn judge(&self, number: u32, item: &Item) -> Verdict {
        let label = || item.sample.label.clone().unwrap_or_default();
        match self.verdicts[number as usize] {
            Kept::Yes => Verdict::Keep,
            Kept::No => Verdict::Remove(Reason::Frequent { label: label() }),
            Kept::Times(copies) => Verdict::Repeat(copies, Reason::Rare { label: label() }),
        }
    }
}
