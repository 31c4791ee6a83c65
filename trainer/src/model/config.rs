//! What shape a decoder has: read from `config.json` or GGUF metadata, checked once, believed after.
//!
//! Every number is bounded before anything is sized by it. Features that would change the maths
//! and that the decoder does not have are refused rather than ignored.

use super::error::ModelError;
use super::family::Family;
use crate::ops::activation::Activation;
use std::path::Path;

mod fields;
mod json;
mod rotary;
mod tensors;

pub(crate) use fields::token_ids;
pub use rotary::RopeScaling;
pub use tensors::Linear;

/// Shape and constants of a decoder. Made only by constructors that check all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderConfig {
    pub family: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub layers: usize,
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    pub head_dim: usize,
    /// Features of each head that are rotated: even, at most `head_dim`.
    pub rotary_dim: usize,
    /// Longest sequence in tokens.
    pub context_length: usize,
    /// Epsilon of every norm.
    pub norm_epsilon: f64,
    pub activation: Activation,
    /// Attention scores are divided by the root of this; `head_dim` as a rule.
    pub score_divisor: f64,
    pub rope_theta: f64,
    /// Base of the rotary frequencies in layers with a sliding window, where it is another and never scaled.
    pub local_rope_theta: Option<f64>,
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the output layer is the embedding matrix.
    pub tie_embeddings: bool,
    /// Whether the query, key and value projections have a bias.
    pub qkv_bias: bool,
    /// Positions a token may look back in a layer with a sliding window, itself included.
    pub sliding_window: Option<usize>,
    /// Whether each layer has the sliding window.
    pub sliding_layers: Vec<bool>,
    pub bos_token_ids: Vec<u32>,
    /// Tokens that end a text or a turn.
    pub eos_token_ids: Vec<u32>,
}

impl DecoderConfig {
    /// Checks what single fields cannot tell; every constructor ends here.
    pub(crate) fn checked(mut self, path: &Path) -> Result<Self, ModelError> {
        let bad = |field: &str, problem: String| Err(ModelError::config(path, field, problem));
        if !self.heads.is_multiple_of(self.kv_heads) {
            return bad(
                "num_key_value_heads",
                format!("must divide the {} attention heads, not be {}", self.heads, self.kv_heads),
            );
        }
        if self.head_dim < 2 || !self.head_dim.is_multiple_of(2) {
            return bad("head_dim", format!("must be even and at least 2, not {}", self.head_dim));
        }
        if self.rotary_dim < 2 || !self.rotary_dim.is_multiple_of(2) || self.rotary_dim > self.head_dim {
            let (rotated, dim) = (self.rotary_dim, self.head_dim);
            return bad(
                "partial_rotary_factor",
                format!("must rotate an even part of the {dim} features of a head, not {rotated}"),
            );
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 0.1) {
            return bad("rms_norm_eps", format!("must be above 0 and below 0.1, not {}", self.norm_epsilon));
        }
        if !(self.score_divisor > 0.0 && self.score_divisor <= 1e6) {
            return bad(
                "query_pre_attn_scalar",
                format!("must be above 0 and at most 1e6, not {}", self.score_divisor),
            );
        }
        for (field, theta) in [("rope_theta", Some(self.rope_theta)), ("rope_local_base_freq", self.local_rope_theta)] {
            if let Some(theta) = theta.filter(|theta| !(*theta >= 1.0 && *theta <= 1e12)) {
                return bad(field, format!("must be between 1 and 1e12, not {theta}"));
            }
        }
        if self.sliding_layers.len() != self.layers {
            return bad(
                "layer_types",
                format!("must name all {} layers, not {}", self.layers, self.sliding_layers.len()),
            );
        }
        if let Some(token) =
            self.bos_token_ids.iter().chain(&self.eos_token_ids).find(|t| **t as usize >= self.vocab_size)
        {
            return bad("eos_token_id", format!("names token {token}, beyond the vocabulary of {}", self.vocab_size));
        }
        if self.sliding_window.is_none() && self.local_rope_theta.is_none() {
            self.sliding_layers.fill(false);
        }
        if !self.sliding_layers.contains(&true) {
            (self.sliding_window, self.local_rope_theta) = (None, None);
        }
        Ok(self)
    }

    /// Rotary inverse frequencies of the layers with or without a sliding window, one for each pair of rotated
    /// features: the angle of pair `i` at position `p` is `p · θ^(−2i / rotary_dim)`, scaling apart.
    #[must_use]
    pub fn inverse_frequencies(&self, sliding: bool) -> Vec<f64> {
        let local = self.local_rope_theta.filter(|_| sliding);
        let (theta, scaling) = local.map_or((self.rope_theta, self.rope_scaling.as_ref()), |theta| (theta, None));
        let frequency = |i: usize| theta.powf(-2.0 * i as f64 / self.rotary_dim as f64);
        (0..self.rotary_dim / 2).map(|i| scaling.map_or(frequency(i), |s| s.scale(frequency(i)))).collect()
    }

    /// By what embeddings are multiplied: Gemma's by √hidden_size.
    #[must_use]
    pub fn embedding_scale(&self) -> Option<f64> {
        (self.family == Family::Gemma3).then(|| (self.hidden_size as f64).sqrt())
    }
}

/// Largest vocabulary believed; the largest published ones have about 260,000 tokens.
pub(crate) const MAX_VOCABULARY: usize = 2_000_000;
/// Longest context believed.
pub(crate) const MAX_CONTEXT: usize = 16_777_216;
