//! Loss scaling for f16 (Micikevicius et al. 2017, arXiv:1710.03740): small gradients would be zero in f16, so the loss
//! is multiplied by S before the backward pass and the gradients are divided by S in f32 after it.
//!
//! S moves as in PyTorch's `GradScaler`: it begins at 2¹⁶, is halved whenever a gradient is no number, and doubled after
//! 2000 steps in a row without that. A step that overflows moves nothing. S is always a power of two, so that it
//! rounds no gradient.

use candle_core::DType;
use serde::{Deserialize, Serialize};

const FIRST: f64 = 65_536.0;
const LARGEST: f64 = 16_777_216.0;
/// Steps without an overflow after which S grows.
const PATIENCE: u32 = 2000;

/// S and how it came about; a checkpoint keeps it, so that a resumed run goes on with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    /// S; 1 for good where activations are not f16.
    pub scale: f64,
    /// Steps without an overflow since S last moved.
    pub clean: u32,
    /// Steps that moved nothing.
    pub skipped: u32,
}

impl Default for LossScale {
    /// None at all.
    fn default() -> Self {
        Self { scale: 1.0, clean: 0, skipped: 0 }
    }
}

impl LossScale {
    /// Where activations of this type need it to begin.
    #[must_use]
    pub fn new(dtype: DType) -> Self {
        Self { scale: if dtype == DType::F16 { FIRST } else { 1.0 }, ..Self::default() }
    }

    /// Whether the gradients of a step are to be passed over: they are no numbers, and a smaller S may help. At S = 1
    /// it cannot. Moves S.
    pub fn passes_over(&mut self, gradient_norm: f64, dtype: DType) -> bool {
        if dtype != DType::F16 {
            return false;
        }
        if !gradient_norm.is_finite() && self.scale > 1.0 {
            *self = Self { scale: self.scale / 2.0, clean: 0, skipped: self.skipped + 1 };
            return true;
        }
        self.clean += 1;
        if self.clean >= PATIENCE && self.scale < LARGEST {
            *self = Self { scale: self.scale * 2.0, clean: 0, ..*self };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_at_once_and_rises_slowly() {
        let mut scale = LossScale::new(DType::F16);
        assert!(scale.passes_over(f64::INFINITY, DType::F16) && scale.passes_over(f64::NAN, DType::F16));
        assert_eq!(scale, LossScale { scale: 16_384.0, clean: 0, skipped: 2 });
        for _ in 0..PATIENCE {
            assert!(!scale.passes_over(1.0, DType::F16));
        }
        assert_eq!(scale, LossScale { scale: 32_768.0, clean: 0, skipped: 2 });
        scale.scale = 1.0;
        assert!(!scale.passes_over(f64::NAN, DType::F16), "nothing is left to try");
    }

    #[test]
    fn other_types_have_none() {
        for dtype in [DType::F32, DType::BF16] {
            let mut scale = LossScale::new(dtype);
            assert!(!scale.passes_over(f64::NAN, dtype) && !scale.passes_over(1.0, dtype));
            assert_eq!(scale, LossScale::default());
        }
    }
}
