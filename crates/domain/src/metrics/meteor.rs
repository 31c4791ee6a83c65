//! A METEOR-like score: words matched exactly, then by stem, with a penalty for scattered matches (Banerjee & Lavie, METEOR,
//! 2005; weights of Denkowski & Lavie, Meteor 1.3, 2011).
//!
//! It is not METEOR: synonyms and paraphrases need data that is not here, and the alignment is taken greedily from the left
//! (each word goes on from the match before where it can), not searched for with the fewest crossings. So its figures are
//! comparable among themselves alone, and it is shown under the name "METEOR-like".

use super::porter;

/// Weight of precision within the harmonic mean.
const ALPHA: f64 = 0.9;
/// How the penalty grows with the share of chunks, and how large it may become.
const BETA: f64 = 3.0;
const GAMMA: f64 = 0.5;

/// The score of words against those of a reference, in [0, 1]:
/// (1 − γ·(chunks/matches)^β) · P·R / (α·P + (1 − α)·R).
#[must_use]
pub fn meteor_like(candidate: &[String], reference: &[String]) -> f64 {
    let places = align(candidate, reference);
    let matches = places.iter().flatten().count() as f64;
    if matches == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (matches / candidate.len() as f64, matches / reference.len() as f64);
    let mean = precision * recall / (ALPHA * precision + (1.0 - ALPHA) * recall);
    let goes_on = places.windows(2).filter(|pair| matches!(pair, [Some(a), Some(b)] if *b == a + 1)).count() as f64;
    let chunks = matches - goes_on;
    // A whole text in one chunk is not scattered at all.
    let is_whole = chunks == 1.0 && candidate.len() == reference.len() && matches as usize == reference.len();
    let scatter = if is_whole { 0.0 } else { chunks / matches };
    mean * (1.0 - GAMMA * scatter.powf(BETA))
}

/// For each word of the candidate its place in the reference; none twice.
fn align(candidate: &[String], reference: &[String]) -> Vec<Option<usize>> {
    let mut places = vec![None; candidate.len()];
    let mut taken = vec![false; reference.len()];
    let stems = |words: &[String]| words.iter().map(|word| porter::stem(word)).collect::<Vec<_>>();
    let (candidate_stems, reference_stems) = (stems(candidate), stems(reference));
    for (candidate, reference) in [(candidate, reference), (&candidate_stems, &reference_stems)] {
        for (i, word) in candidate.iter().enumerate() {
            if places[i].is_some() {
                continue;
            }
            let fits = |place: &usize| !taken[*place] && reference[*place] == *word;
            let next = i.checked_sub(1).and_then(|before| places[before]).map(|place: usize| place + 1);
            let next = next.filter(|place| *place < reference.len() && fits(place));
            let found = next.or_else(|| (0..reference.len()).find(fits));
            if let Some(place) = found {
                taken[place] = true;
            }
            places[i] = found;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(candidate: &str, reference: &str) -> f64 {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        meteor_like(&words(candidate), &words(reference))
    }

    #[test]
    fn order_and_stems_count() {
        assert!((of("the cat sat", "the cat sat") - 1.0).abs() < 1e-12);
        assert!((of("cats sitting", "cat sits") - 1.0).abs() < 1e-12, "stems match");
        let (ordered, scattered) = (of("a b c d", "a b c d e"), of("d c b a", "a b c d e"));
        assert!(ordered > scattered && scattered > 0.0);
        // P = 1, R = 4/5, one chunk of four matches.
        let expected = 0.8 / (0.9 + 0.1 * 0.8) * (1.0 - 0.5 / 64.0);
        assert!((ordered - expected).abs() < 1e-12, "{ordered}");
        assert!((scattered - 0.8 / 0.98 * 0.5).abs() < 1e-12, "{scattered}");
    }

    #[test]
    fn nothing_in_common_scores_nothing() {
        assert_eq!((of("", ""), of("a", "b"), of("", "b")), (0.0, 0.0, 0.0));
        assert!(of("a a a", "a") < 0.6, "a word of the reference matches once");
    }
}
