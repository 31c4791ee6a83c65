//! What a run minimises besides plain cross-entropy.

use super::check::{Checker, RecipeProblem};
use serde::{Deserialize, Serialize};

/// Variations of the training loss. The validation loss knows none of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Loss {
    /// Share of each target that is spread over the whole vocabulary (Szegedy et al. 2016, arXiv:1512.00567), 0–0.5;
    /// default 0. Read with the objective `sft` alone.
    pub label_smoothing: f64,
    /// Uniform noise on embeddings while training, of magnitude alpha / √(tokens · hidden size) (NEFTune: Jain et al.
    /// 2023, arXiv:2310.05914), 0–100; 0, the default, means none, 5 is usual.
    pub neftune_alpha: f64,
    /// Slice field whose number, above 0 and at most 1000000, is the sample's weight in the loss, relative to the
    /// other samples of its step; samples without it weigh 1.
    /// Empty, the default, means that all do.
    pub weight_field: String,
}

impl Loss {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("loss.label_smoothing", self.label_smoothing, 0.0, 0.5);
        c.range("loss.neftune_alpha", self.neftune_alpha, 0.0, 100.0);
        c.that(self.weight_field.chars().count() <= 200, "loss.weight_field", RecipeProblem::TooLong { high: 200 });
    }
}
