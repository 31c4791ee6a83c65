//! Products in whole numbers: against exact products, and the instruction sets against each other.

use super::super::check::random;
use super::*;
use candle_core::quantized::{GgmlDType, QTensor};

const FORMATS: [GgmlDType; 8] = [
    GgmlDType::Q4_0,
    GgmlDType::Q4_1,
    GgmlDType::Q5_0,
    GgmlDType::Q5_1,
    GgmlDType::Q8_0,
    GgmlDType::Q4K,
    GgmlDType::Q5K,
    GgmlDType::Q6K,
];

/// A matrix whose last panel is not full, as the file has it and laid out.
fn matrix(dtype: GgmlDType, rows: usize) -> Result<(Quantized, Integer)> {
    let stored = QTensor::quantize(&random((rows, 512), 3)?, dtype)?;
    let quantized = Quantized::new(dtype, stored.data()?.into_owned(), (rows, 512), &Device::Cpu)?;
    let integer = Integer::new(&quantized).ok_or_else(|| candle_core::Error::msg("a format without a layout"))?;
    Ok((quantized, integer))
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

#[test]
fn every_format_keeps_its_values() -> Result<()> {
    for dtype in FORMATS {
        let (quantized, integer) = matrix(dtype, 37)?;
        assert_eq!(values(&integer.dequantize()?)?, values(&quantized.dequantize()?)?, "{dtype:?}");
    }
    Ok(())
}

/// Each input is off by half a step at most: 1/254 of the largest of its block of 32.
#[test]
fn products_are_exact_but_for_the_rounding_of_inputs() -> Result<()> {
    for dtype in FORMATS {
        let (_, integer) = matrix(dtype, 37)?;
        let weight = integer.dequantize()?.to_vec2::<f32>()?;
        for tokens in [1, 2, 3, 7, 16, 33, 70] {
            let x = random((tokens, 512), 4)?.to_vec2::<f32>()?;
            let got = integer.product(&x.concat());
            for (x, got) in x.iter().zip(got.chunks_exact(37)) {
                for (w, got) in weight.iter().zip(got) {
                    let want: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                    let bound: f64 = x
                        .chunks(32)
                        .zip(w.chunks(32))
                        .map(|(x, w)| {
                            let half_step = f64::from(x.iter().fold(0f32, |most, x| most.max(x.abs()))) / 254.0;
                            half_step * w.iter().map(|w| f64::from(w.abs())).sum::<f64>()
                        })
                        .sum();
                    let error = (f64::from(*got) - want).abs();
                    assert!(error <= 1.001 * bound + 1e-4, "{dtype:?}, {tokens} tokens: {error} above {bound}");
                }
            }
        }
    }
    Ok(())
}

/// Sums of whole numbers are the same everywhere; those of floats are added in the same order, some of them fused.
#[test]
fn all_instructions_agree_and_so_do_all_numbers_of_tokens() -> Result<()> {
    for dtype in FORMATS {
        let (_, integer) = matrix(dtype, 16)?;
        // The largest and smallest numbers that a byte holds, where 16 bits would overflow first.
        let mut x = values(&random((15, 512), 5)?)?;
        x[..1024].iter_mut().enumerate().for_each(|(i, x)| *x = if i < 512 { 1.0 } else { -1.0 });
        let inputs = Inputs::new(&x, &integer.0);
        let products = |level: Level, at_once: usize| {
            let mut y = vec![[0f32; LANES]; 15];
            for first in (0..15).step_by(at_once) {
                let tokens = first..(first + at_once).min(15);
                kernel::panel(level, integer.0.panel(0), &inputs, tokens, &mut |i, values| y[i] = *values);
            }
            y.concat()
        };
        let want = products(Level::Portable, 1);
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            let got = products(level, 15);
            assert_eq!(got, products(level, 1), "{dtype:?}, {level:?}: the same bits for any number of tokens");
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() < 2e-5 * want.abs().max(10.0), "{dtype:?}, {level:?}: {got} for {want}");
            }
        }
    }
    Ok(())
}

#[test]
fn inputs_that_are_not_finite_stay_so() -> Result<()> {
    let (_, integer) = matrix(GgmlDType::Q4_0, 5)?;
    let mut x = vec![1f32; 512];
    x[40] = f32::INFINITY;
    assert!(integer.product(&x).iter().all(|y| !y.is_finite()));
    assert_eq!(integer.product(&[0.0; 512]), [0.0; 5]);
    Ok(())
}
