//! Near duplicates: of texts that say almost the same one stays.
//!
//! Texts are sets of pieces (runs of characters or words of the normal form). Sketches ([`Sketch`]) bring together
//! pairs that are probably similar; every pair is then compared exactly, so that no two samples are joined that are less
//! similar than the threshold. Pairs make groups by single linkage: of A ~ B ~ C one stays, though A and C may differ more.
//! Texts are taken to pieces, and pairs compared, by all cores; what is found does not depend on their number.

mod kept;

use super::{
    Group, Item, SetStep, Verdict,
    duplicates::{Groups, Rank, rank},
    text::texts,
};
use crate::similar::{Sketch, hash, is_han, normal_form, pieces_of, words};
use domain::steps::{NearDuplicates, Pieces, Reason};
use kept::{Kept, jaccard};
use rayon::prelude::*;
use std::{collections::HashMap, io};

/// Comparisons of a sample with others that agree with it in a band. Long common openings bring thousands together that
/// are not similar. They stand in the order of further bands, so that those come first that agree in more than this one;
/// and what is missed in one band is found in another.
const MAX_COMPARED: usize = 200;
/// Texts taken to pieces at a time.
const BATCH_TEXTS: usize = 4096;
/// Or fewer, when they are long.
const BATCH_BYTES: usize = 8 << 20;

/// Beside the pieces about 130 bytes a sample at the default threshold: four for each band, and what is known of the sample.
pub(super) struct Near {
    settings: NearDuplicates,
    sketch: Sketch,
    /// Texts that have come and not been taken to pieces yet.
    waiting: Vec<String>,
    waiting_bytes: usize,
    /// Of each band, the hash of each sample.
    bands: Vec<Vec<u32>>,
    kept: Kept,
    /// Hash of the label; samples of different labels are no copies.
    labels: Vec<u32>,
    ranks: Vec<Rank>,
    positions: Vec<u32>,
    /// Samples whose pieces are the same → the first of them. Only that one is looked for.
    same: HashMap<u64, u32>,
    /// Of each sample one of its group that came before, or itself.
    parents: Vec<u32>,
    /// Of each sample the one of its group that stays, and how similar it is to that one.
    verdicts: Vec<(u32, f32)>,
}

impl Near {
    pub(super) fn new(settings: NearDuplicates) -> Self {
        let sketch = Sketch::new(settings.threshold, settings.seed);
        Self {
            bands: vec![Vec::new(); sketch.bands()],
            sketch,
            settings,
            waiting: Vec::new(),
            waiting_bytes: 0,
            kept: Kept::new(),
            labels: Vec::new(),
            ranks: Vec::new(),
            positions: Vec::new(),
            same: HashMap::new(),
            parents: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Takes the waiting texts to pieces and sketches them.
    fn take_in(&mut self) -> io::Result<()> {
        let texts = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let (settings, sketch) = (&self.settings, &self.sketch);
        let cut = |text: &String| {
            let pieces = pieces(settings, text);
            let bands = sketch.bands_of(&pieces);
            (pieces, bands)
        };
        let cut: Vec<(Vec<u32>, Vec<u32>)> = texts.par_iter().map(cut).collect();
        for (pieces, bands) in cut {
            let number = self.kept.len() as u32;
            for (all, hash) in self.bands.iter_mut().zip(bands) {
                all.push(hash);
            }
            if !pieces.is_empty() {
                let label = u64::from(self.labels[number as usize]);
                let key = hash(pieces.iter().map(|piece| u64::from(*piece)).chain([1 << 32, label]));
                self.parents[number as usize] = *self.same.entry(key).or_insert(number);
            }
            self.kept.push(&pieces)?;
        }
        Ok(())
    }

    /// The first sample of the group, with paths halved on the way (Tarjan & van Leeuwen 1984).
    fn root(&mut self, mut i: u32) -> u32 {
        while self.parents[i as usize] != i {
            let above = self.parents[i as usize];
            self.parents[i as usize] = self.parents[above as usize];
            i = above;
        }
        i
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// Joins samples that agree in this band and are similar. `firsts` are those to look at.
    fn join_band(&mut self, band: usize, firsts: &[u32]) -> io::Result<()> {
        let of = |further: usize| &self.bands[(band + further) % self.bands.len()];
        let mut order: Vec<(u32, u32, u32, u32)> = firsts
            .par_iter()
            .map(|i| {
                let at = *i as usize;
                (of(0)[at] ^ self.labels[at], of(1)[at], of(2)[at], *i)
            })
            .collect();
        order.par_sort_unstable();
        let roots: Vec<u32> = (0..self.parents.len() as u32).map(|i| self.root(i)).collect();
        let buckets: Vec<&[_]> = order.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1).collect();
        let pairs: Vec<Vec<(u32, u32)>> =
            buckets.into_par_iter().map(|bucket| self.compare(bucket, &roots)).collect::<io::Result<_>>()?;
        for (a, b) in pairs.into_iter().flatten() {
            self.join(a, b);
        }
        Ok(())
    }

    /// Similar pairs among samples that agree in a band, so many that they join what belongs together. A sample is compared
    /// with a group until it is similar to one of it, and not at all when it belongs to it: many copies do not cost their
    /// square.
    fn compare(&self, bucket: &[(u32, u32, u32, u32)], roots: &[u32]) -> io::Result<Vec<(u32, u32)>> {
        let mut pairs = Vec::new();
        let (mut mine, mut other) = (Vec::new(), Vec::new());
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for &(.., x) in bucket {
            self.kept.read(x, &mut mine)?;
            let (mut own, mut left, mut at) = (vec![x], MAX_COMPARED, groups.len());
            while at > 0 && left > 0 {
                at -= 1;
                let mut belongs = roots[x as usize] == roots[groups[at][0] as usize];
                for &y in groups[at].iter().rev() {
                    if belongs || left == 0 {
                        break;
                    }
                    left -= 1;
                    if self.is_similar(&mine, y, &mut other)? && self.labels[x as usize] == self.labels[y as usize] {
                        pairs.push((x, y));
                        belongs = true;
                    }
                }
                if belongs {
                    // The last group takes its place; it has been compared.
                    let mut group = groups.swap_remove(at);
                    if group.len() < own.len() {
                        std::mem::swap(&mut group, &mut own);
                    }
                    group.append(&mut own);
                    own = group;
                }
            }
            groups.push(own);
        }
        Ok(pairs)
    }

    fn is_similar(&self, mine: &[u32], y: u32, other: &mut Vec<u32>) -> io::Result<bool> {
        let threshold = self.settings.threshold - 1e-9;
        let (size, other_size) = (mine.len() as f64, self.kept.size(y) as f64);
        if size.min(other_size) < threshold * size.max(other_size) {
            return Ok(false);
        }
        self.kept.read(y, other)?;
        Ok(jaccard(mine, other) >= threshold)
    }
}

/// The pieces of a text, hashed and sorted, each once.
fn pieces(settings: &NearDuplicates, text: &str) -> Vec<u32> {
    let normal = normal_form(text);
    let (size, han_size) = (settings.size as usize, settings.han_size as usize);
    match settings.pieces {
        Pieces::Characters => pieces_of(&normal, size, han_size),
        Pieces::Words => {
            let words: Vec<&str> = words(&normal).collect();
            let han = words.iter().filter(|word| word.starts_with(is_han)).count();
            let size = if 2 * han > words.len() { han_size } else { size };
            let windows = words.windows(size.min(words.len()).max(1));
            let hashes = windows.map(|w| hash(w.iter().flat_map(|w| w.bytes().map(u64::from).chain([256]))) as u32);
            let mut hashes: Vec<u32> = hashes.collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes
        }
    }
}

impl SetStep for Near {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        let label = item.sample.label.as_ref().filter(|_| self.settings.same_label);
        self.labels.push(label.map_or(0, |label| hash(label.bytes().map(u64::from)) as u32));
        self.ranks.push(rank(number, item, self.settings.keep, self.settings.order));
        self.positions.push(item.position);
        self.parents.push(number);
        let text = texts(&item.sample, self.settings.within);
        self.waiting_bytes += text.len();
        self.waiting.push(text);
        if self.waiting.len() == BATCH_TEXTS || self.waiting_bytes > BATCH_BYTES { self.take_in() } else { Ok(()) }
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        self.take_in()?;
        self.kept.finish()?;
        self.same = HashMap::new();
        let count = self.parents.len() as u32;
        let firsts: Vec<u32> =
            (0..count).filter(|i| self.parents[*i as usize] == *i && self.kept.size(*i) > 0).collect();
        for band in 0..self.bands.len() {
            self.join_band(band, &firsts)?;
        }
        self.bands = Vec::new();
        let mut best: Vec<u32> = (0..count).collect();
        for i in 0..count {
            let root = self.root(i) as usize;
            if self.ranks[i as usize] > self.ranks[best[root] as usize] {
                best[root] = i;
            }
        }
        let mut groups = Groups::new(self.settings.keep);
        let (mut mine, mut other) = (Vec::new(), Vec::new());
        for i in 0..count {
            let stays = best[self.root(i) as usize];
            let mut similarity = 1.0;
            if stays != i {
                self.kept.read(i, &mut mine)?;
                self.kept.read(stays, &mut other)?;
                similarity = jaccard(&mine, &other);
                groups.add(stays, i, &self.positions, &self.ranks);
            }
            self.verdicts.push((stays, similarity as f32));
        }
        self.kept = Kept::new();
        Ok(groups.finish())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        let (stays, similarity) = self.verdicts[number as usize];
        if stays == number {
            return Verdict::Keep;
        }
        // Two digits say enough, and are the same on every machine.
        let similarity = (f64::from(similarity) * 100.0).round() / 100.0;
        Verdict::Remove(Reason::NearDuplicate { of: self.positions[stays as usize], similarity })
    }
}

#[cfg(test)]
mod tests;
