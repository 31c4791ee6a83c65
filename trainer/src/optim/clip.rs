//! Clipping by the global norm (Pascanu et al. 2013, arXiv:1211.5063).

use crate::ops::update::sum_of_squares;
use candle_core::{Result, Tensor};

/// L2 norm of all gradients taken together.
pub fn global_norm(gradients: &[Tensor]) -> Result<f64> {
    let mut squares = 0f64;
    for g in gradients {
        squares += sum_of_squares(g)?;
    }
    Ok(squares.sqrt())
}

/// Factor that brings a gradient of this norm down to `limit`; 1 when it is below or when
/// `limit` is 0 (no clipping).
#[must_use]
pub fn factor(norm: f64, limit: f64) -> f64 {
    if limit > 0.0 && norm > limit { limit / norm } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipped_norm_is_the_limit() -> Result<()> {
        let gradients =
            [Tensor::new(&[3f32, 0.0], &candle_core::Device::Cpu)?, Tensor::new(&[4f32], &candle_core::Device::Cpu)?];
        let norm = global_norm(&gradients)?;
        assert!((norm - 5.0).abs() < 1e-6);
        assert_eq!((factor(norm, 1.0) * norm, factor(norm, 0.0), factor(norm, 9.0)), (1.0, 1.0, 1.0));
        Ok(())
    }
}
