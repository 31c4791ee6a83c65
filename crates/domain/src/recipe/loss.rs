//! What a run minimises besides plain cross-entropy.

use super::check::{Checker, RecipeProblem};
use serde::{Deserialize, Serialize};

/// Variations of the training loss. The validation loss knows none of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What a sample weighs that augmentation made ([`crate::paraphrase::SLICE`]), 0–10; 1, the default, is as much as any
    /// other, 0 leaves them out: an ablation over 0 and 1 measures what augmentation is worth.
    pub augmented_weight: f64,
    /// How much less a sample weighs that people were not sure of: its annotation's confidence
    /// ([`crate::annotation::publish::CONFIDENCE`], 0–1) to this power, 0–10. 0, the default, means that all weigh the
    /// same; samples without a confidence weigh 1, and such with none at all are left out.
    pub confidence_weight: f64,
    /// Training samples whose annotation's confidence is below this are left out, 0–1; 0, the default, leaves out none.
    pub min_confidence: f64,
}

impl Default for Loss {
    fn default() -> Self {
        Self {
            label_smoothing: 0.0,
            neftune_alpha: 0.0,
            weight_field: String::new(),
            augmented_weight: 1.0,
            confidence_weight: 0.0,
            min_confidence: 0.0,
        }
    }
}

impl Loss {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("loss.label_smoothing", self.label_smoothing, 0.0, 0.5);
        c.range("loss.neftune_alpha", self.neftune_alpha, 0.0, 100.0);
        c.range("loss.augmented_weight", self.augmented_weight, 0.0, 10.0);
        c.range("loss.confidence_weight", self.confidence_weight, 0.0, 10.0);
        c.range("loss.min_confidence", self.min_confidence, 0.0, 1.0);
        c.that(self.weight_field.chars().count() <= 200, "loss.weight_field", RecipeProblem::TooLong { high: 200 });
    }
}
