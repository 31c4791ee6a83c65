//! From a file's samples to what a run learns of them.

use super::Job;
use crate::data::masking::{Encoded, Encoder};
use crate::data::samples;
use crate::error::TrainError;
use crate::event::Sink;
use domain::event::{Level, Phase};
use domain::recipe::Objective;
use domain::sample::Sample;
use sha2::{Digest, Sha256};

/// The samples of a split that there is something to learn of.
#[derive(Default)]
pub(super) struct EncodedSet {
    pub(super) samples: Vec<Encoded>,
    /// Of each sample the rejected answer, where preferences are learnt.
    pub(super) rejected: Vec<Encoded>,
    /// What they came from.
    pub(super) kept: Vec<Sample>,
}

impl EncodedSet {
    /// Adds what an objective learns of a sample, if that is anything.
    fn push(&mut self, encoder: &Encoder, sample: &Sample, objective: Objective, line: u32) -> Result<(), TrainError> {
        let (encoded, rejected) = match (objective, sample.rejected_messages()) {
            (Objective::Sft, _) => (encoder.encode(sample)?, None),
            (Objective::Dpo, None) => return Ok(()),
            (Objective::Dpo, Some(rejected)) => {
                (encoder.encode_last_answer(&sample.messages)?, encoder.encode_last_answer(&rejected)?)
            }
        };
        match (objective, encoded, rejected) {
            (Objective::Sft, Some(encoded), _) => self.samples.push(Encoded { line, ..encoded }),
            (Objective::Dpo, Some(encoded), Some(rejected)) if encoded.ids != rejected.ids => {
                self.samples.push(Encoded { line, ..encoded });
                self.rejected.push(Encoded { line, ..rejected });
            }
            _ => return Ok(()),
        }
        self.kept.push(sample.clone());
        Ok(())
    }

    pub(super) fn digest(&self) -> String {
        digest(&self.samples, &self.rejected)
    }
}

/// The encoded samples of a split, but for those to skip; logs how many had nothing to learn.
pub(super) fn encode_all(
    encoder: &Encoder,
    samples: &[Sample],
    objective: Objective,
    what: &str,
    skip: impl Fn(&Sample) -> bool,
    sink: &mut Sink,
) -> Result<EncodedSet, TrainError> {
    let wanted = samples.iter().filter(|s| !skip(s)).count();
    if wanted < samples.len() {
        let (left_out, total) = (samples.len() - wanted, samples.len());
        sink.log(
            Level::Info,
            format!("left out {left_out} of {total} {what} samples: the recipe gives them no weight"),
        )?;
    }
    let total = wanted;
    let mut set = EncodedSet::default();
    for (i, sample) in samples.iter().enumerate().filter(|(_, s)| !skip(s)) {
        if i % 1000 == 0 {
            sink.phase(Phase::Tokenizing, i as u32, samples.len() as u32)?;
        }
        set.push(encoder, sample, objective, i as u32)?;
    }
    let usable = match objective {
        Objective::Sft => total,
        Objective::Dpo => samples.iter().filter(|s| s.rejected.is_some() && !skip(s)).count(),
    };
    if usable < total {
        let text = format!("left out {} of {total} {what} samples: they are no preference pairs", total - usable);
        sink.log(Level::Warn, text)?;
    }
    let dropped = usable - set.samples.len();
    if dropped > 0 {
        let (length, of) =
            (encoder.max_length, if objective == Objective::Dpo { "of two answers" } else { "of the answer" });
        let text =
            format!("left out {dropped} of {usable} {what} samples: cut to {length} tokens, nothing {of} remains");
        sink.log(Level::Warn, text)?;
    }
    Ok(set)
}

/// Gives samples the weights that the recipe reads from them.
pub(super) fn weigh(encoded: &mut [Encoded], samples: &[Sample], job: &Job) -> Result<(), TrainError> {
    let loss = &job.recipe.loss;
    let field = &loss.weight_field;
    for e in encoded.iter_mut() {
        let sample = &samples[e.line as usize];
        if samples::is_augmented(sample) {
            e.weight *= loss.augmented_weight as f32;
        }
        let line = e.line as usize + 1;
        let bad = |problem| TrainError::Sample { path: job.train.clone(), line, problem };
        if loss.confidence_weight > 0.0 || loss.min_confidence > 0.0 {
            let sure = samples::confidence(sample).map_err(bad)?.unwrap_or(1.0);
            e.weight *= sure.powf(loss.confidence_weight as f32);
        }
        if !field.is_empty() {
            e.weight *= samples::weight(sample, field).map_err(bad)?;
        }
    }
    Ok(())
}

/// SHA-256 of tokenized samples and, perhaps, their rejected answers.
pub(crate) fn digest(samples: &[Encoded], rejected: &[Encoded]) -> String {
    let mut hasher = Sha256::new();
    for sample in samples.iter().chain(rejected) {
        hasher.update((sample.ids.len() as u64).to_le_bytes());
        for (id, counts) in sample.ids.iter().zip(&sample.carries_loss) {
            hasher.update(id.to_le_bytes());
            hasher.update([u8::from(*counts)]);
        }
        if sample.weight != 1.0 {
            hasher.update(sample.weight.to_le_bytes());
        }
    }
    hex::encode(hasher.finalize())
}
