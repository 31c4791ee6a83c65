//! Opening what the commands for a finished model need: base, adapter, and test samples.

use anyhow::{Context, Result, bail};
use candle_core::Device;
use domain::sample::Sample;
use std::io::BufRead;
use std::path::Path;
use trainer::adapt;
use trainer::data::template::ChatTemplate;
use trainer::data::tokenizer::Tokenizer;
use trainer::infer::Chat;
use trainer::model::decoder::Decoder;
use trainer::model::weights;

/// A model in memory, adapter included.
pub(crate) struct LoadedModel {
    decoder: Decoder,
    tokenizer: Tokenizer,
    template: ChatTemplate,
}

impl LoadedModel {
    /// Reads a base model and puts an adapter on it, if one is given. Quantized weights stay so unless `is_exact`, or
    /// the adapter is a whole model, whose weights take their place.
    pub(crate) fn open(path: &Path, adapter: Option<&Path>, is_exact: bool, device: &Device) -> Result<Self> {
        let mut base = weights::open(path, device)?;
        if !is_exact && device.is_cpu() && !adapter.is_some_and(adapt::full::FullAdapter::is_in) {
            base.weights.use_integers();
        }
        let mut decoder = Decoder::new(base.config, &mut base.weights)?;
        if let Some(folder) = adapter {
            adapt::load(folder, &decoder)?.attach_to(&mut decoder);
        }
        Ok(Self { decoder, tokenizer: base.tokenizer, template: base.template })
    }

    /// The model as something that answers.
    pub(crate) fn chat(&self) -> Chat<'_> {
        Chat { decoder: &self.decoder, tokenizer: &self.tokenizer, template: &self.template }
    }
}

/// Reads a file of one [`Sample`] as JSON per line; empty lines are skipped.
pub(crate) fn read_samples(path: &Path) -> Result<Vec<Sample>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut samples = Vec::new();
    for (number, line) in std::io::BufReader::new(file).lines().enumerate() {
        let place = || format!("{} line {}", path.display(), number + 1);
        let line = line.with_context(place)?;
        if !line.trim().is_empty() {
            samples.push(serde_json::from_str(&line).with_context(place)?);
        }
    }
    if samples.is_empty() {
        bail!("{} holds no samples", path.display());
    }
    Ok(samples)
}
