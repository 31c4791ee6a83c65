//! Numbers that look random and are the same on every machine: hashes of a seed and of how many were drawn.

use crate::similar::hash;

/// Where a sequence of such numbers stands.
pub(crate) struct Draw {
    seed: u64,
    drawn: u64,
}

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A number below `n`; 0 where there is none.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        (hash([self.seed, self.drawn]) % (n.max(1) as u64)) as usize
    }

    pub(crate) fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }

    pub(crate) fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| self.digit()).collect()
    }

    /// One of a list; `None` of an empty one.
    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.below(list.len())).copied()
    }

    /// `n` different numbers below `among`, or all of them.
    pub(crate) fn some(&mut self, n: usize, among: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..among).collect();
        for i in 0..n.min(among) {
            let other = i + self.below(among - i);
            all.swap(i, other);
        }
        all.truncate(n);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_spread_and_repeats_with_the_seed() {
        let draw = |seed| Draw::new(seed).digits(40);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut some = Draw::new(3).some(5, 9);
        some.sort_unstable();
        some.dedup();
        assert_eq!(some.len(), 5);
        assert_eq!(Draw::new(3).some(5, 2).len(), 2);
        assert_eq!(Draw::new(3).of::<u8>(&[]), None);
    }
}
