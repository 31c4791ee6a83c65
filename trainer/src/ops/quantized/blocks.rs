//! The block formats of ggml, read value by value: what one block of bytes means in f32.
//!
//! Layouts and arithmetic follow `ggml-quants.c`; the order of operations is candle's, so that both give
//! the same bits. Each function takes one whole block, so the compiler knows all sizes and
//! vectorises it.

use crate::ops::vector::simd;
use candle_core::quantized::GgmlDType;
use half::{bf16, f16};

/// Whether [`dequantize`] knows the format.
pub(super) fn is_known(dtype: GgmlDType) -> bool {
    use GgmlDType::{BF16, F16, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    matches!(dtype, F16 | BF16 | Q4_0 | Q4_1 | Q5_0 | Q5_1 | Q8_0 | Q4K | Q5K | Q6K)
}

/// Writes the values of whole blocks into `y`. Formats that are not known leave it as it is.
pub(super) fn dequantize(dtype: GgmlDType, bytes: &[u8], y: &mut [f32]) {
    match dtype {
        GgmlDType::F16 => each(bytes, y, |b: &[u8; 2], y: &mut [f32; 1]| y[0] = f16::from_le_bytes(*b).to_f32()),
        GgmlDType::BF16 => each(bytes, y, |b: &[u8; 2], y: &mut [f32; 1]| y[0] = bf16::from_le_bytes(*b).to_f32()),
        GgmlDType::Q4_0 => each(bytes, y, q4_0),
        GgmlDType::Q4_1 => each(bytes, y, q4_1),
        GgmlDType::Q5_0 => each(bytes, y, q5_0),
        GgmlDType::Q5_1 => each(bytes, y, q5_1),
        GgmlDType::Q8_0 => each(bytes, y, q8_0),
        GgmlDType::Q4K => each(bytes, y, q4_k),
        GgmlDType::Q5K => each(bytes, y, q5_k),
        GgmlDType::Q6K => each(bytes, y, q6_k),
        _ => {}
    }
}

/// Calls `f` with every block of `B` bytes and the `N` values it stands for.
fn each<const B: usize, const N: usize>(bytes: &[u8], y: &mut [f32], f: impl Fn(&[u8; B], &mut [f32; N])) {
    simd(|| {
        for (block, y) in bytes.as_chunks::<B>().0.iter().zip(y.as_chunks_mut::<N>().0) {
            f(block, y);
        }
    });
}

/// The half-precision number at `at`.
#[inline(always)]
fn half(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// Scale; 16 bytes, the first half of the values in their low nibbles.
#[inline(always)]
fn q4_0(b: &[u8; 18], y: &mut [f32; 32]) {
    let d = half(b, 0);
    let (low, high) = y.split_at_mut(16);
    for ((low, high), q) in low.iter_mut().zip(high).zip(&b[2..]) {
        *low = f32::from(i16::from(q & 15) - 8) * d;
        *high = f32::from(i16::from(q >> 4) - 8) * d;
    }
}

/// Scale, minimum; nibbles as in [`q4_0`].
#[inline(always)]
fn q4_1(b: &[u8; 20], y: &mut [f32; 32]) {
    let (d, m) = (half(b, 0), half(b, 2));
    let (low, high) = y.split_at_mut(16);
    for ((low, high), q) in low.iter_mut().zip(high).zip(&b[4..]) {
        *low = f32::from(q & 15) * d + m;
        *high = f32::from(q >> 4) * d + m;
    }
}

/// The fifth bits of value j and value j + 16, each as 0 or 16.
#[inline(always)]
fn fifth_bits(high: u32, j: usize) -> (u8, u8) {
    ((((high >> j) << 4) & 16) as u8, ((high >> (j + 12)) & 16) as u8)
}

/// Scale, fifth bits, nibbles.
#[inline(always)]
fn q5_0(b: &[u8; 22], y: &mut [f32; 32]) {
    let (d, bits) = (half(b, 0), u32::from_le_bytes([b[2], b[3], b[4], b[5]]));
    let (low, high) = y.split_at_mut(16);
    for (j, ((low, high), q)) in low.iter_mut().zip(high).zip(&b[6..]).enumerate() {
        let (first, second) = fifth_bits(bits, j);
        *low = f32::from(i16::from((q & 15) | first) - 16) * d;
        *high = f32::from(i16::from((q >> 4) | second) - 16) * d;
    }
}

/// Scale, minimum, fifth bits, nibbles.
#[inline(always)]
fn q5_1(b: &[u8; 24], y: &mut [f32; 32]) {
    let (d, m, bits) = (half(b, 0), half(b, 2), u32::from_le_bytes([b[4], b[5], b[6], b[7]]));
    let (low, high) = y.split_at_mut(16);
    for (j, ((low, high), q)) in low.iter_mut().zip(high).zip(&b[8..]).enumerate() {
        let (first, second) = fifth_bits(bits, j);
        *low = f32::from((q & 15) | first) * d + m;
        *high = f32::from((q >> 4) | second) * d + m;
    }
}

/// Scale and 32 signed bytes.
#[inline(always)]
fn q8_0(b: &[u8; 34], y: &mut [f32; 32]) {
    let d = half(b, 0);
    for (y, q) in y.iter_mut().zip(&b[2..]) {
        *y = f32::from(q.cast_signed()) * d;
    }
}

/// The 6-bit scale and minimum of sub-block `j` of eight, packed into 12 bytes.
#[inline(always)]
fn scale_and_minimum(j: usize, q: &[u8]) -> (f32, f32) {
    let (scale, minimum) = if j < 4 {
        (q[j] & 63, q[j + 4] & 63)
    } else {
        ((q[j + 4] & 15) | ((q[j - 4] >> 6) << 4), (q[j + 4] >> 4) | ((q[j] >> 6) << 4))
    };
    (f32::from(scale), f32::from(minimum))
}

/// Scale and minimum of all, those of the eight sub-blocks, and nibbles by 64 values.
#[inline(always)]
fn q4_k(b: &[u8; 144], y: &mut [f32; 256]) {
    let (d, min, scales) = (half(b, 0), half(b, 2), &b[4..16]);
    for (i, (q, y)) in b[16..].as_chunks::<32>().0.iter().zip(y.as_chunks_mut::<64>().0).enumerate() {
        let ((s1, m1), (s2, m2)) = (scale_and_minimum(2 * i, scales), scale_and_minimum(2 * i + 1, scales));
        let (d1, m1, d2, m2) = (d * s1, min * m1, d * s2, min * m2);
        let (low, high) = y.split_at_mut(32);
        for ((low, high), q) in low.iter_mut().zip(high).zip(q) {
            *low = d1 * f32::from(q & 15) - m1;
            *high = d2 * f32::from(q >> 4) - m2;
        }
    }
}

/// As [`q4_k`] with a fifth bit of every value in 32 bytes, two bits of each byte by 64 values.
#[inline(always)]
fn q5_k(b: &[u8; 176], y: &mut [f32; 256]) {
    let (d, min, scales, bits) = (half(b, 0), half(b, 2), &b[4..16], &b[16..48]);
    for (i, (q, y)) in b[48..].as_chunks::<32>().0.iter().zip(y.as_chunks_mut::<64>().0).enumerate() {
        let ((s1, m1), (s2, m2)) = (scale_and_minimum(2 * i, scales), scale_and_minimum(2 * i + 1, scales));
        let (d1, m1, d2, m2) = (d * s1, min * m1, d * s2, min * m2);
        let (low, high) = y.split_at_mut(32);
        for (((low, high), q), bit) in low.iter_mut().zip(high).zip(q).zip(bits) {
            let bit = bit >> (2 * i);
            *low = d1 * f32::from((q & 15) | ((bit & 1) << 4)) - m1;
            *high = d2 * f32::from((q >> 4) | ((bit & 2) << 3)) - m2;
        }
    }
}

/// Low nibbles, upper two bits, 16 signed scales, scale of all; in two halves of 128 values.
#[inline(always)]
fn q6_k(b: &[u8; 210], y: &mut [f32; 256]) {
    let d = half(b, 208);
    for (i, y) in y.as_chunks_mut::<128>().0.iter_mut().enumerate() {
        let (low, high, scales) = (&b[64 * i..][..64], &b[128 + 32 * i..][..32], &b[192 + 8 * i..][..8]);
        for (part, y) in y.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let low = &low[part % 2 * 32..][..32];
            let (nibble, pair) = (part / 2 * 4, part * 2);
            for (half, y) in y.as_chunks_mut::<16>().0.iter_mut().enumerate() {
                let scale = d * f32::from(scales[2 * part + half].cast_signed());
                for (l, y) in y.iter_mut().enumerate() {
                    let at = half * 16 + l;
                    let q = ((low[at] >> nibble) & 15) | (((high[at] >> pair) & 3) << 4);
                    *y = scale * f32::from(i16::from(q) - 32);
                }
            }
        }
    }
}
