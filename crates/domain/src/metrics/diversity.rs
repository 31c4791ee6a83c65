//! How much texts repeat themselves and each other, without any reference.

use super::ngrams;
use std::collections::HashSet;

/// distinct-n: different n-grams of all texts per n-gram (Li et al., A Diversity-Promoting Objective Function for Neural
/// Conversation Models, 2016). `None` when no text is long enough.
#[must_use]
pub fn distinct(texts: &[Vec<String>], order: usize) -> Option<f64> {
    let grams = || texts.iter().flat_map(|text| text.windows(order));
    let different: HashSet<&[String]> = grams().collect();
    let total = grams().count();
    (total > 0).then_some(different.len() as f64 / total as f64)
}

/// n-grams of a text that occurred in it before, per n-gram: 0 repeats nothing (seq-rep-n of Welleck et al., Neural Text
/// Generation with Unlikelihood Training, 2020). `None` when it is not long enough.
#[must_use]
pub fn repetition(text: &[String], order: usize) -> Option<f64> {
    let counts = ngrams::counts(text, order);
    let total: usize = counts.values().sum();
    (total > 0).then_some(1.0 - counts.len() as f64 / total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_occurs_twice_is_counted_once() {
        let texts = [words("a b a b"), words("a b c")];
        assert_eq!(distinct(&texts, 1), Some(3.0 / 7.0));
        assert_eq!(distinct(&texts, 2), Some(3.0 / 5.0));
        assert_eq!(distinct(&texts, 5), None);
        assert_eq!(repetition(&texts[0], 2), Some(1.0 - 2.0 / 3.0));
        assert_eq!(repetition(&texts[1], 1), Some(0.0));
        assert_eq!(repetition(&[], 1), None);
    }
}
