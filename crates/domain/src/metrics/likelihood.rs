//! How well a model predicts text, from sums of log-likelihoods in nats.

use std::f64::consts::LN_2;

/// exp(−Σ log p / tokens): 1 is certainty, the size of the vocabulary a guess. Depends on the tokenizer. `None` without
/// tokens or when it is no finite number.
#[must_use]
pub fn perplexity(log_likelihood: f64, tokens: u64) -> Option<f64> {
    finite(tokens, (-log_likelihood / tokens as f64).exp())
}

/// −Σ log₂ p / bytes of the UTF-8 text: comparable between tokenizers (Gao et al., The Pile, 2020). `None` without bytes or
/// when it is no finite number.
#[must_use]
pub fn bits_per_byte(log_likelihood: f64, bytes: u64) -> Option<f64> {
    finite(bytes, -log_likelihood / (bytes as f64 * LN_2))
}

fn finite(units: u64, value: f64) -> Option<f64> {
    (units > 0 && value.is_finite()).then_some(value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_guess_among_256_bytes() {
        let sum = -10.0 * 256f64.ln();
        assert!((perplexity(sum, 10).unwrap() - 256.0).abs() < 1e-9);
        assert!((bits_per_byte(sum, 10).unwrap() - 8.0).abs() < 1e-12);
        assert_eq!((perplexity(sum, 0), bits_per_byte(f64::NAN, 3), perplexity(-1e9, 1)), (None, None, None));
    }
}
