//! The low-rank adapter's settings, and the linear layers that one can be put on.

use super::check::{Checker, RecipeProblem};
use serde::{Deserialize, Serialize};

/// The low-rank adapter: `h = W x + s · B A x` with s = alpha / rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Lora {
    /// Inner dimension of A and B, 1–512. Default 8.
    pub rank: u32,
    /// Scale numerator, above 0 and at most 4096. Twice the rank is a usual choice. Default 16.
    pub alpha: f64,
    /// Probability of zeroing an input of A while training, 0–0.9. Default 0.
    pub dropout: f64,
    /// Which linear layers get an adapter; at least one. Default: all seven.
    pub target_modules: Vec<TargetModule>,
    /// rsLoRA (Kalajdzievski 2023, arXiv:2312.03732): s = alpha / √rank, so that a high rank
    /// still learns. Default off.
    pub rslora: bool,
    /// DoRA (Liu et al. 2024, arXiv:2402.09353): length and direction of each row of the weight
    /// are trained apart. Better at low ranks, a fifth slower. Default off.
    pub dora: bool,
    /// LoRA+ (Hayou et al. 2024, arXiv:2402.12354): B learns this many times as fast as A, 1–256;
    /// 16 is a usual choice. Default 1, which is plain LoRA.
    pub plus_ratio: f64,
    /// QLoRA (Dettmers et al. 2023, arXiv:2305.14314): the base stays in the quantized blocks of its GGUF
    /// file, a sixth of the memory at four bits. Default off.
    pub quantized_base: bool,
}

impl Default for Lora {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 16.0,
            dropout: 0.0,
            target_modules: TargetModule::ALL.to_vec(),
            rslora: false,
            dora: false,
            plus_ratio: 1.0,
            quantized_base: false,
        }
    }
}

impl Lora {
    /// s in `W x + s · B A x`.
    #[must_use]
    pub fn scale(&self) -> f64 {
        let rank = f64::from(self.rank);
        self.alpha / if self.rslora { rank.sqrt() } else { rank }
    }

    pub(super) fn check(&self, c: &mut Checker) {
        c.range("lora.rank", f64::from(self.rank), 1.0, 512.0);
        c.above_zero("lora.alpha", self.alpha, 4096.0);
        c.range("lora.dropout", self.dropout, 0.0, 0.9);
        c.that(!self.target_modules.is_empty(), "lora.target_modules", RecipeProblem::NoModule);
        let mut seen = self.target_modules.clone();
        seen.sort_unstable();
        seen.dedup();
        c.that(seen.len() == self.target_modules.len(), "lora.target_modules", RecipeProblem::RepeatedModule);
        c.range("lora.plus_ratio", self.plus_ratio, 1.0, 256.0);
    }
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
