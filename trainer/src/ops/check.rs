//! What every operation's test does: compare values and gradients with plain candle operations,
//! and gradients with central finite differences.

use super::quantized::Quantized;
use super::tape;
use super::weight::Weight;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Result, Shape, Tensor, Var};
use rand::{Rng, SeedableRng};

/// A tensor of numbers in [−1, 1) from a seed.
pub(super) fn random(shape: impl Into<Shape>, seed: u64) -> Result<Tensor> {
    let shape = shape.into();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let data: Vec<f32> = (0..shape.elem_count()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_vec(data, shape, &Device::Cpu)
}

/// A weight of random numbers in blocks of eight bits.
pub(super) fn quantized(shape: (usize, usize), seed: u64) -> Result<Weight> {
    let blocks = QTensor::quantize(&random(shape, seed)?, GgmlDType::Q8_0)?;
    Quantized::new(GgmlDType::Q8_0, blocks.data()?.into_owned(), shape, &Device::Cpu).map(Weight::Quantized)
}

type Op<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

/// A scalar that depends on every output with a different weight.
fn weighed(y: &Tensor) -> Result<Tensor> {
    (y * random(y.shape(), 99)?)?.sum_all()
}

fn gradients(inputs: &[Tensor], op: Op) -> Result<(Vec<f32>, Vec<Vec<f32>>)> {
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let tensors: Vec<_> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let y = op(&tensors)?;
    let grads = weighed(&y)?.backward()?;
    let flat = |t: &Tensor| t.flatten_all()?.to_vec1::<f32>();
    let g =
        vars.iter().map(|v| grads.get(v).map_or_else(|| Ok(vec![0.0; v.elem_count()]), flat)).collect::<Result<_>>()?;
    Ok((flat(&y)?, g))
}

/// Fails unless `portable` gives on a tape the values and gradients that candle gives for `plain`.
pub(super) fn assert_same_on_tape(
    inputs: &[Tensor],
    portable: impl Fn(&[Tensor]) -> Result<Tensor>,
    plain: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Result<()> {
    let (y_plain, g_plain) = gradients(inputs, &plain)?;
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let tensors: Vec<_> = vars.iter().map(|v| v.as_tensor().clone()).collect();
    let mut y = Vec::new();
    let (_, store) = tape::value_and_gradients(|| {
        let output = portable(&tensors)?;
        assert!(output.is_variable(), "it is on the tape");
        y = output.flatten_all()?.to_vec1::<f32>()?;
        weighed(&output)
    })?;
    assert_close("value", &y, &y_plain, 2e-5);
    for (which, (v, want)) in vars.iter().zip(&g_plain).enumerate() {
        let got = store.get(v).map_or_else(|| Ok(vec![0.0; v.elem_count()]), |g| g.flatten_all()?.to_vec1::<f32>())?;
        assert_close(&format!("gradient {which}"), &got, want, 2e-5);
    }
    Ok(())
}

fn assert_close(what: &str, got: &[f32], want: &[f32], tolerance: f32) {
    let size = want.iter().fold(1f32, |m, x| m.max(x.abs()));
    for (i, (a, b)) in got.iter().zip(want).enumerate() {
        assert!((a - b).abs() <= tolerance * size, "{what}[{i}]: {a} is not {b}");
    }
}

/// Fails unless `fused` and `plain` give the same values and gradients, and the gradients are
/// the slopes that finite differences show.
pub(super) fn assert_same_gradients(
    inputs: &[Tensor],
    fused: impl Fn(&[Tensor]) -> Result<Tensor>,
    plain: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> Result<()> {
    let ((y, g), (y_plain, g_plain)) = (gradients(inputs, &fused)?, gradients(inputs, &plain)?);
    assert_close("value", &y, &y_plain, 2e-5);
    for (which, (a, b)) in g.iter().zip(&g_plain).enumerate() {
        assert_close(&format!("gradient {which}"), a, b, 2e-5);
        assert_close(&format!("slope {which}"), a, &slopes(inputs, which, &fused)?, 5e-3);
    }
    Ok(())
}

/// Central differences of the weighed output by every element of input `which`.
fn slopes(inputs: &[Tensor], which: usize, op: Op) -> Result<Vec<f32>> {
    const STEP: f32 = 1e-2;
    let base = inputs[which].flatten_all()?.to_vec1::<f32>()?;
    (0..base.len())
        .map(|i| {
            let at = |delta: f32| -> Result<f32> {
                let mut moved = base.clone();
                moved[i] += delta;
                let mut inputs = inputs.to_vec();
                inputs[which] = Tensor::from_vec(moved, inputs[which].shape(), &Device::Cpu)?;
                weighed(&op(&inputs)?)?.to_scalar::<f32>()
            };
            Ok((at(STEP)? - at(-STEP)?) / (2.0 * STEP))
        })
        .collect()
}
