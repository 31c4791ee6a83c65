//! Settings of the methods that put trained virtual tokens before every text.
//!
//! Virtual tokens take room: prompt and answer have that much less of the model's context.

use super::check::{Checker, RecipeProblem};
use serde::{Deserialize, Serialize};

/// Most virtual tokens: more would be a longer text than most samples.
const MOST: f64 = 1024.0;

/// Most characters of a text that virtual tokens begin as.
const MOST_CHARACTERS: u32 = 10_000;

/// Prompt tuning: the embeddings of the virtual tokens are trained as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PromptTuning {
    /// Virtual tokens, 1–1024. Default 20.
    pub virtual_tokens: u32,
    /// What they are at first. Default `vocabulary`.
    pub init: VirtualTokenInit,
    /// For `init = "text"`: the text, at most 10000 characters. It is repeated or cut to the
    /// number of virtual tokens.
    pub init_text: String,
}

/// P-tuning: the embeddings are `MLP(e)` with trained e and a trained network of two hidden
/// layers; only the result is part of the finished adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PTuning {
    /// Virtual tokens, 1–1024. Default 20.
    pub virtual_tokens: u32,
    /// Width of the network's hidden layers, 1–16384; 0 (the default) means the model's own.
    pub hidden_size: u32,
}

/// Prefix tuning: keys and values of the virtual tokens are trained in every block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PrefixTuning {
    /// Virtual tokens, 1–1024. Default 20.
    pub virtual_tokens: u32,
    /// What they are at first: the keys and values that the model itself computes for these
    /// tokens. Without meaning under `projection`. Default `vocabulary`.
    pub init: VirtualTokenInit,
    /// For `init = "text"`: the text, at most 10000 characters. It is repeated or cut to the
    /// number of virtual tokens.
    pub init_text: String,
    /// Compute keys and values by a trained network, `W₂ tanh(W₁ e)`: steadier with a high learning
    /// rate, at the price of many more parameters while training. Default off.
    pub projection: bool,
    /// Width of that network, 1–16384; 0 (the default) means the model's own.
    pub hidden_size: u32,
}

/// What virtual tokens are before training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VirtualTokenInit {
    /// Tokens drawn from the vocabulary.
    #[default]
    Vocabulary,
    /// The tokens of `init_text`.
    Text,
    /// Standard normal noise.
    Random,
}

impl Default for PromptTuning {
    fn default() -> Self {
        Self { virtual_tokens: 20, init: VirtualTokenInit::default(), init_text: String::new() }
    }
}

impl Default for PTuning {
    fn default() -> Self {
        Self { virtual_tokens: 20, hidden_size: 0 }
    }
}

impl Default for PrefixTuning {
    fn default() -> Self {
        Self {
            virtual_tokens: 20,
            init: VirtualTokenInit::default(),
            init_text: String::new(),
            projection: false,
            hidden_size: 0,
        }
    }
}

impl PromptTuning {
    pub(super) fn check(&self, c: &mut Checker) {
        check_count(c, "prompt_tuning", self.virtual_tokens);
        check_init(c, "prompt_tuning", self.init, &self.init_text);
    }
}

impl PTuning {
    pub(super) fn check(&self, c: &mut Checker) {
        check_count(c, "p_tuning", self.virtual_tokens);
        check_width(c, "p_tuning", self.hidden_size);
    }
}

impl PrefixTuning {
    pub(super) fn check(&self, c: &mut Checker) {
        check_count(c, "prefix_tuning", self.virtual_tokens);
        check_init(c, "prefix_tuning", self.init, &self.init_text);
        check_width(c, "prefix_tuning", self.hidden_size);
    }
}

fn check_count(c: &mut Checker, table: &str, virtual_tokens: u32) {
    c.range(&format!("{table}.virtual_tokens"), f64::from(virtual_tokens), 1.0, MOST);
}

fn check_width(c: &mut Checker, table: &str, hidden_size: u32) {
    c.range(&format!("{table}.hidden_size"), f64::from(hidden_size), 0.0, 16_384.0);
}

fn check_init(c: &mut Checker, table: &str, init: VirtualTokenInit, text: &str) {
    let field = format!("{table}.init_text");
    let fits = text.chars().count() <= MOST_CHARACTERS as usize;
    c.that(fits, &field, RecipeProblem::TooLong { high: MOST_CHARACTERS });
    let is_missing = init == VirtualTokenInit::Text && text.trim().is_empty();
    c.that(!is_missing, &field, RecipeProblem::NoText);
}
