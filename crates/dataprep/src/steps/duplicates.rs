//! Exact duplicates: of equal samples one stays.

use super::{Group, Item, SetStep, Verdict, text::texts};
use crate::{
    hash::content_hash,
    similar::{hash, normal_form},
};
use domain::{
    sample::Split,
    steps::{Because, ExactDuplicates, Keep, Order, Reason, Where},
};
use std::{collections::HashMap, io};

/// 16 bytes a sample for its key, 12 for its rank and place.
pub(super) struct Duplicates {
    settings: ExactDuplicates,
    keys: Vec<u128>,
    ranks: Vec<Rank>,
    positions: Vec<u32>,
    /// Key → number of the sample that stays.
    kept: HashMap<u128, u32>,
}

/// Of several samples the one with the largest rank stays: split first, then the setting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u8, u64);

impl Duplicates {
    pub(super) fn new(settings: ExactDuplicates) -> Self {
        Self { settings, keys: Vec::new(), ranks: Vec::new(), positions: Vec::new(), kept: HashMap::new() }
    }

    fn key(&self, item: &Item) -> u128 {
        let s = &self.settings;
        if s.within == Where::Both && !s.normalise {
            let mut key = [0; 16];
            key.copy_from_slice(&content_hash(&item.sample)[..16]);
            return u128::from_le_bytes(key);
        }
        let text = texts(&item.sample, s.within);
        let text = if s.normalise { normal_form(&text) } else { text };
        let half = |salt: u64| u128::from(hash([salt].into_iter().chain(text.bytes().map(u64::from))));
        half(1) << 64 | half(2)
    }
}

/// The rank of a sample by these settings; `number` is its place in the order.
pub(super) fn rank(number: u32, item: &Item, keep: Keep, order: Order) -> Rank {
    let held_out = match item.split {
        Split::Train => 0,
        Split::Validation => 1,
        Split::Test => 2,
    };
    let split = if order == Order::HeldOut { held_out } else { 2 - held_out };
    let within = match keep {
        Keep::First => u64::from(u32::MAX - number),
        Keep::Last => u64::from(number),
        // Of equally long ones the first.
        Keep::Longest => {
            let length = item.sample.answer().map_or(0, |a| a.chars().count()) as u64;
            length << 32 | u64::from(u32::MAX - number)
        }
    };
    Rank(split, within)
}

/// Groups of copies for the report, gathered copy by copy.
pub(super) struct Groups {
    keep: Keep,
    by_kept: HashMap<u32, Group>,
}

impl Groups {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, by_kept: HashMap::new() }
    }

    /// Notes that one sample goes and another stays for it, by their numbers.
    pub(super) fn add(&mut self, stays: u32, goes: u32, positions: &[u32], ranks: &[Rank]) {
        let [stays, goes] = [stays as usize, goes as usize];
        let group = self.by_kept.entry(positions[stays]).or_insert_with(|| Group {
            kept: positions[stays],
            because: Because::Split,
            others: Vec::new(),
        });
        if ranks[stays].0 == ranks[goes].0 {
            group.because = match self.keep {
                Keep::First => Because::First,
                Keep::Last => Because::Last,
                Keep::Longest => Because::Longest,
            };
        }
        group.others.push(positions[goes]);
    }

    pub(super) fn finish(self) -> Vec<Group> {
        self.by_kept.into_values().collect()
    }
}

impl SetStep for Duplicates {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        self.keys.push(self.key(item));
        self.ranks.push(rank(number, item, self.settings.keep, self.settings.order));
        self.positions.push(item.position);
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        for (number, key) in self.keys.iter().enumerate() {
            let kept = self.kept.entry(*key).or_insert(number as u32);
            if self.ranks[number] > self.ranks[*kept as usize] {
                *kept = number as u32;
            }
        }
        let mut groups = Groups::new(self.settings.keep);
        for (number, key) in self.keys.iter().enumerate() {
            let kept = self.kept[key];
            if kept != number as u32 {
                groups.add(kept, number as u32, &self.positions, &self.ranks);
            }
        }
        Ok(groups.finish())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        let kept = self.kept[&self.keys[number as usize]];
        if kept == number {
            Verdict::Keep
        } else {
            Verdict::Remove(Reason::Duplicate { of: self.positions[kept as usize] })
        }
    }
}
