//! The CPU loops of attention: one task per block of queries (forward) or per key/value head
//! (backward), each with its own memory.

use super::Geometry;
use crate::ops::gemm::{self, Mat, Threads};
use crate::ops::vector::{dot, exp, max, simd, sum};
use rayon::prelude::*;
use std::ops::Range;

/// Queries per block: the block's scores stay in the second-level cache for usual lengths.
const BLOCK: usize = 64;

/// What makes probabilities of a row of scores S: `exp(S − largest) · inverse_total`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowSum {
    largest: f32,
    inverse_total: f32,
}

/// What the backward pass needs of the forward pass.
pub(super) struct Saved<'a> {
    pub(super) q: &'a [f32],
    pub(super) k: &'a [f32],
    pub(super) v: &'a [f32],
    pub(super) o: &'a [f32],
    pub(super) sums: &'a [RowSum],
}

/// A block of queries of one sequence: positions of its queries and the keys any of them sees.
struct Block {
    positions: Range<usize>,
    keys: Range<usize>,
}

impl Block {
    fn new(geometry: &Geometry, start: usize, queries: Range<usize>) -> Self {
        let positions = start + queries.start..start + queries.end;
        Self { keys: geometry.first_key(positions.start)..positions.end, positions }
    }

    /// Columns of the block's score matrix that the query in `row` sees.
    fn visible(&self, geometry: &Geometry, row: usize) -> Range<usize> {
        let position = self.positions.start + row;
        geometry.first_key(position) - self.keys.start..position + 1 - self.keys.start
    }
}

/// Attended values (batch · seq, heads · head_dim) and the sums of rows (batch · seq, heads).
pub(super) fn forward(q: &[f32], k: &[f32], v: &[f32], geometry: &Geometry) -> (Vec<f32>, Vec<RowSum>) {
    let heads = geometry.heads;
    let (width, kv_width) = (heads * geometry.head_dim, geometry.kv_heads * geometry.head_dim);
    let (mut o, mut sums) = (vec![0f32; q.len()], vec![RowSum::default(); geometry.queries() * heads]);
    let parts = by_sequence(&mut o, geometry, width).into_par_iter().zip(by_sequence(&mut sums, geometry, heads));
    parts.enumerate().for_each(|(sequence, (o, sums))| {
        let key = geometry.first_key_row(sequence, k.len() / kv_width) * kv_width;
        let (q, k, v) = (&q[geometry.rows(sequence).start * width..], &k[key..], &v[key..]);
        o.par_chunks_mut(BLOCK * width).zip(sums.par_chunks_mut(BLOCK * heads)).enumerate().for_each(
            |(b, (o, sums))| {
                let first = b * BLOCK;
                let block = Block::new(geometry, geometry.starts[sequence], first..first + o.len() / width);
                for head in 0..heads {
                    attend(&q[first * width..], k, v, (o, sums), head, &block, geometry);
                }
            },
        );
    });
    (o, sums)
}

/// The rows of each sequence, of `width` elements each.
fn by_sequence<'a, T>(mut all: &'a mut [T], geometry: &Geometry, width: usize) -> Vec<&'a mut [T]> {
    let lengths = (0..geometry.starts.len()).map(|sequence| geometry.rows(sequence).len() * width);
    lengths.filter_map(|length| all.split_off_mut(..length)).collect()
}

/// One head of one block. `q` and `out` begin at the block, `k` and `v` at the sequence.
fn attend(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    out: (&mut [f32], &mut [RowSum]),
    head: usize,
    block: &Block,
    geometry: &Geometry,
) {
    let Geometry { heads, kv_heads, head_dim: d, .. } = *geometry;
    let (width, kv_width) = (heads * d, kv_heads * d);
    let (m, n) = (block.positions.len(), block.keys.len());
    let at = block.keys.start * kv_width + head / (heads / kv_heads) * d;
    let mut p = vec![0f32; m * n];
    let queries = Mat::strided(&q[head * d..], m, d, width);
    gemm::set(&mut p, n, queries, Mat::strided(&k[at..], n, d, kv_width).t(), geometry.scale, Threads::One);
    simd(|| {
        for (row, p) in p.chunks_exact_mut(n).enumerate() {
            out.1[row * heads + head] = softmax(p, block.visible(geometry, row));
        }
    });
    gemm::set(
        &mut out.0[head * d..],
        width,
        Mat::new(&p, m, n),
        Mat::strided(&v[at..], n, d, kv_width),
        1.0,
        Threads::One,
    );
}

/// Softmax over the visible part of a row, zero elsewhere.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32], visible: Range<usize>) -> RowSum {
    row[..visible.start].fill(0.0);
    row[visible.end..].fill(0.0);
    let row = &mut row[visible];
    let largest = max(row);
    for x in row.iter_mut() {
        *x = exp(*x - largest);
    }
    let inverse_total = 1.0 / sum(row);
    for x in row.iter_mut() {
        *x *= inverse_total;
    }
    RowSum { largest, inverse_total }
}

/// Gradients of queries, keys and values of one key/value head: dq is (group, seq, head_dim), the others (seq, head_dim).
struct HeadGradients {
    dq: Vec<f32>,
    dk: Vec<f32>,
    dv: Vec<f32>,
}

/// dq, dk and dv in the shapes of q, k and v.
pub(super) fn backward(saved: &Saved, g: &[f32], geometry: &Geometry) -> [Vec<f32>; 3] {
    let Geometry { heads, kv_heads, head_dim: d, .. } = *geometry;
    let tasks = geometry.starts.len() * kv_heads;
    let parts: Vec<_> = (0..tasks)
        .into_par_iter()
        .with_max_len(1)
        .map(|t| head_gradients(saved, g, geometry, t / kv_heads, t % kv_heads))
        .collect();
    let group = heads / kv_heads;
    // Of each row: its sequence, and its place in that.
    let places: Vec<(usize, usize)> =
        (0..geometry.starts.len()).flat_map(|s| (0..geometry.rows(s).len()).map(move |place| (s, place))).collect();
    let mut dq = vec![0f32; saved.q.len()];
    dq.par_chunks_mut(heads * d).zip(&places).for_each(|(row, (sequence, place))| {
        let seq = geometry.rows(*sequence).len();
        for (head, out) in row.chunks_exact_mut(d).enumerate() {
            let part = &parts[sequence * kv_heads + head / group];
            out.copy_from_slice(&part.dq[(head % group * seq + place) * d..][..d]);
        }
    });
    let spread = |of: fn(&HeadGradients) -> &[f32]| {
        let mut out = vec![0f32; saved.k.len()];
        out.par_chunks_mut(kv_heads * d).zip(&places).for_each(|(row, (sequence, place))| {
            for (head, out) in row.chunks_exact_mut(d).enumerate() {
                out.copy_from_slice(&of(&parts[sequence * kv_heads + head])[place * d..][..d]);
            }
        });
        out
    };
    [dq, spread(|p| &p.dk), spread(|p| &p.dv)]
}

fn head_gradients(saved: &Saved, g: &[f32], geometry: &Geometry, sequence: usize, kv_head: usize) -> HeadGradients {
    let Geometry { heads, kv_heads, head_dim: d, .. } = *geometry;
    let (group, seq) = (heads / kv_heads, geometry.rows(sequence).len());
    let mut out = HeadGradients { dq: vec![0.0; group * seq * d], dk: vec![0.0; seq * d], dv: vec![0.0; seq * d] };
    let mut scratch = (Vec::new(), Vec::new());
    for member in 0..group {
        for first in (0..seq).step_by(BLOCK) {
            let block = Block::new(geometry, 0, first..(first + BLOCK).min(seq));
            let place = Place { sequence, head: kv_head * group + member, member };
            block_gradients(saved, g, geometry, &block, place, &mut scratch, &mut out);
        }
    }
    out
}

/// Which head of which sequence, and its number within the group that shares a key/value head.
#[derive(Clone, Copy)]
struct Place {
    sequence: usize,
    head: usize,
    member: usize,
}

fn block_gradients(
    saved: &Saved,
    g: &[f32],
    geometry: &Geometry,
    block: &Block,
    place: Place,
    (p, ds): &mut (Vec<f32>, Vec<f32>),
    out: &mut HeadGradients,
) {
    let Geometry { heads, kv_heads, head_dim: d, .. } = *geometry;
    let (width, kv_width) = (heads * d, kv_heads * d);
    let (m, n) = (block.positions.len(), block.keys.len());
    let rows = geometry.rows(place.sequence);
    let token = rows.start + block.positions.start;
    let q_at = token * width + place.head * d;
    let k_at = (rows.start + block.keys.start) * kv_width + place.head / (heads / kv_heads) * d;
    let (q, g_block) = (Mat::strided(&saved.q[q_at..], m, d, width), Mat::strided(&g[q_at..], m, d, width));
    let (k, v) = (Mat::strided(&saved.k[k_at..], n, d, kv_width), Mat::strided(&saved.v[k_at..], n, d, kv_width));
    p.resize(m * n, 0.0);
    ds.resize(m * n, 0.0);
    gemm::set(p, n, q, k.t(), geometry.scale, Threads::One);
    gemm::set(ds, n, g_block, v.t(), 1.0, Threads::One);
    simd(|| {
        for (row, (p, ds)) in p.chunks_exact_mut(n).zip(ds.chunks_exact_mut(n)).enumerate() {
            let at = q_at + row * width;
            let delta = dot(&g[at..at + d], &saved.o[at..at + d]);
            let sum = saved.sums[(token + row) * heads + place.head];
            score_gradients(p, ds, block.visible(geometry, row), sum, delta, geometry.scale);
        }
    });
    let (p, ds) = (Mat::new(p, m, n), Mat::new(ds, m, n));
    let (first_query, first_key) = ((place.member * rows.len() + block.positions.start) * d, block.keys.start * d);
    gemm::set(&mut out.dq[first_query..], d, ds, k, 1.0, Threads::One);
    gemm::add(&mut out.dk[first_key..], d, ds.t(), q, 1.0, Threads::One);
    gemm::add(&mut out.dv[first_key..], d, p.t(), g_block, 1.0, Threads::One);
}

/// Turns scores into probabilities and their gradients into score gradients, in place.
#[inline(always)]
fn score_gradients(p: &mut [f32], ds: &mut [f32], visible: Range<usize>, sum: RowSum, delta: f32, scale: f32) {
    for x in [&mut *p, &mut *ds] {
        x[..visible.start].fill(0.0);
        x[visible.end..].fill(0.0);
    }
    for (p, ds) in p[visible.clone()].iter_mut().zip(&mut ds[visible]) {
        *p = exp(*p - sum.largest) * sum.inverse_total;
        *ds = *p * (*ds - delta) * scale;
    }
}
