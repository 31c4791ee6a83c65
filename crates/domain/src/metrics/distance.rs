//! Edit distance (Levenshtein, Binary codes capable of correcting deletions, insertions, and reversals, 1966) and the error
//! rates made of it.

use super::unicode::python_words;

/// Fewest insertions, deletions and replacements that turn one into the other; O(|a|·|b|) time, O(|b|) memory.
#[must_use]
pub fn levenshtein<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Errors of one text or, added up, of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// Edits from the text to its reference.
    pub edits: usize,
    /// Units of the reference.
    pub length: usize,
}

impl Errors {
    /// In characters (for CER), white space included.
    #[must_use]
    pub fn of_characters(candidate: &str, reference: &str) -> Self {
        let (a, b): (Vec<char>, Vec<char>) = (candidate.chars().collect(), reference.chars().collect());
        Self { edits: levenshtein(&a, &b), length: b.len() }
    }

    /// In words between white space (for WER).
    #[must_use]
    pub fn of_words(candidate: &str, reference: &str) -> Self {
        let (a, b): (Vec<&str>, Vec<&str>) = (python_words(candidate).collect(), python_words(reference).collect());
        Self { edits: levenshtein(&a, &b), length: b.len() }
    }

    /// Those of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { edits: self.edits + other.edits, length: self.length + other.length }
    }

    /// Edits per unit of the reference: may be above 1. Of empty references 0 without edits, `None` with some.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        match self {
            Self { edits: 0, length: 0 } => Some(0.0),
            Self { length: 0, .. } => None,
            Self { edits, length } => Some(edits as f64 / length as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let errors = Errors::of_characters("kitten", "sitting");
        assert_eq!(errors, Errors { edits: 3, length: 7 });
        let words = Errors::of_words("the cat  sat", "a cat sat down").plus(Errors::of_words("", ""));
        assert_eq!((words.rate(), Errors::default().rate()), (Some(0.5), Some(0.0)));
        assert_eq!(Errors::of_words("x", " ").rate(), None);
        assert_eq!(levenshtein(&[1, 2, 3], &[]), 3);
    }
}
