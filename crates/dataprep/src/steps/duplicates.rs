//! Exact duplicates: of equal samples one stays.

use super::{Item, SetStep, Verdict, text::texts};
use crate::{
    hash::content_hash,
    similar::{hash, normal_form},
};
use domain::{
    sample::Split,
    steps::{ExactDuplicates, Keep, Order, Reason, Where},
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

impl SetStep for Duplicates {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        self.keys.push(self.key(item));
        self.ranks.push(rank(number, item, self.settings.keep, self.settings.order));
        self.positions.push(item.position);
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<(u32, Vec<u32>)>> {
        for (number, key) in self.keys.iter().enumerate() {
            let kept = self.kept.entry(*key).or_insert(number as u32);
            if self.ranks[number] > self.ranks[*kept as usize] {
                *kept = number as u32;
            }
        }
        let mut groups: HashMap<u32, Vec<u32>> = HashMap::new();
        for (number, key) in self.keys.iter().enumerate() {
            let kept = self.kept[key];
            if kept != number as u32 {
                groups.entry(self.positions[kept as usize]).or_default().push(self.positions[number]);
            }
        }
        Ok(groups.into_iter().collect())
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
