//! Inputs rounded to whole numbers: 8 bits with a scale per 32 values.

use super::panels::{BLOCK, Panels};
use crate::ops::vector::simd;

/// Four consecutive numbers, the first in the lowest byte: what one multiplication instruction takes at a time.
pub(super) type Quad = i32;
/// The quads of a block.
pub(super) type Quads = [Quad; BLOCK / 4];

/// Rows of inputs (tokens, columns), made for the products with one kind of matrix.
pub(super) struct Inputs {
    columns: usize,
    groups: usize,
    quads: Vec<Quads>,
    /// Of each block.
    scales: Vec<f32>,
    /// Of each group of the matrix: its sum times −offset, which makes up for weights that are stored with an offset.
    starts: Vec<i32>,
    /// Of each group: its sum times the scale, which the matrix's minimum is multiplied by.
    sums: Vec<f32>,
}

/// One row of [`Inputs`].
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) quads: &'a [Quads],
    pub(super) scales: &'a [f32],
    pub(super) starts: &'a [i32],
    pub(super) sums: &'a [f32],
}

impl Inputs {
    /// Rounds `x` (tokens, columns) for `panels`.
    pub(super) fn new(x: &[f32], panels: &Panels) -> Self {
        let (columns, groups) = (panels.columns(), panels.groups());
        let (blocks, tokens) = (columns / BLOCK, x.len() / columns);
        let mut inputs = Self {
            columns,
            groups,
            quads: vec![[0; BLOCK / 4]; tokens * blocks],
            scales: vec![0.0; tokens * blocks],
            starts: vec![0; tokens * groups],
            sums: vec![0.0; tokens * groups],
        };
        let per_block = groups / blocks;
        let of_groups = inputs.starts.chunks_exact_mut(per_block).zip(inputs.sums.chunks_exact_mut(per_block));
        let of_blocks = inputs.quads.iter_mut().zip(&mut inputs.scales).zip(of_groups);
        simd(|| {
            for (x, ((quads, scale), (starts, sums))) in x.as_chunks::<BLOCK>().0.iter().zip(of_blocks) {
                let numbers = round(x, scale);
                pack(&numbers, quads);
                let size = BLOCK / per_block;
                for (group, (start, sum)) in numbers.chunks_exact(size).zip(starts.iter_mut().zip(sums)) {
                    let total: i32 = group.iter().sum();
                    *start = -panels.offset() * total;
                    *sum = *scale * total as f32;
                }
            }
        });
        inputs
    }

    pub(super) fn tokens(&self) -> usize {
        self.quads.len() * BLOCK / self.columns
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn row(&self, token: usize) -> Row<'_> {
        let (blocks, groups) = (self.columns / BLOCK, self.groups);
        Row {
            quads: &self.quads[token * blocks..][..blocks],
            scales: &self.scales[token * blocks..][..blocks],
            starts: &self.starts[token * groups..][..groups],
            sums: &self.sums[token * groups..][..groups],
        }
    }
}

/// The nearest whole numbers of x / scale, of which the largest is ±127.
#[inline(always)]
fn round(x: &[f32; BLOCK], scale: &mut f32) -> [i32; BLOCK] {
    // Adding and subtracting 1.5·2²³ rounds to the nearest whole number, ties to even.
    const ROUND: f32 = 12_582_912.0;
    let mut lanes = [0f32; 8];
    for x in x.as_chunks::<8>().0 {
        for (lane, x) in lanes.iter_mut().zip(x) {
            *lane = if x.abs() > *lane { x.abs() } else { *lane };
        }
    }
    let largest = lanes.iter().copied().fold(0.0, f32::max);
    // A comparison passes NaN over; a product with it must stay one.
    let is_number = x.iter().sum::<f32>() * 0.0 == 0.0 || !x.iter().any(|x| x.is_nan());
    *scale = if is_number { largest / 127.0 } else { f32::NAN };
    let inverse = if *scale > 0.0 { 1.0 / *scale } else { 0.0 };
    let mut numbers = [0; BLOCK];
    for (number, x) in numbers.iter_mut().zip(x) {
        // The bounds matter for inputs that are not finite, which mean nothing but must not overflow.
        *number = ((x * inverse + ROUND) - ROUND).clamp(-127.0, 127.0) as i32;
    }
    numbers
}

#[inline(always)]
fn pack(numbers: &[i32; BLOCK], quads: &mut Quads) {
    for (quad, n) in quads.iter_mut().zip(numbers.as_chunks::<4>().0) {
        *quad = (n[0] & 255) | (n[1] & 255) << 8 | (n[2] & 255) << 16 | n[3] << 24;
    }
}
