//! What a run minimises: the loss of reference answers, or that of preferences between two answers.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// What a run learns from a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// To write the reference answer: cross-entropy (supervised fine-tuning).
    #[default]
    Sft,
    /// To prefer the chosen answer of a pair to the rejected one (Rafailov et al. 2023, arXiv:2305.18290). Samples
    /// that are no pairs are left out.
    Dpo,
}

impl Objective {
    pub const ALL: [Self; 2] = [Self::Sft, Self::Dpo];

    /// The word for it in recipes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sft => "sft",
            Self::Dpo => "dpo",
        }
    }
}

/// Direct preference optimisation. Of a pair, m = log π(chosen)/π₀(chosen) − log π(rejected)/π₀(rejected), where π₀ is the
/// model that the run starts from: the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Dpo {
    /// How strongly the model is held to the reference, above 0 and at most 10. Default 0.1.
    pub beta: f64,
    /// Default `sigmoid`.
    pub loss: DpoLoss,
    /// ε of conservative DPO, the share of pairs that are thought to be the wrong way round, 0–0.499; default 0.
    /// Read by `sigmoid` alone.
    pub label_smoothing: f64,
    /// Weight of the chosen answer's mean loss per token, which is added (RPO: Pang et al. 2024, arXiv:2404.19733),
    /// 0–100; default 0.
    pub sft_weight: f64,
}

/// What is minimised of a pair's m.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DpoLoss {
    /// −(1 − ε) log σ(β m) − ε log σ(−β m).
    #[default]
    Sigmoid,
    /// (m − 1/(2β))², with log-probabilities per token in m (IPO: Azar et al. 2023, arXiv:2310.12036).
    Ipo,
}

impl DpoLoss {
    pub const ALL: [Self; 2] = [Self::Sigmoid, Self::Ipo];
}

impl Default for Dpo {
    fn default() -> Self {
        Self { beta: 0.1, loss: DpoLoss::default(), label_smoothing: 0.0, sft_weight: 0.0 }
    }
}

impl Dpo {
    pub(super) fn check(&self, c: &mut Checker) {
        c.above_zero("dpo.beta", self.beta, 10.0);
        c.range("dpo.label_smoothing", self.label_smoothing, 0.0, 0.499);
        c.range("dpo.sft_weight", self.sft_weight, 0.0, 100.0);
    }
}
