//! The block formats of ggml as unsigned numbers with scales and minimums: what [`super::Panels`] is made from.
//!
//! Layouts follow `ggml-quants.c`. A value is `scale · (number − offset) + minimum`.

use super::super::kernel::Layout;
use candle_core::quantized::GgmlDType;
use half::f16;

/// What a format has.
pub(super) struct Format {
    pub(super) layout: Layout,
    pub(super) offset: i32,
    pub(super) has_minimum: bool,
    /// Whether scales and minimums are half-precision numbers.
    pub(super) is_half: bool,
    /// Takes one block apart.
    pub(super) unpack: fn(&[u8], &mut Plain),
}

/// One block: 32 or 256 numbers, with a scale and a minimum for every group of them.
pub(super) struct Plain {
    pub(super) numbers: [u8; 256],
    pub(super) scales: [f32; 16],
    pub(super) minimums: [f32; 16],
}

impl Default for Plain {
    fn default() -> Self {
        Self { numbers: [0; 256], scales: [0.0; 16], minimums: [0.0; 16] }
    }
}

/// The formats that are known.
pub(super) fn of(dtype: GgmlDType) -> Option<Format> {
    let plain = |layout, offset, unpack| Format { layout, offset, has_minimum: false, is_half: true, unpack };
    let above = |layout, unpack| Format { layout, offset: 0, has_minimum: true, is_half: true, unpack };
    Some(match dtype {
        GgmlDType::Q4_0 => plain(Layout::Nibbles, 8, q4_0),
        GgmlDType::Q4_1 => above(Layout::Nibbles, q4_1),
        GgmlDType::Q5_0 => plain(Layout::Bytes, 16, q5_0),
        GgmlDType::Q5_1 => above(Layout::Bytes, q5_1),
        GgmlDType::Q8_0 => plain(Layout::Bytes, 128, q8_0),
        GgmlDType::Q4K => Format { is_half: false, ..above(Layout::Nibbles, q4_k) },
        GgmlDType::Q5K => Format { is_half: false, ..above(Layout::Bytes, q5_k) },
        GgmlDType::Q6K => Format { is_half: false, ..plain(Layout::Halves, 32, q6_k) },
        _ => return None,
    })
}

fn half(b: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([b[at], b[at + 1]]).to_f32()
}

/// The first half of 32 numbers in the low nibbles of 16 bytes, with the bits of `fifth` above them.
fn nibbles(b: &[u8], fifth: u32, y: &mut Plain) {
    for (j, q) in b.iter().enumerate() {
        let bit = |at: usize| ((fifth >> at & 1) << 4) as u8;
        y.numbers[j] = (q & 15) | bit(j);
        y.numbers[j + 16] = (q >> 4) | bit(j + 16);
    }
}

fn q4_0(b: &[u8], y: &mut Plain) {
    y.scales[0] = half(b, 0);
    nibbles(&b[2..18], 0, y);
}

fn q4_1(b: &[u8], y: &mut Plain) {
    (y.scales[0], y.minimums[0]) = (half(b, 0), half(b, 2));
    nibbles(&b[4..20], 0, y);
}

fn q5_0(b: &[u8], y: &mut Plain) {
    y.scales[0] = half(b, 0);
    nibbles(&b[6..22], u32::from_le_bytes([b[2], b[3], b[4], b[5]]), y);
}

fn q5_1(b: &[u8], y: &mut Plain) {
    (y.scales[0], y.minimums[0]) = (half(b, 0), half(b, 2));
    nibbles(&b[8..24], u32::from_le_bytes([b[4], b[5], b[6], b[7]]), y);
}

fn q8_0(b: &[u8], y: &mut Plain) {
    y.scales[0] = half(b, 0);
    y.numbers[..32].iter_mut().zip(&b[2..34]).for_each(|(number, q)| *number = q ^ 128);
}

/// The 6-bit scales and minimums of eight groups, packed into 12 bytes.
fn scales_and_minimums(b: &[u8], y: &mut Plain) {
    let (d, min, q) = (half(b, 0), half(b, 2), &b[4..16]);
    for j in 0..8 {
        let (scale, minimum) = if j < 4 {
            (q[j] & 63, q[j + 4] & 63)
        } else {
            ((q[j + 4] & 15) | (q[j - 4] >> 6 << 4), (q[j + 4] >> 4) | (q[j] >> 6 << 4))
        };
        (y.scales[j], y.minimums[j]) = (d * f32::from(scale), -(min * f32::from(minimum)));
    }
}

fn q4_k(b: &[u8], y: &mut Plain) {
    scales_and_minimums(b, y);
    for (q, numbers) in b[16..144].chunks_exact(32).zip(y.numbers.chunks_exact_mut(64)) {
        for (i, q) in q.iter().enumerate() {
            (numbers[i], numbers[i + 32]) = (q & 15, q >> 4);
        }
    }
}

fn q5_k(b: &[u8], y: &mut Plain) {
    scales_and_minimums(b, y);
    let bits = &b[16..48];
    for (part, (q, numbers)) in b[48..176].chunks_exact(32).zip(y.numbers.chunks_exact_mut(64)).enumerate() {
        for (i, (q, bits)) in q.iter().zip(bits).enumerate() {
            let bit = |at: usize| (bits >> at & 1) << 4;
            (numbers[i], numbers[i + 32]) = ((q & 15) | bit(2 * part), (q >> 4) | bit(2 * part + 1));
        }
    }
}

fn q6_k(b: &[u8], y: &mut Plain) {
    let d = half(b, 208);
    y.scales.iter_mut().zip(&b[192..208]).for_each(|(scale, q)| *scale = d * f32::from(q.cast_signed()));
    for (i, number) in y.numbers.iter_mut().enumerate() {
        let (side, part, at) = (i / 128, i % 128 / 32, i % 32);
        let low = b[64 * side + part % 2 * 32 + at] >> (part / 2 * 4) & 15;
        let high = b[128 + 32 * side + at] >> (2 * part) & 3;
        *number = low | high << 4;
    }
}
