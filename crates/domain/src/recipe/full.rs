//! Full fine-tuning's settings.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// Which weights of the base are trained when the method is full fine-tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Full {
    /// Blocks before this one, counted from 0, stay as they are, 0–1024. Default 0: all are trained.
    pub freeze_blocks_below: u32,
    /// Train the embeddings and the output layer too. Default on.
    pub train_embeddings: bool,
}

impl Default for Full {
    fn default() -> Self {
        Self { freeze_blocks_below: 0, train_embeddings: true }
    }
}

impl Full {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("full.freeze_blocks_below", f64::from(self.freeze_blocks_below), 0.0, 1024.0);
    }
}
