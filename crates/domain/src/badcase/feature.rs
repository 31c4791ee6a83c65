//! Bad cases as vectors of length 1, so that alike ones lie close: their text by hashed words and characters, or by the
//! embeddings of a model, with what was expected and what the model said instead.

use std::collections::HashMap;

/// Numbers that stand for the text where there is no embedding.
pub const TEXT_DIMENSIONS: usize = 512;
/// Numbers that stand for labels.
const LABEL_DIMENSIONS: usize = 64;
/// Share of the expected label, and of it with the model's, in the similarity of two labelled cases.
const LABEL_SHARE: f32 = 0.1;
/// What a token counts that stands in every text: texts that are all the same are alike.
const COMMON: f32 = 0.1;
/// Characters of a piece.
const PIECE: usize = 3;
/// Longest text that is looked at, in characters.
const MAX_CHARS: usize = 4000;

/// A hash that is the same on every machine: 64-bit FNV-1a (Fowler, Noll & Vo) with a mixer behind it.
fn hash(text: &str, seed: u64) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

/// The words of a text and its sequences of three characters.
#[must_use]
pub fn tokens(words: &[String], text: &str) -> Vec<String> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).take(MAX_CHARS).collect();
    let pieces = letters.windows(PIECE).map(|piece| format!("\u{1}{}", piece.iter().collect::<String>()));
    words.iter().cloned().chain(pieces).collect()
}

/// Vectors of texts from their tokens: term frequency × inverse document frequency, (1 + ln tf) · (ln((1 + N) / (1 + df)) + 0.1),
/// hashed into [`TEXT_DIMENSIONS`] with signs (Weinberger et al., "Feature hashing for large scale multitask learning", 2009).
#[must_use]
pub fn text_vectors(texts: &[Vec<String>]) -> Vec<Vec<f32>> {
    let mut frequency: HashMap<&str, u32> = HashMap::new();
    let counted: Vec<Vec<(&str, u32)>> = texts.iter().map(|tokens| counts(tokens)).collect();
    for (token, _) in counted.iter().flatten() {
        *frequency.entry(token).or_default() += 1;
    }
    let of = |counts: &Vec<(&str, u32)>| {
        let mut vector = vec![0.0; TEXT_DIMENSIONS];
        for (token, n) in counts {
            let idf = ((1 + texts.len()) as f32 / (1 + frequency[token]) as f32).ln() + COMMON;
            let h = hash(token, 0);
            let sign = if h >> 63 == 0 { 1.0 } else { -1.0 };
            vector[(h % TEXT_DIMENSIONS as u64) as usize] += sign * (1.0 + (*n as f32).ln()) * idf;
        }
        unit(vector)
    };
    counted.iter().map(of).collect()
}

/// Each token once, with how often it stands there, in the order of the tokens.
fn counts(tokens: &[String]) -> Vec<(&str, u32)> {
    let mut sorted: Vec<&str> = tokens.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let mut counts: Vec<(&str, u32)> = Vec::new();
    for token in sorted {
        match counts.last_mut() {
            Some((last, n)) if *last == token => *n += 1,
            _ => counts.push((token, 1)),
        }
    }
    counts
}

/// Embeddings without what all have in common, which hides what tells them apart.
#[must_use]
pub fn centred(mut vectors: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let Some(length) = vectors.first().map(Vec::len) else { return vectors };
    let count = vectors.len() as f32;
    let mut mean = vec![0.0f32; length];
    for vector in &vectors {
        mean.iter_mut().zip(vector).for_each(|(m, x)| *m += x / count);
    }
    for vector in &mut vectors {
        vector.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m);
    }
    vectors.into_iter().map(unit).collect()
}

/// Adds what was expected and what the model said, of cases that have labels; all vectors stay of length 1.
#[must_use]
pub fn with_labels(vectors: Vec<Vec<f32>>, labels: &[Option<(String, String)>]) -> Vec<Vec<f32>> {
    let add = |(mut vector, labels): (Vec<f32>, &Option<(String, String)>)| {
        let mut extra = vec![0.0; 2 * LABEL_DIMENSIONS];
        if let Some((expected, output)) = labels {
            let share = LABEL_SHARE.sqrt();
            let place = |text: &str| (hash(text, 1) % LABEL_DIMENSIONS as u64) as usize;
            extra[place(expected)] = share;
            extra[LABEL_DIMENSIONS + place(&format!("{expected}\u{1}{output}"))] = share;
            vector.iter_mut().for_each(|x| *x *= (1.0 - 2.0 * LABEL_SHARE).sqrt());
        }
        vector.extend(extra);
        vector
    };
    vectors.into_iter().zip(labels).map(add).collect()
}

/// A vector of length 1 in the same direction; one of zeros stays.
#[must_use]
pub fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}

/// The cosine of two vectors of length 1.
#[must_use]
pub fn similarity(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(texts: &[&str]) -> Vec<Vec<f32>> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        text_vectors(&texts.iter().map(|t| tokens(&words(t), t)).collect::<Vec<_>>())
    }

    #[test]
    fn like_texts_lie_close() {
        let v =
            vectors(&["the parcel never came", "my parcel never came", "屏幕碎了怎么办", "屏幕碎了能修吗", "hello"]);
        assert!(similarity(&v[0], &v[1]) > 0.4, "{}", similarity(&v[0], &v[1]));
        assert!(similarity(&v[2], &v[3]) > 0.1, "{}", similarity(&v[2], &v[3]));
        assert!(similarity(&v[0], &v[2]).abs() < 0.2);
        assert!((similarity(&v[0], &v[0]) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn labels_bring_cases_closer() {
        let labels = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        let v = vectors(&["one text", "another one", "one text"]);
        let with = with_labels(v.clone(), &[labels("x", "y"), labels("x", "y"), labels("y", "x")]);
        assert!(with.iter().all(|x| (similarity(x, x) - 1.0).abs() < 1e-5));
        assert!(similarity(&with[0], &with[1]) > 0.8 * similarity(&v[0], &v[1]) + 0.19);
        assert!(similarity(&with[0], &with[2]) < 0.85);
    }

    #[test]
    fn what_all_have_in_common_goes() {
        let v = centred(vec![vec![1.0, 10.0], vec![-1.0, 10.0]]);
        assert_eq!(v, [[1.0, 0.0], [-1.0, 0.0]]);
        assert!(centred(Vec::new()).is_empty());
    }
}
