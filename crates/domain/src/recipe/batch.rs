//! How samples become the batches of a step.

use super::check::Checker;
use serde::{Deserialize, Serialize};

/// How samples become batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Batch {
    /// Samples per forward pass, 1–1024.
    pub micro_batch: u32,
    /// Forward passes per optimizer step, 1–1024. Effective batch = micro_batch × accumulation.
    pub accumulation: u32,
    /// Longest sample in tokens, 8–131072; longer ones are cut at the end.
    pub max_length: u32,
    /// Give no loss to prompt tokens: learn the answers only.
    pub mask_prompt: bool,
    /// Keep only the input of each block for the backward pass and compute the rest again: less memory, a third
    /// slower, the same bits. Default no.
    pub gradient_checkpointing: bool,
}

impl Default for Batch {
    fn default() -> Self {
        Self { micro_batch: 4, accumulation: 4, max_length: 512, mask_prompt: true, gradient_checkpointing: false }
    }
}

impl Batch {
    pub(super) fn check(&self, c: &mut Checker) {
        c.range("batch.micro_batch", f64::from(self.micro_batch), 1.0, 1024.0);
        c.range("batch.accumulation", f64::from(self.accumulation), 1.0, 1024.0);
        c.range("batch.max_length", f64::from(self.max_length), 8.0, 131_072.0);
    }
}
