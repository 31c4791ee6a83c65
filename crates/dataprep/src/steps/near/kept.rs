//! The pieces of all texts, to compare those that a sketch brings together: in memory up to a limit, then in a
//! temporary file.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
};

/// Pieces kept in memory: 256 MB.
const IN_MEMORY: usize = 64 << 20;

/// Sets of pieces, numbered as they come.
pub(super) struct Kept {
    /// Where each set ends, in pieces.
    ends: Vec<u64>,
    memory: Vec<u32>,
    limit: usize,
    file: Option<BufWriter<File>>,
}

impl Kept {
    pub(super) fn new() -> Self {
        Self { ends: Vec::new(), memory: Vec::new(), limit: IN_MEMORY, file: None }
    }

    pub(super) fn push(&mut self, set: &[u32]) -> io::Result<()> {
        if self.file.is_none() && self.memory.len() + set.len() <= self.limit {
            self.memory.extend_from_slice(set);
        } else {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(BufWriter::with_capacity(1 << 18, tempfile::tempfile()?)),
            };
            for piece in set {
                file.write_all(&piece.to_le_bytes())?;
            }
        }
        self.ends.push(self.start(self.ends.len()) + set.len() as u64);
        Ok(())
    }

    /// All sets have come: now they can be read, by several threads.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }

    /// How many sets there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, set: usize) -> u64 {
        if set == 0 { 0 } else { self.ends[set - 1] }
    }

    /// How many pieces a set has.
    pub(super) fn size(&self, set: u32) -> usize {
        (self.ends[set as usize] - self.start(set as usize)) as usize
    }

    /// Reads a set into `out`.
    pub(super) fn read(&self, set: u32, out: &mut Vec<u32>) -> io::Result<()> {
        out.clear();
        let (start, size) = (self.start(set as usize), self.size(set));
        let in_memory = self.memory.len() as u64;
        if start + size as u64 <= in_memory {
            out.extend_from_slice(&self.memory[start as usize..start as usize + size]);
            return Ok(());
        }
        let Some(file) = &self.file else { return Ok(()) };
        let mut bytes = vec![0; size * 4];
        file.get_ref().read_exact_at(&mut bytes, (start - in_memory) * 4)?;
        out.extend(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        Ok(())
    }
}

/// |A ∩ B| / |A ∪ B| of sorted sets without repeats; 0 when both are empty.
pub(super) fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    let all = a.len() + b.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_does_not_fit_into_memory_is_read_from_the_file() {
        let sets: Vec<Vec<u32>> = (0..20u32).map(|n| (0..n).map(|i| i * n).collect()).collect();
        for limit in [0, 7, 50, 1000] {
            let mut kept = Kept { limit, ..Kept::new() };
            sets.iter().for_each(|set| kept.push(set).unwrap());
            kept.finish().unwrap();
            let mut out = Vec::new();
            for n in (0..20u32).rev() {
                kept.read(n, &mut out).unwrap();
                assert_eq!((&out, kept.size(n)), (&sets[n as usize], n as usize));
            }
        }
    }

    #[test]
    fn similarity_of_sets() {
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!(jaccard(&[], &[]), 0.0);
        assert_eq!(jaccard(&[1], &[2]), 0.0);
    }
}
