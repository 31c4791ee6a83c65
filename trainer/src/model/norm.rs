//! One norm of a decoder: root mean square in most families, layer norm in GPT-2.

use super::Result;
use super::config::DecoderConfig;
use super::decoder::Mode;
use super::error::ModelError;
use super::weights::Weights;
use crate::ops::layer_norm::layer_norm;
use crate::ops::rms_norm::rms_norm;
use candle_core::Tensor;

/// A norm with its gain.
#[derive(Debug)]
pub(super) struct Norm {
    /// Its Hugging Face name.
    name: String,
    /// (features), as files hold it.
    gain: Tensor,
    /// What the family adds to the gain. Kept apart, so that a trained gain is saved and read without rounding.
    offset: f64,
    /// (features); there is one when the norm also subtracts the mean.
    bias: Option<Tensor>,
    epsilon: f64,
}

impl Norm {
    /// Takes the norm of this name out of `weights`.
    pub(super) fn take(config: &DecoderConfig, name: &str, weights: &mut Weights) -> Result<Self, ModelError> {
        let gain = weights.take(&format!("{name}.weight"))?;
        let bias = if config.family.centres() { Some(weights.take(&format!("{name}.bias"))?) } else { None };
        let offset = config.family.gain_offset();
        Ok(Self { name: name.to_owned(), gain, offset, bias, epsilon: config.norm_epsilon })
    }

    /// Normalises rows of `x` (tokens, features).
    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        match &self.bias {
            Some(bias) => layer_norm(x, &mode.tensor(&self.gain), &mode.tensor(bias), self.epsilon),
            None => rms_norm(x, &mode.tensor(&self.gain), self.offset, self.epsilon),
        }
    }

    /// Normalises each head of `x` (tokens, heads · features) on its own.
    pub(super) fn per_head(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.forward(&x.reshape(((), self.gain.dim(0)?))?, mode)?.reshape(x.shape())
    }

    /// Gain and bias and their Hugging Face names.
    pub(super) fn tensors(&self) -> Vec<(String, &Tensor)> {
        let bias = self.bias.as_ref().map(|bias| (format!("{}.bias", self.name), bias));
        std::iter::once((format!("{}.weight", self.name), &self.gain)).chain(bias).collect()
    }

    /// Calls `f` with gain and bias and their Hugging Face names.
    pub(super) fn tensors_mut(&mut self, f: &mut impl FnMut(&str, &mut Tensor)) {
        f(&format!("{}.weight", self.name), &mut self.gain);
        self.bias.iter_mut().for_each(|bias| f(&format!("{}.bias", self.name), bias));
    }
}
