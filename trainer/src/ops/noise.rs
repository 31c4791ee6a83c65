//! Uniform noise for embeddings (NEFTune: Jain et al. 2023, arXiv:2310.05914): `x ← x + u`, u uniform in
//! ±α/√(L·d) for a sequence of L tokens of d features.
//! A constant of the graph: its gradient is that of x.

use candle_core::{Device, Result, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Stream of the generator, apart from those of the data order.
const STREAM: u64 = 1 << 62;

/// Noise (tokens, features) for sequences of these lengths, the same for the same seed.
pub fn noise(lengths: &[usize], features: usize, alpha: f64, seed: u64, device: &Device) -> Result<Tensor> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(STREAM);
    let mut data = Vec::with_capacity(lengths.iter().sum::<usize>() * features);
    for numbers in lengths.iter().map(|length| length * features) {
        let magnitude = (alpha / (numbers as f64).sqrt()) as f32;
        // Inclusive: a magnitude too small for an f32 is zero, and an empty range has no numbers.
        data.extend((0..numbers).map(|_| random.random_range(-magnitude..=magnitude)));
    }
    Tensor::from_vec(data, (lengths.iter().sum::<usize>(), features), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_uniform_and_repeats() -> Result<()> {
        // ±0.5 for a sequence of 100 tokens of 100 features, ±1 for one of 25.
        let draw = |seed| noise(&[100, 25], 100, 50.0, seed, &Device::Cpu)?.flatten_all()?.to_vec1::<f32>();
        let all = draw(1)?;
        let (x, shorter) = all.split_at(10_000);
        let widest = shorter.iter().fold(0f32, |widest, x| widest.max(x.abs()));
        assert!((0.9..=1.0).contains(&widest), "{widest}");
        let (mean, square) = x.iter().fold((0.0, 0.0), |(m, s), x| (m + x / 1e4, s + x * x / 1e4));
        assert!(x.iter().all(|x| x.abs() <= 0.5) && mean.abs() < 0.01, "{mean}");
        assert!((square - 0.25 / 3.0).abs() < 0.003, "the variance of a uniform variable: {square}");
        assert_eq!(all, draw(1)?);
        assert_ne!(all, draw(2)?);
        Ok(())
    }
}
