//! A BERTScore-like measure from embeddings of tokens: each token is matched with the most similar one of the other text
//! (Zhang et al., BERTScore: Evaluating Text Generation with BERT, 2020).
//!
//! No weights by rarity, no rescaling to a baseline, and the embeddings are those of whatever model made them: name it
//! beside the score.

use super::ngrams::Overlap;

/// Precision, recall and F1 of a candidate's embeddings against a reference's, one vector per token. `None` when either has
/// no token, lengths of vectors differ, or one is zero or not finite.
#[must_use]
pub fn greedy_match(candidate: &[Vec<f32>], reference: &[Vec<f32>]) -> Option<Overlap> {
    let (candidate, reference) = (directions(candidate)?, directions(reference)?);
    let dimensions = candidate.first()?.len();
    if candidate.iter().chain(&reference).any(|vector| vector.len() != dimensions) {
        return None;
    }
    Some(Overlap::from_shares(mean_best(&candidate, &reference)?, mean_best(&reference, &candidate)?))
}

/// Vectors scaled to length 1.
fn directions(vectors: &[Vec<f32>]) -> Option<Vec<Vec<f64>>> {
    vectors.iter().map(|vector| direction(vector)).collect()
}

fn direction(vector: &[f32]) -> Option<Vec<f64>> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    (length > 0.0 && length.is_finite()).then(|| vector.iter().map(|x| f64::from(*x) / length).collect())
}

/// Mean over `of` of the greatest cosine with one of `among`.
fn mean_best(of: &[Vec<f64>], among: &[Vec<f64>]) -> Option<f64> {
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let best = |a: &Vec<f64>| among.iter().map(|b| cosine(a, b)).max_by(f64::total_cmp);
    let sum: f64 = of.iter().map(best).sum::<Option<f64>>()?;
    Some(sum / of.len() as f64)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::slice::from_ref;

    #[test]
    fn tokens_take_their_nearest() {
        let (x, y, diagonal) = (vec![2.0, 0.0], vec![0.0, 3.0], vec![1.0, 1.0]);
        let same = greedy_match(&[x.clone(), y.clone()], &[y.clone(), x.clone()]).unwrap();
        assert!((same.f1 - 1.0).abs() < 1e-12);
        let score = greedy_match(&[x.clone(), y], &[x, diagonal]).unwrap();
        let near = 0.5f64.sqrt();
        assert!((score.precision - (1.0 + near) / 2.0).abs() < 1e-12 && (score.recall - score.precision).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_compared_has_no_score() {
        let one = vec![1.0, 0.0];
        assert_eq!(greedy_match(&[], from_ref(&one)), None);
        assert_eq!(greedy_match(from_ref(&one), &[]), None);
        assert_eq!(greedy_match(from_ref(&one), &[vec![0.0, 0.0]]), None);
        assert_eq!(greedy_match(&[one], &[vec![1.0]]), None);
    }
}
