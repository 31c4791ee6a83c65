//! Rotary embedding: how its frequencies are made, and where `config.json` says so.

use super::fields::{FULL, Fields, SLIDING};
use crate::model::error::ModelError;
use crate::model::family::Family;
use serde_json::Value;

/// How rotary frequencies are stretched for contexts longer than the model was first trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Every position is divided by `factor` (Chen et al. 2023, arXiv:2306.15595).
    Linear { factor: f64 },
    /// Llama 3.1: long wavelengths are divided by `factor`, short ones kept, with a smooth
    /// passage between them.
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_context_length: usize },
}

impl RopeScaling {
    /// The scaled inverse frequency, as `transformers` computes it in `modeling_rope_utils.py`.
    pub(super) fn scale(&self, frequency: f64) -> f64 {
        match *self {
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 { factor, low_freq_factor, high_freq_factor, original_context_length } => {
                let wavelengths = original_context_length as f64 * frequency / (2.0 * std::f64::consts::PI);
                let smooth = ((wavelengths - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                (1.0 - smooth) * frequency / factor + smooth * frequency
            }
        }
    }
}

impl Fields<'_> {
    /// `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5), which may tell kinds of layers apart.
    pub(super) fn rope_parameters(&self, kind_of_layer: &str) -> Option<&Value> {
        let whole = self.present("rope_scaling").or_else(|| self.present("rope_parameters"))?;
        if whole.get(FULL).is_some() || whole.get(SLIDING).is_some() { whole.get(kind_of_layer) } else { Some(whole) }
    }

    pub(super) fn rope_theta(&self) -> Result<Option<f64>, ModelError> {
        let nested = self.rope_parameters(FULL).and_then(|r| r.get("rope_theta")).and_then(Value::as_f64);
        Ok(self.optional_number("rope_theta")?.or(nested))
    }

    /// Gemma 3's base in layers with a window: a field of its own, or the parameters of those layers.
    pub(super) fn local_rope_theta(&self) -> Result<f64, ModelError> {
        let parameters = self.present("rope_parameters").and_then(|r| r.get(SLIDING));
        let kind = parameters.and_then(|r| r.get("rope_type")).and_then(Value::as_str).unwrap_or("default");
        if kind != "default" {
            return self.refuse(format!("rotary scaling of type {kind:?} in layers with a sliding window"));
        }
        let nested = parameters.and_then(|r| r.get("rope_theta")).and_then(Value::as_f64);
        Ok(self.optional_number("rope_local_base_freq")?.or(nested).unwrap_or(1e4))
    }

    /// Which share of each head is rotated. Not a number, or none between 0 and 1, counts as nothing rotated, which
    /// no family has.
    pub(super) fn rotated_share(&self, family: Family) -> f64 {
        let nested = self.rope_parameters(FULL).and_then(|r| r.get("partial_rotary_factor"));
        match self.present("partial_rotary_factor").or(nested) {
            Some(value) => value.as_f64().filter(|share| (0.0..=1.0).contains(share)).unwrap_or(0.0),
            None if family == Family::Glm4 => 0.5,
            None => 1.0,
        }
    }

    pub(super) fn rope_scaling(&self) -> Result<Option<RopeScaling>, ModelError> {
        let Some(rope) = self.rope_parameters(FULL) else { return Ok(None) };
        let kind = rope.get("rope_type").or_else(|| rope.get("type")).and_then(Value::as_str).unwrap_or("default");
        let number = |name: &str| {
            rope.get(name).and_then(Value::as_f64).filter(|x| *x > 0.0 && *x <= 1e9).ok_or_else(|| {
                ModelError::config(self.path, format!("rope_scaling.{name}"), "must be a number above 0")
            })
        };
        match kind {
            "default" => Ok(None),
            "linear" => Ok(Some(RopeScaling::Linear { factor: number("factor")? })),
            "llama3" => {
                let (low_freq_factor, high_freq_factor) = (number("low_freq_factor")?, number("high_freq_factor")?);
                if high_freq_factor <= low_freq_factor {
                    return Err(ModelError::config(
                        self.path,
                        "rope_scaling.high_freq_factor",
                        "must be above low_freq_factor",
                    ));
                }
                let original_context_length = number("original_max_position_embeddings")? as usize;
                Ok(Some(RopeScaling::Llama3 {
                    factor: number("factor")?,
                    low_freq_factor,
                    high_freq_factor,
                    original_context_length,
                }))
            }
            other => self.refuse(format!("rotary scaling of type {:?}", other.chars().take(40).collect::<String>())),
        }
    }
}
