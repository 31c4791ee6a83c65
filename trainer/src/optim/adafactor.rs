//! Adafactor (Shazeer & Stern 2018, arXiv:1804.04235) with a given learning rate, as transformers computes
//! it with `relative_step` off: a matrix of r × c numbers keeps r + c second moments instead of r · c.
//!
//! With β₂ₜ = 1 − t^−d: `R ← β₂ₜR + (1−β₂ₜ)·rowmean(g² + ε₁)`, `C ← β₂ₜC + (1−β₂ₜ)·colmean(g² + ε₁)`,
//! `u = g / √(R Cᵀ / mean(R))` (a vector keeps all of `V` and has `u = g / √V`),
//! `u ← u / max(1, rms(u)/threshold)`, `p ← p(1 − lr·λ) − lr·u`. With `scale_parameter` the learning rate is
//! multiplied by max(ε₂, rms(p)).

use super::{Pace, Rule};
use candle_core::{D, Result, Tensor, Var};
use domain::recipe::Adafactor as Settings;

/// ε₁: keeps second moments above zero.
const SMALLEST_SQUARE: f64 = 1e-30;
/// ε₂: the smallest scale of a parameter.
const SMALLEST_SCALE: f64 = 1e-3;

/// Second moments of a parameter.
#[derive(Debug)]
enum Second {
    /// Means over columns (…, rows) and over rows (…, columns).
    Factored {
        rows: Tensor,
        columns: Tensor,
    },
    Whole(Tensor),
}

#[derive(Debug)]
pub(super) struct Adafactor {
    settings: Settings,
    second: Second,
}

impl Adafactor {
    pub(super) fn new(settings: &Settings, variable: &Var) -> Result<Self> {
        let zeros = variable.zeros_like()?;
        let second = if variable.rank() >= 2 {
            Second::Factored { rows: zeros.mean(D::Minus1)?, columns: zeros.mean(D::Minus2)? }
        } else {
            Second::Whole(zeros)
        };
        Ok(Self { settings: settings.clone(), second })
    }

    /// u before it is clipped.
    fn direction(&mut self, g: &Tensor, step: u32) -> Result<Tensor> {
        let beta = 1.0 - f64::from(step).powf(-self.settings.decay_power);
        let square = (g.sqr()? + SMALLEST_SQUARE)?;
        let mixed = |old: &Tensor, new: Tensor| (old * beta)? + (new * (1.0 - beta))?;
        match &mut self.second {
            Second::Whole(all) => {
                *all = mixed(all, square)?.detach();
                g / all.sqrt()?
            }
            Second::Factored { rows, columns } => {
                *rows = mixed(rows, square.mean(D::Minus1)?)?.detach();
                *columns = mixed(columns, square.mean(D::Minus2)?)?.detach();
                let share = rows.broadcast_div(&rows.mean_keepdim(D::Minus1)?)?.sqrt()?.unsqueeze(D::Minus1)?;
                g.broadcast_div(&share)?.broadcast_div(&columns.sqrt()?.unsqueeze(D::Minus2)?)
            }
        }
    }
}

impl Rule for Adafactor {
    fn step(&mut self, variable: &Var, gradient: &Tensor, pace: Pace) -> Result<()> {
        let scale = if self.settings.scale_parameter { rms(variable)?.max(SMALLEST_SCALE) } else { 1.0 };
        let rate = pace.learning_rate * scale;
        let u = self.direction(&(gradient * pace.gradient_factor)?, pace.step)?;
        let u = (&u / (rms(&u)? / self.settings.clip_threshold).max(1.0))?;
        let decayed = (variable.as_tensor() * (1.0 - rate * pace.weight_decay))?;
        variable.set(&(decayed - (u * rate)?)?.detach())
    }

    fn state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(match &self.second {
            Second::Factored { rows, columns } => vec![("rows", rows.clone()), ("columns", columns.clone())],
            Second::Whole(all) => vec![("second", all.clone())],
        })
    }

    fn restore(&mut self, read: &dyn Fn(&str) -> Result<Tensor>) -> Result<()> {
        match &mut self.second {
            Second::Factored { rows, columns } => (*rows, *columns) = (read("rows")?, read("columns")?),
            Second::Whole(all) => *all = read("second")?,
        }
        Ok(())
    }
}

/// Root of the mean square.
fn rms(x: &Tensor) -> Result<f64> {
    Ok(f64::from(x.sqr()?.mean_all()?.to_scalar::<f32>()?).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::check::assert_three_steps;
    use super::*;

    fn adafactor(scale_parameter: bool) -> impl Fn(&Var) -> Result<Box<dyn Rule>> {
        move |variable| Ok(Box::new(Adafactor::new(&Settings { scale_parameter, ..Settings::default() }, variable)?))
    }

    #[test]
    fn three_steps_equal_transformers() -> Result<()> {
        // transformers 5.24: Adafactor(p, lr=0.1, relative_step=False, scale_parameter=…, weight_decay=0.1)
        let want = [0.461_737_836, -0.793_603_112, 1.767_661_632, 0.126_209_439, 1.441_951_532, -0.850_814_614];
        assert_three_steps(&[2, 3], adafactor(false), &want)?;
        let want = [0.459_828_704, -0.769_071_657, 1.735_053_555, 0.106_941_596, 1.438_186_59, -0.863_104_097];
        assert_three_steps(&[2, 3], adafactor(true), &want)?;
        assert_three_steps(&[3], adafactor(false), &[0.411_483_356, -0.866_889_752, 1.701_316_783])
    }
}
