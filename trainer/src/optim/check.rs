//! What every rule's test does: three steps from the same matrix along the same gradients, compared with the
//! figures that PyTorch or transformers give in double precision.

use super::{Pace, Rule};
use candle_core::{Device, Result, Tensor, Var};

pub(super) const START: [f32; 6] = [0.5, -1.0, 2.0, 0.25, 1.5, -0.75];
const GRADIENTS: [[f32; 6]; 3] =
    [[0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [-0.3, 0.2, 0.1, 0.05, 0.7, -0.6], [1.0, -2.0, 0.5, 0.0, 0.25, 3.0]];

/// Fails unless three steps (learning rate 0.1, weight decay 0.1, twice each gradient at a factor of a half) from
/// [`START`] in this shape give `want`. In Python, with `make` one of the optimizers that the tests name:
/// ```python
/// p = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)); o = make([p])
/// for g in gradients: p.grad = torch.tensor(g, dtype=torch.float64); o.step()
/// ```
pub(super) fn assert_three_steps(
    shape: &[usize],
    make: impl Fn(&Var) -> Result<Box<dyn Rule>>,
    want: &[f64],
) -> Result<()> {
    let count = want.len();
    let tensor = |values: &[f32]| Tensor::from_slice(&values[..count], shape, &Device::Cpu);
    let variable = Var::from_tensor(&tensor(&START)?)?;
    let mut rule = make(&variable)?;
    for (step, gradient) in (1..).zip(&GRADIENTS) {
        let pace = Pace { step, learning_rate: 0.1, weight_decay: 0.1, gradient_factor: 0.5 };
        rule.step(&variable, &(tensor(gradient)? * 2.0)?, pace)?;
    }
    for (i, (got, want)) in variable.flatten_all()?.to_vec1::<f32>()?.iter().zip(want).enumerate() {
        assert!((f64::from(*got) - want).abs() < 1e-6, "value {i}: {got} is not {want}");
    }
    Ok(())
}
