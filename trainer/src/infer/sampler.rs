//! Choosing the next token from logits: greedily, or by chance with temperature, top-k and
//! nucleus limits (Holtzman et al. 2019, arXiv:1904.09751). Chance comes from a seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it; 0 takes the likeliest token always.
    pub temperature: f64,
    /// Only the likeliest tokens that together reach this probability; 1: all.
    pub top_p: f64,
    /// Only this many of the likeliest tokens; 0: all.
    pub top_k: usize,
    pub seed: u64,
}

impl Default for Sampling {
    /// Greedy.
    fn default() -> Self {
        Self { temperature: 0.0, top_p: 1.0, top_k: 0, seed: 42 }
    }
}

/// A sampling rule with its generator.
#[derive(Debug)]
pub struct Sampler {
    rule: Sampling,
    rng: ChaCha8Rng,
}

impl Sampler {
    #[must_use]
    pub fn new(rule: Sampling) -> Self {
        Self { rule, rng: ChaCha8Rng::seed_from_u64(rule.seed) }
    }

    /// The id chosen from the logits of the whole vocabulary. NaN counts as impossible.
    pub fn sample(&mut self, logits: &[f32]) -> u32 {
        if self.rule.temperature <= 0.0 {
            return likeliest(logits);
        }
        let candidates = self.candidates(logits);
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut point = self.rng.random_range(0.0..1.0) * total;
        for (id, weight) in &candidates {
            point -= weight;
            if point < 0.0 {
                return *id;
            }
        }
        candidates.last().map_or(0, |(id, _)| *id)
    }

    /// Tokens within the limits with unnormalised probabilities, likeliest first.
    fn candidates(&self, logits: &[f32]) -> Vec<(u32, f64)> {
        let best = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let weight = |logit: f32| ((f64::from(logit) - best) / self.rule.temperature).exp();
        let mut candidates: Vec<(u32, f64)> =
            (0u32..).zip(logits).map(|(id, l)| (id, weight(*l))).filter(|(_, w)| *w > 0.0).collect();
        candidates.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.rule.top_k > 0 {
            candidates.truncate(self.rule.top_k);
        }
        let limit = self.rule.top_p * candidates.iter().map(|(_, w)| w).sum::<f64>();
        let mut reached = 0.0;
        let needed = candidates.iter().take_while(|(_, w)| {
            let wanted = reached < limit;
            reached += w;
            wanted
        });
        let kept = needed.count().max(1);
        candidates.truncate(kept);
        candidates
    }
}

fn likeliest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (id, logit) in (0u32..).zip(logits) {
        if *logit > best.1 {
            best = (id, *logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 4] = [0.0, 2.0, f32::NAN, 1.0];

    fn draw(rule: Sampling, times: usize) -> Vec<u32> {
        let mut sampler = Sampler::new(rule);
        (0..times).map(|_| sampler.sample(&LOGITS)).collect()
    }

    #[test]
    fn greedy_takes_the_largest() {
        assert_eq!(draw(Sampling::default(), 2), [1, 1]);
    }

    #[test]
    fn same_seed_same_tokens_in_the_right_shares() {
        let rule = Sampling { temperature: 1.0, ..Sampling::default() };
        let drawn = draw(rule, 4000);
        assert_eq!(drawn, draw(rule, 4000));
        let share = drawn.iter().filter(|id| **id == 1).count() as f64 / 4000.0;
        let expected = 2f64.exp() / (1.0 + 1f64.exp() + 2f64.exp());
        assert!((share - expected).abs() < 0.03, "{share} against {expected}");
        assert!(!drawn.contains(&2), "NaN is never drawn");
    }

    #[test]
    fn limits_leave_only_likely_tokens() {
        let hot = Sampling { temperature: 5.0, ..Sampling::default() };
        assert!(draw(Sampling { top_k: 1, ..hot }, 100).iter().all(|id| *id == 1));
        assert!(draw(Sampling { top_p: 0.5, ..hot }, 100).iter().all(|id| *id == 1 || *id == 3));
        assert!(draw(Sampling { top_p: 0.0, ..hot }, 100).iter().all(|id| *id == 1));
    }
}
