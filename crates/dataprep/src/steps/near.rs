//! Near duplicates: of texts that say almost the same one stays.
//!
//! Texts are sets of pieces (runs of characters or words of the normal form). Sketches ([`Sketch`]) bring together
//! pairs that are probably similar; every pair is then compared exactly, so that no two samples are joined that are less
//! similar than the threshold. Pairs make groups by single linkage: of A ~ B ~ C one stays, though A and C may differ more.

mod kept;

use super::{
    Item, SetStep, Verdict,
    duplicates::{Rank, rank},
    text::texts,
};
use crate::similar::{Sketch, hash, is_han, normal_form, pieces_of, words};
use domain::steps::{NearDuplicates, Pieces, Reason};
use kept::{Kept, jaccard};
use std::{collections::HashMap, io};

/// Comparisons of a sample with others of a group that agrees with it in a band. Long common openings bring thousands
/// together that are not similar; what is missed in one band is found in another.
const MAX_COMPARED: usize = 500;

/// Beside the pieces about 120 bytes a sample at the default threshold: four for each band.
pub(super) struct Near {
    settings: NearDuplicates,
    sketch: Sketch,
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
            kept: Kept::new(),
            labels: Vec::new(),
            ranks: Vec::new(),
            positions: Vec::new(),
            same: HashMap::new(),
            parents: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    fn pieces(&self, item: &Item) -> Vec<u32> {
        let normal = normal_form(&texts(&item.sample, self.settings.within));
        let (size, han_size) = (self.settings.size as usize, self.settings.han_size as usize);
        match self.settings.pieces {
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

    /// Joins samples that agree in a band, if they are similar. A sample is compared with a group until it is similar to
    /// one of it, and not at all when it belongs to it: many copies do not cost their square.
    fn compare(&mut self, bucket: &[u32]) -> io::Result<()> {
        let threshold = self.settings.threshold - 1e-9;
        let (mut mine, mut other) = (Vec::new(), Vec::new());
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for &x in bucket {
            self.kept.read(x, &mut mine)?;
            let (mut joined, mut apart) = (vec![x], Vec::new());
            for group in groups {
                let (mut belongs, mut compared) = (self.root(x) == self.root(group[0]), 0);
                for &y in &group {
                    if belongs || compared >= MAX_COMPARED {
                        break;
                    }
                    compared += 1;
                    let (size, other_size) = (mine.len() as f64, self.kept.size(y) as f64);
                    if size.min(other_size) < threshold * size.max(other_size)
                        || self.labels[x as usize] != self.labels[y as usize]
                    {
                        continue;
                    }
                    self.kept.read(y, &mut other)?;
                    if jaccard(&mine, &other) >= threshold {
                        self.join(x, y);
                        belongs = true;
                    }
                }
                if belongs {
                    joined.extend(group);
                } else {
                    apart.push(group);
                }
            }
            apart.push(joined);
            groups = apart;
        }
        Ok(())
    }
}

impl SetStep for Near {
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()> {
        let pieces = self.pieces(item);
        let label = item.sample.label.as_ref().filter(|_| self.settings.same_label);
        let label = label.map_or(0, |label| hash(label.bytes().map(u64::from)) as u32);
        self.labels.push(label);
        self.ranks.push(rank(number, item, self.settings.keep, self.settings.order));
        self.positions.push(item.position);
        self.parents.push(number);
        let bands = &mut self.bands;
        self.sketch.each_band(&pieces, |band, hash| bands[band].push(hash));
        if !pieces.is_empty() {
            let key = hash(pieces.iter().map(|piece| u64::from(*piece)).chain([1 << 32, u64::from(label)]));
            self.parents[number as usize] = *self.same.entry(key).or_insert(number);
        }
        self.kept.push(&pieces)
    }

    fn decide(&mut self) -> io::Result<Vec<(u32, Vec<u32>)>> {
        let count = self.parents.len() as u32;
        self.same = HashMap::new();
        let firsts: Vec<u32> =
            (0..count).filter(|i| self.parents[*i as usize] == *i && self.kept.size(*i) > 0).collect();
        for band in std::mem::take(&mut self.bands) {
            let mut order: Vec<(u32, u32)> =
                firsts.iter().map(|i| (band[*i as usize] ^ self.labels[*i as usize], *i)).collect();
            order.sort_unstable();
            for bucket in order.chunk_by(|a, b| a.0 == b.0).filter(|bucket| bucket.len() > 1) {
                self.compare(&bucket.iter().map(|(_, i)| *i).collect::<Vec<_>>())?;
            }
        }
        let mut best: Vec<u32> = (0..count).collect();
        for i in 0..count {
            let root = self.root(i) as usize;
            if self.ranks[i as usize] > self.ranks[best[root] as usize] {
                best[root] = i;
            }
        }
        let mut groups: HashMap<u32, Vec<u32>> = HashMap::new();
        let (mut mine, mut other) = (Vec::new(), Vec::new());
        for i in 0..count {
            let stays = best[self.root(i) as usize];
            let mut similarity = 1.0;
            if stays != i {
                self.kept.read(i, &mut mine)?;
                self.kept.read(stays, &mut other)?;
                similarity = jaccard(&mine, &other);
                groups.entry(self.positions[stays as usize]).or_default().push(self.positions[i as usize]);
            }
            self.verdicts.push((stays, similarity as f32));
        }
        self.kept = Kept::new();
        Ok(groups.into_iter().collect())
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
