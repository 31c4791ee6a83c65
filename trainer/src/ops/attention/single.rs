//! Attention of one new query per sequence over its cached keys: no blocks, no matrix of scores.
//!
//! The heads that share keys and values are one task, so that those are read once.

use super::Geometry;
use super::kernel::{RowSum, softmax};
use crate::ops::team;
use crate::ops::vector::simd;

/// Numbers that are computed at the same time.
const LANES: usize = 16;
/// Multiplications below which the calling thread does everything.
const LITTLE_WORK: usize = 30_000;

/// Attended values (batch, heads · head_dim) and the sums of rows (batch, heads).
pub(super) fn forward(q: &[f32], k: &[f32], v: &[f32], geometry: &Geometry) -> (Vec<f32>, Vec<RowSum>) {
    let Geometry { heads, kv_heads, head_dim: d, .. } = *geometry;
    let (group, kv_width) = (heads / kv_heads, kv_heads * d);
    let (mut o, mut sums) = (vec![0f32; q.len()], vec![RowSum::default(); q.len() / d]);
    let tasks = o.chunks_exact_mut(group * d).zip(sums.chunks_exact_mut(group)).zip(q.chunks_exact(group * d));
    let tasks: Vec<_> = tasks.enumerate().collect();
    let keys: usize = geometry.starts.iter().map(|start| start + 1).sum();
    let run = |(i, ((o, sums), q)): (usize, _)| {
        let (sequence, kv_head) = (i / kv_heads, i % kv_heads);
        let position = geometry.starts[sequence];
        let first = geometry.first_key(position);
        let begin = (geometry.first_key_row(sequence, k.len() / kv_width) + first) * kv_width + kv_head * d;
        let span = (position - first) * kv_width + d;
        attend(q, &k[begin..begin + span], &v[begin..begin + span], (o, sums), [d, kv_width], geometry.scale);
    };
    if keys * heads * d < LITTLE_WORK {
        tasks.into_iter().for_each(run);
    } else {
        team::for_each(tasks, run);
    }
    (o, sums)
}

/// The heads of one key/value head, whose keys and values begin `stride` apart in `k` and `v`.
fn attend(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    (o, sums): (&mut [f32], &mut [RowSum]),
    [d, stride]: [usize; 2],
    scale: f32,
) {
    let keys = k.len().div_ceil(stride);
    let mut p = vec![0f32; sums.len() * keys];
    simd(|| {
        for ((p, q), sum) in p.chunks_exact_mut(keys).zip(q.chunks_exact(d)).zip(sums) {
            for (p, k) in p.iter_mut().zip(k.chunks(stride)) {
                *p = scale * dot(q, &k[..d]);
            }
            *sum = softmax(p, 0..keys);
        }
        for (p, o) in p.chunks_exact(keys).zip(o.chunks_exact_mut(d)) {
            let (wide, narrow) = o.as_chunks_mut::<LANES>();
            for (i, o) in wide.iter_mut().enumerate() {
                // In registers until all keys have gone by.
                let mut total = [0f32; LANES];
                for (p, v) in p.iter().zip(v.chunks(stride)) {
                    let v = &v[i * LANES..][..LANES];
                    for lane in 0..LANES {
                        total[lane] += p * v[lane];
                    }
                }
                *o = total;
            }
            let first = d - narrow.len();
            for (p, v) in p.iter().zip(v.chunks(stride)) {
                narrow.iter_mut().zip(&v[first..]).for_each(|(o, v)| *o += p * v);
            }
        }
    });
}

/// Σ aᵢ·bᵢ, the lanes added up in halves: there is one such sum for every key.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
    }
    lanes[0] + a_tail.iter().zip(b_tail).map(|(a, b)| a * b).sum::<f32>()
}
