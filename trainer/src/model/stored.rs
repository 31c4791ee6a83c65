//! Between weights as the decoder computes with them and as Hugging Face files hold them: GPT-2 stores the matrices of
//! its blocks transposed, Gemma the gains of its norms less one.

use super::Result;
use super::config::DecoderConfig;
use candle_core::Tensor;

impl DecoderConfig {
    /// The weight of this Hugging Face name as files hold it.
    pub fn as_stored(&self, name: &str, weight: &Tensor) -> Result<Tensor> {
        if self.is_transposed(name) { weight.t()?.contiguous() } else { self.shifted(name, weight, -1.0) }
    }

    /// The weight of this Hugging Face name as the decoder computes with it.
    pub fn as_computed(&self, name: &str, weight: &Tensor) -> Result<Tensor> {
        if self.is_transposed(name) { weight.t()?.contiguous() } else { self.shifted(name, weight, 1.0) }
    }

    /// Whether files hold the transpose of the weight of this name.
    pub(super) fn is_transposed(&self, name: &str) -> bool {
        let is_it =
            |linear: &str| name.strip_suffix(".weight").is_some_and(|path| path.ends_with(&format!(".{linear}")));
        self.family.stores_inputs_first() && self.linear_layers().iter().any(|linear| is_it(linear.name))
    }

    fn shifted(&self, name: &str, weight: &Tensor, times: f64) -> Result<Tensor> {
        let offset = self.family.gain_offset();
        if offset != 0.0 && name.ends_with("norm.weight") { weight + times * offset } else { Ok(weight.clone()) }
    }
}
