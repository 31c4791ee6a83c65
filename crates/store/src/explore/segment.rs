//! One segment of an index: where each word and each value of a facet is, among 65,536 positions.

use dataprep::words::each_word;
use domain::{
    dataset::SampleRow,
    explore::{Field, characters, fields},
};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Positions of a segment, as a power of two: as many as one container of a bitmap has.
pub(super) const SEGMENT_BITS: u32 = 16;
/// From here on a bit set is smaller than a list.
const DENSE: usize = 4096;
const BIT_SET_BYTES: usize = 8192;
/// Fields of the source row with more values than this are no facets.
const MAX_SLICE_VALUES: usize = 200;
/// Nor are more fields than this.
const MAX_SLICES: usize = 50;

/// What was read of one segment.
#[derive(Default)]
pub(super) struct Segment {
    pub(super) words: HashMap<String, Vec<u16>>,
    pub(super) facets: BTreeMap<(Field, String), Vec<u16>>,
}

/// Gathers segments. Its memory is that of one segment, of 8 bytes for the length of every sample, and of the values of
/// slices, of which there are few.
#[derive(Default)]
pub(super) struct Gatherer {
    segment: Segment,
    /// Length and position of every sample.
    lengths: Vec<(u32, u32)>,
    slices: BTreeMap<String, BTreeSet<String>>,
    /// Slices of too many values.
    dropped: BTreeSet<String>,
}

impl Gatherer {
    /// Adds the sample of the next position.
    pub(super) fn add(&mut self, row: &SampleRow) {
        let low = (row.position & 0xffff) as u16;
        self.lengths.push((characters(&row.sample), row.position));
        for (field, value) in fields(row) {
            if let Field::Slice(name) = &field
                && !self.keeps(name, &value)
            {
                continue;
            }
            self.segment.facets.entry((field, value)).or_default().push(low);
        }
        let texts =
            row.sample.messages.iter().map(|m| &m.content).chain(&row.sample.rejected).chain(&row.sample.choices);
        let words = &mut self.segment.words;
        for text in texts {
            each_word(text, |word| match words.get_mut(word) {
                Some(rows) => {
                    if rows.last() != Some(&low) {
                        rows.push(low);
                    }
                }
                None => drop(words.insert(word.to_owned(), vec![low])),
            });
        }
    }

    /// Notes a value of a slice; false when the slice is no facet.
    fn keeps(&mut self, name: &str, value: &str) -> bool {
        if self.dropped.contains(name) {
            return false;
        }
        if !self.slices.contains_key(name) && self.slices.len() + self.dropped.len() >= MAX_SLICES {
            return false;
        }
        let values = self.slices.entry(name.to_owned()).or_default();
        if !values.contains(value) {
            values.insert(value.to_owned());
        }
        if values.len() <= MAX_SLICE_VALUES {
            return true;
        }
        self.slices.remove(name);
        self.dropped.insert(name.to_owned());
        false
    }

    /// The segment so far, which the next one follows.
    pub(super) fn take(&mut self) -> Segment {
        std::mem::take(&mut self.segment)
    }

    /// The slices of too many values, of which earlier segments may have written some, and all positions by length.
    pub(super) fn finish(mut self) -> (Vec<String>, Vec<u32>) {
        self.lengths.sort_unstable();
        let positions = self.lengths.into_iter().map(|(_, position)| position).collect();
        (self.dropped.into_iter().map(|name| Field::Slice(name).to_string()).collect(), positions)
    }
}

/// Rows of a segment as they are stored.
pub(super) fn encode(rows: &[u16]) -> Vec<u8> {
    if rows.len() < DENSE {
        return rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    }
    let mut bits = vec![0u8; BIT_SET_BYTES];
    for row in rows {
        bits[usize::from(*row >> 3)] |= 1 << (row & 7);
    }
    bits
}

/// Adds stored rows of a segment to a bitmap of positions.
pub(super) fn decode_into(bitmap: &mut RoaringBitmap, segment: i32, rows: &[u8]) {
    let first = segment.cast_unsigned() << SEGMENT_BITS;
    if rows.len() == BIT_SET_BYTES {
        *bitmap |= RoaringBitmap::from_lsb0_bytes(first, rows);
    } else {
        bitmap.extend(rows.chunks_exact(2).map(|row| first | u32::from(u16::from_le_bytes([row[0], row[1]]))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_whether_few_or_many() {
        for step in [1, 15, 16, 17, 1000] {
            let rows: Vec<u16> = (3..=u16::MAX).step_by(step).collect();
            let mut bitmap = RoaringBitmap::new();
            decode_into(&mut bitmap, 5, &encode(&rows));
            let expected: Vec<u32> = rows.iter().map(|row| (5 << 16) + u32::from(*row)).collect();
            assert_eq!(bitmap.iter().collect::<Vec<_>>(), expected, "every {step}th");
        }
    }
}
