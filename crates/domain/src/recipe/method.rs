//! What a run trains: the method and the settings of each.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Low-rank adapters on frozen linear layers (Hu et al. 2021, arXiv:2106.09685).
    #[default]
    Lora,
}

/// The low-rank adapter: `h = W x + (alpha / rank) · B A x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Lora {
    /// Inner dimension of A and B, 1–512.
    pub rank: u32,
    /// Scale numerator, above 0 and at most 4096. Twice the rank is a usual choice.
    pub alpha: f64,
    /// Probability of zeroing an input of A while training, 0–0.9.
    pub dropout: f64,
    /// Which linear layers get an adapter; at least one.
    pub target_modules: Vec<TargetModule>,
    /// QLoRA (Dettmers et al. 2023, arXiv:2305.14314): the base stays in the quantized blocks of its GGUF
    /// file, a sixth of the memory at four bits.
    pub quantized_base: bool,
}

/// A linear layer of a decoder block, by the name it has in Hugging Face checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetModule {
    QProj,
    KProj,
    VProj,
    OProj,
    GateProj,
    UpProj,
    DownProj,
}

impl TargetModule {
    pub const ALL: [Self; 7] =
        [Self::QProj, Self::KProj, Self::VProj, Self::OProj, Self::GateProj, Self::UpProj, Self::DownProj];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
        }
    }
}

impl Default for Lora {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, dropout: 0.0, target_modules: TargetModule::ALL.to_vec(), quantized_base: false }
    }
}

impl Lora {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("lora.rank", f64::from(self.rank), 1.0, 512.0);
        c.above_zero("lora.alpha", self.alpha, 4096.0);
        c.range("lora.dropout", self.dropout, 0.0, 0.9);
        c.that(!self.target_modules.is_empty(), "lora.target_modules", "choose at least one module");
        let mut seen = self.target_modules.clone();
        seen.sort_unstable();
        seen.dedup();
        c.that(seen.len() == self.target_modules.len(), "lora.target_modules", "each module may appear once");
    }
}
