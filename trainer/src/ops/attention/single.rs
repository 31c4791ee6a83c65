//! Attention of one new query per sequence over its cached keys: no blocks, no matrix of scores.
//!
//! The heads that share keys and values are one task, so that those are read once.

use super::Geometry;
use super::kernel::{RowSum, softmax};
use crate::ops::team;
use crate::ops::vector::{dot, simd};

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
        for (key, k) in k.chunks(stride).enumerate() {
            for (head, q) in q.chunks_exact(d).enumerate() {
                p[head * keys + key] = scale * dot(q, &k[..d]);
            }
        }
        for (p, sum) in p.chunks_exact_mut(keys).zip(sums) {
            *sum = softmax(p, 0..keys);
        }
        for (key, v) in v.chunks(stride).enumerate() {
            for (head, o) in o.chunks_exact_mut(d).enumerate() {
                let p = p[head * keys + key];
                o.iter_mut().zip(v).for_each(|(o, v)| *o += p * v);
            }
        }
    });
}
