//! Between weights as the decoder computes with them and as Hugging Face files hold them: GPT-2 stores the matrices of
//! its blocks transposed. The one changes into the other by the same function.

use super::Result;
use super::config::DecoderConfig;
use candle_core::Tensor;

impl DecoderConfig {
    /// The weight of this Hugging Face name from what files hold to what the decoder computes with, and back.
    pub fn exchanged(&self, name: &str, weight: &Tensor) -> Result<Tensor> {
        if self.is_transposed(name) { weight.t()?.contiguous() } else { Ok(weight.clone()) }
    }

    /// Whether files hold the transpose of the weight of this name.
    pub(super) fn is_transposed(&self, name: &str) -> bool {
        let is_it =
            |linear: &str| name.strip_suffix(".weight").is_some_and(|path| path.ends_with(&format!(".{linear}")));
        self.family.stores_inputs_first() && self.linear_layers().iter().any(|linear| is_it(linear.name))
    }
}
