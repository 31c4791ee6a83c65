//! Loops over f32 slices, written so that the compiler vectorises them.
//!
//! [`simd`] runs a closure compiled for the best instruction set of this processor; the
//! functions here are inlined into it.

use rayon::prelude::*;

/// Number of independent accumulators: enough to hide the latency of an addition.
const LANES: usize = 16;

/// Runs `f` with the widest vector instructions that this processor has.
#[inline(always)]
pub(super) fn simd<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// eˣ, relative error below 2e-7, without branches: Cody–Waite reduction by ln 2 and the degree-5 polynomial
/// of Cephes `expf`. The input is clamped to the range in which the result is a normal number.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low mantissa bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4f32;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let y = p * (r * r) + (r + 1.0);
    f32::from_bits(shifted.to_bits().wrapping_add(127) << 23) * y
}

/// The logistic function σ(x) = 1 / (1 + e⁻ˣ), and 1 − σ(x) without cancellation.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> (f32, f32) {
    let e = exp(-x);
    let s = 1.0 / (1.0 + e);
    (s, e * s)
}

/// Σ aᵢ·bᵢ.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for i in 0..LANES {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// Σ aᵢ.
#[inline(always)]
pub(super) fn sum(a: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let chunks = a.chunks_exact(LANES);
    let tail: f32 = chunks.remainder().iter().sum();
    for x in chunks {
        for i in 0..LANES {
            lanes[i] += x[i];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// The largest element; `f32::MIN` for an empty slice.
#[inline(always)]
pub(super) fn max(a: &[f32]) -> f32 {
    let mut lanes = [f32::MIN; LANES];
    let chunks = a.chunks_exact(LANES);
    let tail = chunks.remainder().iter().copied().fold(f32::MIN, f32::max);
    for x in chunks {
        for i in 0..LANES {
            lanes[i] = if x[i] > lanes[i] { x[i] } else { lanes[i] };
        }
    }
    lanes.iter().copied().fold(tail, f32::max)
}

/// Sums, column by column, of `count` rows of `d` numbers, each written by `row`: always the same bits,
/// whatever the number of threads.
pub(super) fn column_sums(count: usize, d: usize, row: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    const ROWS: usize = 64;
    let parts: Vec<Vec<f32>> = (0..count.div_ceil(ROWS))
        .into_par_iter()
        .map(|part| {
            let (mut sums, mut values) = (vec![0f32; d], vec![0f32; d]);
            for i in part * ROWS..((part + 1) * ROWS).min(count) {
                row(i, &mut values);
                sums.iter_mut().zip(&values).for_each(|(sum, x)| *sum += x);
            }
            sums
        })
        .collect();
    let mut total = vec![0f32; d];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let want = f64::from(x).exp();
            let error = (f64::from(exp(x)) - want).abs() / want;
            assert!(error < 3e-7, "exp({x}): {error}");
        }
    }

    #[test]
    fn reductions_cover_the_tail() {
        let a: Vec<f32> = (1..=37).map(|i| i as f32).collect();
        assert_eq!((sum(&a), max(&a), dot(&a, &a)), (703.0, 37.0, 17575.0));
    }
}
