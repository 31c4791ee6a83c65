//! The product of a panel with AVX2, and with AVX-512 and VNNI: the sums of whole numbers of
//! [`super::kernel`]'s plain loops, with products of floats added in the same order but fused.
#![expect(
    unsafe_code,
    reason = "instructions that not every processor has: callers have asked for them, and loads are from references"
)]

use super::inputs::{Inputs, Row};
use super::kernel::{Factors, LANES, Layout, Level, Line, Panel};
use std::arch::x86_64::*;
use std::ops::Range;

const NIBBLES: u8 = 0;
const BYTES: u8 = 1;
const HALVES: u8 = 2;

/// Calls `write` for each of `tokens` with its products with the 16 rows, by AVX-512 if `level` says so, else by AVX2.
pub(super) fn panel(
    level: Level,
    panel: Panel<'_>,
    inputs: &Inputs,
    tokens: Range<usize>,
    write: &mut dyn FnMut(usize, &[f32; LANES]),
) {
    // The plain loops need neither; what is not AVX-512 below is AVX2.
    assert!(level != Level::Portable && level.is_available(), "instructions that this processor has not");
    match panel.layout {
        Layout::Nibbles => tiles::<NIBBLES>(level, panel, inputs, tokens, write),
        Layout::Bytes => tiles::<BYTES>(level, panel, inputs, tokens, write),
        Layout::Halves => tiles::<HALVES>(level, panel, inputs, tokens, write),
    }
}

fn tiles<const LAYOUT: u8>(
    level: Level,
    panel: Panel<'_>,
    inputs: &Inputs,
    mut tokens: Range<usize>,
    write: &mut dyn FnMut(usize, &[f32; LANES]),
) {
    while !tokens.is_empty() {
        let first = tokens.start;
        tokens.start += match (level, tokens.len()) {
            (Level::Avx512Vnni, 8..) => tile::<LAYOUT, 8>(level, panel, inputs, first, write),
            (_, 4..) => tile::<LAYOUT, 4>(level, panel, inputs, first, write),
            (_, 2..) => tile::<LAYOUT, 2>(level, panel, inputs, first, write),
            _ => tile::<LAYOUT, 1>(level, panel, inputs, first, write),
        };
    }
}

/// The `M` tokens from `first` on; how many they are.
fn tile<const LAYOUT: u8, const M: usize>(
    level: Level,
    panel: Panel<'_>,
    inputs: &Inputs,
    first: usize,
    write: &mut dyn FnMut(usize, &[f32; LANES]),
) -> usize {
    let rows: [Row<'_>; M] = std::array::from_fn(|m| inputs.row(first + m));
    let mut y = [[0f32; LANES]; M];
    if level == Level::Avx512Vnni {
        // SAFETY: `panel` has made sure that the processor has what the level needs.
        unsafe { avx512::<LAYOUT, M>(panel, &rows, &mut y) }
    } else {
        // SAFETY: as above.
        unsafe { avx2::<LAYOUT, M>(panel, &rows, &mut y) }
    }
    y.iter().enumerate().for_each(|(m, y)| write(first + m, y));
    M
}

const fn lines(layout: u8) -> usize {
    if layout == BYTES { 8 } else { 4 }
}

/// The four numbers of the input that line `i` of a group meets.
#[inline(always)]
fn quad<const LAYOUT: u8>(row: &Row<'_>, group: usize, i: usize) -> i32 {
    if LAYOUT == HALVES { row.quads[group / 2][group % 2 * 4 + i] } else { row.quads[group][i] }
}

#[inline(always)]
fn input_scale<const LAYOUT: u8>(row: &Row<'_>, group: usize) -> f32 {
    row.scales[if LAYOUT == HALVES { group / 2 } else { group }]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn avx512<const LAYOUT: u8, const M: usize>(panel: Panel<'_>, rows: &[Row<'_>; M], y: &mut [[f32; LANES]; M]) {
    let mut sums = [_mm512_setzero_ps(); M];
    let low_bits = _mm512_set1_epi8(15);
    for (group, lines) in panel.lines.chunks_exact(lines(LAYOUT)).enumerate() {
        // The group's numbers stay in registers while the tokens go by.
        let mut numbers = [_mm512_setzero_si512(); 8];
        for (i, line) in lines.iter().enumerate() {
            // SAFETY: a line has 64 bytes and stands at a multiple of 64.
            let line = unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
            if LAYOUT == NIBBLES {
                numbers[i] = _mm512_and_si512(line, low_bits);
                numbers[i + 4] = _mm512_and_si512(_mm512_srli_epi16::<4>(line), low_bits);
            } else {
                numbers[i] = line;
            }
        }
        let scales = factors512(&panel.scales, group);
        for m in 0..M {
            let mut first = _mm512_set1_epi32(rows[m].starts[group]);
            let mut second = _mm512_setzero_si512();
            for i in 0..4 {
                first = _mm512_dpbusd_epi32(first, numbers[i], _mm512_set1_epi32(quad::<LAYOUT>(&rows[m], group, i)));
                if LAYOUT != HALVES {
                    let quad = _mm512_set1_epi32(rows[m].quads[group][i + 4]);
                    second = _mm512_dpbusd_epi32(second, numbers[i + 4], quad);
                }
            }
            let total = _mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
            let scale = _mm512_mul_ps(scales, _mm512_set1_ps(input_scale::<LAYOUT>(&rows[m], group)));
            sums[m] = _mm512_fmadd_ps(total, scale, sums[m]);
        }
        if let Some(minimums) = &panel.minimums {
            let minimums = factors512(minimums, group);
            for m in 0..M {
                sums[m] = _mm512_fmadd_ps(minimums, _mm512_set1_ps(rows[m].sums[group]), sums[m]);
            }
        }
    }
    for m in 0..M {
        // SAFETY: there is room for 16 numbers.
        unsafe { _mm512_storeu_ps(y[m].as_mut_ptr(), sums[m]) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn factors512(factors: &Factors<'_>, group: usize) -> __m512 {
    match factors {
        // SAFETY: 16 numbers of two bytes.
        Factors::Half(all) => _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(all[group].as_ptr().cast()) }),
        // SAFETY: 16 numbers of four bytes.
        Factors::Single(all) => unsafe { _mm512_loadu_ps(all[group].as_ptr()) },
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn avx2<const LAYOUT: u8, const M: usize>(panel: Panel<'_>, rows: &[Row<'_>; M], y: &mut [[f32; LANES]; M]) {
    for side in 0..2 {
        let sums = avx2_side::<LAYOUT, M>(panel, side, rows);
        for m in 0..M {
            let y = &mut y[m][8 * side..][..8];
            // SAFETY: there is room for eight numbers.
            unsafe { _mm256_storeu_ps(y.as_mut_ptr(), sums[m]) };
        }
    }
}

/// Products of pairs are added up in 16 bits, of four bits each with seven: eight of them stay below 2¹⁵. Bytes go
/// through as two numbers of four bits.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2_side<const LAYOUT: u8, const M: usize>(panel: Panel<'_>, side: usize, rows: &[Row<'_>; M]) -> [__m256; M] {
    let mut sums = [_mm256_setzero_ps(); M];
    let (low_bits, ones, sixteens) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1), _mm256_set1_epi16(16));
    for (group, lines) in panel.lines.chunks_exact(lines(LAYOUT)).enumerate() {
        let scales = factors256(&panel.scales, group, side);
        for m in 0..M {
            let (mut lows, mut highs) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (i, line) in lines.iter().enumerate() {
                let line = load256(line, side);
                let low = _mm256_and_si256(line, low_bits);
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(line), low_bits);
                let quad = |at: usize| _mm256_set1_epi32(quad::<LAYOUT>(&rows[m], group, at));
                lows = _mm256_add_epi16(lows, _mm256_maddubs_epi16(low, quad(i)));
                let other = if LAYOUT == NIBBLES { i + 4 } else { i };
                highs = _mm256_add_epi16(highs, _mm256_maddubs_epi16(high, quad(other)));
            }
            let start = _mm256_set1_epi32(rows[m].starts[group]);
            let highs = _mm256_madd_epi16(highs, if LAYOUT == NIBBLES { ones } else { sixteens });
            let total = _mm256_add_epi32(_mm256_add_epi32(start, _mm256_madd_epi16(lows, ones)), highs);
            let scale = _mm256_mul_ps(scales, _mm256_set1_ps(input_scale::<LAYOUT>(&rows[m], group)));
            sums[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(total), scale, sums[m]);
        }
        if let Some(minimums) = &panel.minimums {
            let minimums = factors256(minimums, group, side);
            for m in 0..M {
                sums[m] = _mm256_fmadd_ps(minimums, _mm256_set1_ps(rows[m].sums[group]), sums[m]);
            }
        }
    }
    sums
}

/// Half a line.
#[inline]
#[target_feature(enable = "avx2")]
fn load256(line: &Line, side: usize) -> __m256i {
    let half = &line.0[32 * side..][..32];
    // SAFETY: 32 bytes.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
fn factors256(factors: &Factors<'_>, group: usize, side: usize) -> __m256 {
    match factors {
        Factors::Half(all) => {
            let half = &all[group][8 * side..][..8];
            // SAFETY: eight numbers of two bytes.
            _mm256_cvtph_ps(unsafe { _mm_loadu_si128(half.as_ptr().cast()) })
        }
        Factors::Single(all) => {
            let half = &all[group][8 * side..][..8];
            // SAFETY: eight numbers of four bytes.
            unsafe { _mm256_loadu_ps(half.as_ptr()) }
        }
    }
}
