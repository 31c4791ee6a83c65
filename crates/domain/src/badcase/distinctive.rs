//! The words that tell a group of texts from all others, and the name that they make.

use crate::explore::is_han;
use std::collections::{BTreeSet, HashMap};

/// Words of a name.
const NAME_WORDS: usize = 3;

/// For each of `groups` the most telling words, most telling first, `top` at most. `texts` are the words of each text; `of` its
/// group, if it is in one.
///
/// A word is worth p · ln((p + ε) / (q + ε)), with p the share of the group's texts that have it and q that of the others': what
/// most of the group say and few others do.
#[must_use]
pub fn words(texts: &[Vec<String>], of: &[Option<usize>], groups: usize, top: usize) -> Vec<Vec<String>> {
    let mut sizes = vec![0u32; groups];
    let mut counts: HashMap<&str, HashMap<usize, u32>> = HashMap::new();
    let mut totals: HashMap<&str, u32> = HashMap::new();
    for (words, group) in texts.iter().zip(of) {
        if let Some(group) = group {
            sizes[*group] += 1;
        }
        let each: BTreeSet<&str> = words.iter().map(String::as_str).filter(|word| says_something(word)).collect();
        for word in each {
            *totals.entry(word).or_default() += 1;
            if let Some(group) = group {
                *counts.entry(word).or_default().entry(*group).or_default() += 1;
            }
        }
    }
    let mut scored: Vec<Vec<(f64, &str)>> = vec![Vec::new(); groups];
    for (word, by_group) in &counts {
        for (group, n) in by_group.iter().filter(|(_, n)| **n > 1) {
            let size = f64::from(sizes[*group]);
            let p = f64::from(*n) / size;
            let q = f64::from(totals[word] - n) / (texts.len() as f64 - size).max(1.0);
            scored[*group].push((p * ((p + 0.01) / (q + 0.01)).ln(), *word));
        }
    }
    scored.into_iter().map(|words| best(words, top)).collect()
}

/// The best words. Parts of a better one are left out: Chinese words are cut into their parts, too.
fn best(mut words: Vec<(f64, &str)>, top: usize) -> Vec<String> {
    words.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.len().cmp(&a.1.len())).then(a.1.cmp(b.1)));
    let mut chosen: Vec<String> = Vec::new();
    for (score, word) in words {
        if score <= 0.0 || chosen.len() == top {
            break;
        }
        if !chosen.iter().any(|better| better.contains(word)) {
            chosen.push(word.to_owned());
        }
    }
    chosen
}

/// Single letters and numbers tell nobody what a group is about.
fn says_something(word: &str) -> bool {
    let letters = word.chars().count();
    let has_letter = word.chars().any(char::is_alphabetic);
    let is_short = if word.chars().all(is_han) { letters < 2 } else { letters < 3 };
    has_letter && !is_short
}

/// A name for a group: its first words, or what was expected and said instead, or its number.
#[must_use]
pub fn name(words: &[String], confusion: Option<&(String, String)>, number: usize) -> String {
    match (words, confusion) {
        ([], Some((expected, output))) => format!("{expected} → {output}"),
        ([], None) => format!("#{number}"),
        (words, _) => words.iter().take(NAME_WORDS).cloned().collect::<Vec<_>>().join(" · "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Vec<String>> {
        texts.iter().map(|t| t.split(' ').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn words_of_one_group_tell_it_apart() {
        let texts = texts(&[
            "the parcel is late",
            "where is the parcel",
            "the 退款 退款申请 失败",
            "的 退款 退款申请 the",
            "the sun",
        ]);
        let found = words(&texts, &[Some(0), Some(0), Some(1), Some(1), None], 2, 2);
        assert_eq!(found[0][0], "parcel");
        assert_eq!(found[1], ["退款申请"], "a part of a better word is left out, and so is what all say");
    }

    #[test]
    fn a_group_always_has_a_name() {
        let some = ["late", "parcel", "where", "is"].map(str::to_owned);
        assert_eq!(name(&some, None, 1), "late · parcel · where");
        let confusion = ("good".to_owned(), "bad".to_owned());
        assert_eq!(name(&[], Some(&confusion), 1), "good → bad");
        assert_eq!(name(&[], None, 4), "#4");
    }
}
