//! Settings of bottleneck adapters: small networks between the parts of a block.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// A bottleneck adapter: `y ← y + U f(D y + d) + u` on the output y of a part of a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Bottleneck {
    /// Inner dimension, 1–4096. Default 64.
    pub size: u32,
    /// Behind which parts of a block. Default `houlsby`.
    pub placement: Placement,
    /// f. Default `relu`.
    pub activation: Activation,
}

/// Where bottleneck adapters stand in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Behind attention and behind the feed-forward network (Houlsby et al. 2019, arXiv:1902.00751).
    #[default]
    Houlsby,
    /// Behind the feed-forward network alone (Pfeiffer et al. 2020, arXiv:2005.00247): half the parameters.
    Pfeiffer,
}

/// The nonlinearity of a bottleneck adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    #[default]
    Relu,
    /// The approximation by tanh.
    Gelu,
    Silu,
}

impl Default for Bottleneck {
    fn default() -> Self {
        Self { size: 64, placement: Placement::default(), activation: Activation::default() }
    }
}

impl Bottleneck {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("bottleneck.size", f64::from(self.size), 1.0, 4096.0);
    }
}
