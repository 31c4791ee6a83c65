//! One panel times some tokens: which instructions do it, and how it is done without any.

use super::inputs::{Inputs, Row};
pub(super) use super::panels::LANES;
use half::f16;
use std::ops::Range;
use std::sync::OnceLock;

/// Four numbers of each of 16 rows, or eight of four bits: aligned as the widest instructions like it.
#[repr(align(64))]
#[derive(Clone, Copy)]
pub(super) struct Line(pub(super) [u8; 64]);

/// How the numbers of a group stand in lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// 32 numbers of 4 bits: those of the first half in low nibbles, of the second in high ones.
    Nibbles,
    /// 32 numbers of a byte.
    Bytes,
    /// 16 numbers of a byte: half a block of the input.
    Halves,
}

impl Layout {
    /// Numbers of a group.
    pub(super) const fn values(self) -> usize {
        match self {
            Self::Nibbles | Self::Bytes => 32,
            Self::Halves => 16,
        }
    }

    /// Lines of a group.
    pub(super) const fn lines(self) -> usize {
        match self {
            Self::Nibbles | Self::Halves => 4,
            Self::Bytes => 8,
        }
    }

    /// Puts the numbers of a group into a lane of its lines, which are zero there.
    pub(super) fn write(self, numbers: &[u8], lane: usize, lines: &mut [Line]) {
        for (i, number) in numbers.iter().enumerate() {
            let (line, shift) = self.place(i);
            lines[line].0[4 * lane + i % 4] |= number << shift;
        }
    }

    /// Number `i` of a group in a lane.
    pub(super) fn number(self, lines: &[Line], lane: usize, i: usize) -> u8 {
        let (line, shift) = self.place(i);
        let byte = lines[line].0[4 * lane + i % 4];
        if self == Self::Nibbles { byte >> shift & 15 } else { byte }
    }

    /// Line and shift of number `i`.
    fn place(self, i: usize) -> (usize, u32) {
        match self {
            Self::Nibbles => (i % 16 / 4, if i < 16 { 0 } else { 4 }),
            Self::Bytes | Self::Halves => (i / 4, 0),
        }
    }
}

/// Scales or minimums of the 16 rows of each group.
#[derive(Clone, Copy)]
pub(super) enum Factors<'a> {
    Half(&'a [[f16; LANES]]),
    Single(&'a [[f32; LANES]]),
}

impl Factors<'_> {
    pub(super) fn at(&self, group: usize) -> [f32; LANES] {
        match self {
            Self::Half(all) => all[group].map(f16::to_f32),
            Self::Single(all) => all[group],
        }
    }
}

/// 16 rows of a matrix.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a> {
    pub(super) layout: Layout,
    pub(super) lines: &'a [Line],
    pub(super) scales: Factors<'a>,
    pub(super) minimums: Option<Factors<'a>>,
}

/// Instructions that multiply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Whatever the compiler makes of plain loops.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Level {
    /// All levels, the best one last.
    #[cfg(target_arch = "x86_64")]
    pub(super) const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512Vnni];
    /// All levels, the best one last.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const ALL: [Self; 1] = [Self::Portable];

    /// Whether this processor has the instructions.
    pub(super) fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        use std::arch::is_x86_feature_detected as has;
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => has!("avx2") && has!("fma") && has!("f16c"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => has!("avx512f") && has!("avx512bw") && has!("avx512vnni"),
        }
    }

    /// The best one of this processor.
    pub(super) fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Self::ALL.into_iter().rfind(|level| level.is_available()).unwrap_or(Self::Portable))
    }
}

/// Calls `write` for each of `tokens` with its products with the 16 rows.
pub(super) fn panel(
    level: Level,
    panel: Panel<'_>,
    inputs: &Inputs,
    tokens: Range<usize>,
    write: &mut dyn FnMut(usize, &[f32; LANES]),
) {
    match level {
        Level::Portable => tokens.for_each(|token| write(token, &portable(panel, inputs.row(token)))),
        #[cfg(target_arch = "x86_64")]
        _ => super::x86::panel(level, panel, inputs, tokens, write),
    }
}

fn portable(panel: Panel<'_>, row: Row<'_>) -> [f32; LANES] {
    let (layout, mut y) = (panel.layout, [0f32; LANES]);
    let quads_per_group = layout.values() / 4;
    for (group, lines) in panel.lines.chunks_exact(layout.lines()).enumerate() {
        let first = group * quads_per_group;
        let mut totals = [row.starts[group]; LANES];
        for (i, line) in lines.iter().enumerate() {
            let quad = |at: usize| row.quads[(first + at) / 8][(first + at) % 8];
            if layout == Layout::Nibbles {
                multiply(&line.0.map(|byte| byte & 15), quad(i), &mut totals);
                multiply(&line.0.map(|byte| byte >> 4), quad(i + 4), &mut totals);
            } else {
                multiply(&line.0, quad(i), &mut totals);
            }
        }
        let scales = panel.scales.at(group);
        let input_scale = row.scales[group * layout.values() / 32];
        for ((y, scale), total) in y.iter_mut().zip(scales).zip(totals) {
            *y += scale * input_scale * total as f32;
        }
        if let Some(minimums) = panel.minimums {
            y.iter_mut().zip(minimums.at(group)).for_each(|(y, minimum)| *y += minimum * row.sums[group]);
        }
    }
    y
}

/// Adds the products of four numbers of each lane with the four of the input.
fn multiply(numbers: &[u8; 64], quad: i32, totals: &mut [i32; LANES]) {
    let input = quad.to_le_bytes().map(|byte| i32::from(byte.cast_signed()));
    for (total, numbers) in totals.iter_mut().zip(numbers.as_chunks::<4>().0) {
        *total += numbers.iter().zip(input).map(|(n, p)| i32::from(*n) * p).sum::<i32>();
    }
}
