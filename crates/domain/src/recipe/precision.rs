//! The type of weights and activations.

use serde::{Deserialize, Serialize};

/// What frozen weights and activations are of. Trained numbers, their gradients and the optimizer's state are f32
/// whatever this says, and so are norms' statistics, softmax and loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Four bytes.
    #[default]
    F32,
    /// Two bytes with the range of f32 and three digits. Half the memory for weights and activations; faster on GPUs
    /// that know it (since NVIDIA's Ampere), slower on CPUs.
    Bf16,
    /// Two bytes with four digits and a small range: the loss is multiplied so that small gradients survive, and
    /// a step whose gradients are then too large is skipped.
    F16,
    /// `bf16` on a GPU, `f32` on a CPU.
    Auto,
}

impl Precision {
    pub const ALL: [Self; 4] = [Self::F32, Self::Bf16, Self::F16, Self::Auto];

    /// The word for it in recipes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Auto => "auto",
        }
    }

    /// What it means on a device; `auto` itself is never the answer.
    #[must_use]
    pub fn on(self, is_cpu: bool) -> Self {
        match self {
            Self::Auto if is_cpu => Self::F32,
            Self::Auto => Self::Bf16,
            other => other,
        }
    }

    /// Whether numbers take two bytes. Where the device is not known, `auto` takes four.
    #[must_use]
    pub fn is_reduced(self) -> bool {
        matches!(self, Self::Bf16 | Self::F16)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::Recipe;
    use super::*;

    #[test]
    fn every_word_is_read_and_auto_follows_the_device() {
        for precision in Precision::ALL {
            let text = format!("precision = \"{}\"", precision.as_str());
            assert_eq!(Recipe::from_toml(&text).unwrap().precision, precision);
        }
        assert_eq!(Recipe::from_toml("").unwrap().precision, Precision::F32);
        assert_eq!((Precision::Auto.on(true), Precision::Auto.on(false)), (Precision::F32, Precision::Bf16));
        assert_eq!((Precision::F16.on(true), Precision::F32.on(false)), (Precision::F16, Precision::F32));
        assert!(Recipe::from_toml("precision = \"f8\"").unwrap_err().to_string().contains("precision"));
    }
}
