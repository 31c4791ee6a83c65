//! The recipe: everything that decides what a run does, besides model and data.
//!
//! Form, REST API, server and trainer all parse the same [`Recipe`] and share [`Recipe::check`],
//! so a recipe that the browser accepts is one that the trainer accepts. A recipe as TOML is
//! what `trainer run recipe.toml` takes.

use serde::{Deserialize, Serialize};

/// How a run trains. See the field docs for units, ranges and defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    pub method: Method,
    pub lora: Lora,
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub batch: Batch,
    pub evaluation: Evaluation,
    /// Seeds weights of the adapter, data order and dropout. Same recipe, data, seed and
    /// machine give the same bits.
    pub seed: u64,
}

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Low-rank adapters on frozen linear layers (Hu et al. 2021, arXiv:2106.09685).
    #[default]
    Lora,
}

/// The low-rank adapter: `h = W x + (alpha / rank) · B A x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Lora {
    /// Inner dimension of A and B, 1–512.
    pub rank: u32,
    /// Scale numerator, above 0 and at most 4096. Twice the rank is a usual choice.
    pub alpha: f64,
    /// Probability of zeroing an input of A while training, 0–0.9.
    pub dropout: f64,
    /// Which linear layers get an adapter; at least one.
    pub target_modules: Vec<TargetModule>,
}

/// A linear layer of a decoder block, by the name it has in Hugging Face checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetModule {
    QProj,
    KProj,
    VProj,
    OProj,
    GateProj,
    UpProj,
    DownProj,
}

impl TargetModule {
    pub const ALL: [Self; 7] =
        [Self::QProj, Self::KProj, Self::VProj, Self::OProj, Self::GateProj, Self::UpProj, Self::DownProj];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
        }
    }
}

/// AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101) and the global gradient clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Optimizer {
    /// Peak learning rate, above 0 and at most 1. LoRA wants about 2e-4.
    pub learning_rate: f64,
    /// Decay of first moments, 0–1.
    pub beta1: f64,
    /// Decay of second moments, 0–1.
    pub beta2: f64,
    /// Added to the root of second moments, above 0.
    pub epsilon: f64,
    /// Decoupled weight decay, 0–1.
    pub weight_decay: f64,
    /// Largest global L2 norm of the gradient; 0 turns clipping off.
    pub clip_norm: f64,
}

/// How long to train and how the learning rate moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Shape after warm-up.
    pub shape: ScheduleShape,
    /// Share of all steps spent rising linearly from 0, 0–0.5.
    pub warmup_ratio: f64,
    /// Passes over the training split, 0.01–1000; ignored when `max_steps` is set.
    pub epochs: f64,
    /// Optimizer steps; 0 means "as many as `epochs` gives".
    pub max_steps: u32,
}

/// Shape of the learning rate after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScheduleShape {
    #[default]
    Cosine,
    Linear,
    Constant,
}

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
}

/// How often to look at the validation split and to save, and what to score at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Validation every N optimizer steps; 0 means ten times a run.
    pub every_steps: u32,
    /// Checkpoint every N optimizer steps; 0 means together with validation.
    pub checkpoint_every_steps: u32,
    /// At most this many validation samples each time, 1–100000.
    pub validation_samples: u32,
    /// Sample answers written out at each validation, 0–32.
    pub previews: u32,
    /// At most this many test samples in the final evaluation; 0 means all.
    pub test_samples: u32,
    /// Longest generated answer in tokens, 1–8192.
    pub max_new_tokens: u32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            method: Method::Lora,
            lora: Lora::default(),
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            batch: Batch::default(),
            evaluation: Evaluation::default(),
            seed: 42,
        }
    }
}

impl Default for Lora {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, dropout: 0.0, target_modules: TargetModule::ALL.to_vec() }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self { learning_rate: 2e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, clip_norm: 1.0 }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self { shape: ScheduleShape::Cosine, warmup_ratio: 0.03, epochs: 3.0, max_steps: 0 }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self { micro_batch: 4, accumulation: 4, max_length: 512, mask_prompt: true }
    }
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            every_steps: 0,
            checkpoint_every_steps: 0,
            validation_samples: 64,
            previews: 4,
            test_samples: 0,
            max_new_tokens: 128,
        }
    }
}

/// One thing wrong with a recipe: the field as a dotted path, and what would be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field}: {problem}")]
pub struct RecipeError {
    /// For example `lora.rank`.
    pub field: String,
    /// For example `must be between 1 and 512, not 0`.
    pub problem: String,
}

impl Recipe {
    /// Reads TOML. The error names the line, or every field out of range.
    pub fn from_toml(text: &str) -> Result<Self, RecipeTextError> {
        let recipe: Self = toml::from_str(text).map_err(|e| RecipeTextError::Syntax(e.to_string()))?;
        recipe.check().map_err(RecipeTextError::Fields)?;
        Ok(recipe)
    }

    /// The recipe as TOML, every field written out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// Every field out of range, or `Ok` when there is none.
    pub fn check(&self) -> Result<(), Vec<RecipeError>> {
        let mut c = Checker::default();
        let (l, o, s, b, e) = (&self.lora, &self.optimizer, &self.schedule, &self.batch, &self.evaluation);
        c.range("lora.rank", f64::from(l.rank), 1.0, 512.0);
        c.above_zero("lora.alpha", l.alpha, 4096.0);
        c.range("lora.dropout", l.dropout, 0.0, 0.9);
        c.that(!l.target_modules.is_empty(), "lora.target_modules", "choose at least one module");
        let mut seen = l.target_modules.clone();
        seen.sort_unstable();
        seen.dedup();
        c.that(seen.len() == l.target_modules.len(), "lora.target_modules", "each module may appear once");
        c.above_zero("optimizer.learning_rate", o.learning_rate, 1.0);
        c.range("optimizer.beta1", o.beta1, 0.0, 0.999_999);
        c.range("optimizer.beta2", o.beta2, 0.0, 0.999_999_9);
        c.above_zero("optimizer.epsilon", o.epsilon, 1.0);
        c.range("optimizer.weight_decay", o.weight_decay, 0.0, 1.0);
        c.range("optimizer.clip_norm", o.clip_norm, 0.0, 1e6);
        c.range("schedule.warmup_ratio", s.warmup_ratio, 0.0, 0.5);
        c.range("schedule.epochs", s.epochs, 0.01, 1000.0);
        c.range("schedule.max_steps", f64::from(s.max_steps), 0.0, 10_000_000.0);
        c.range("batch.micro_batch", f64::from(b.micro_batch), 1.0, 1024.0);
        c.range("batch.accumulation", f64::from(b.accumulation), 1.0, 1024.0);
        c.range("batch.max_length", f64::from(b.max_length), 8.0, 131_072.0);
        c.range("evaluation.every_steps", f64::from(e.every_steps), 0.0, 10_000_000.0);
        c.range("evaluation.checkpoint_every_steps", f64::from(e.checkpoint_every_steps), 0.0, 10_000_000.0);
        c.range("evaluation.validation_samples", f64::from(e.validation_samples), 1.0, 100_000.0);
        c.range("evaluation.previews", f64::from(e.previews), 0.0, 32.0);
        c.range("evaluation.max_new_tokens", f64::from(e.max_new_tokens), 1.0, 8192.0);
        // TOML integers are signed.
        c.that(i64::try_from(self.seed).is_ok(), "seed", "must be at most 9223372036854775807");
        if c.errors.is_empty() { Ok(()) } else { Err(c.errors) }
    }

    /// Optimizer steps of the whole run, given the size of the training split.
    #[must_use]
    pub fn total_steps(&self, train_samples: u64) -> u32 {
        if self.schedule.max_steps > 0 {
            return self.schedule.max_steps;
        }
        let steps = (train_samples as f64 * self.schedule.epochs / self.effective_batch() as f64).ceil();
        steps.clamp(1.0, f64::from(u32::MAX)) as u32
    }

    /// Samples per optimizer step.
    #[must_use]
    pub fn effective_batch(&self) -> u64 {
        u64::from(self.batch.micro_batch) * u64::from(self.batch.accumulation)
    }

    /// Steps between validations, with the default resolved.
    #[must_use]
    pub fn validation_interval(&self, total_steps: u32) -> u32 {
        match self.evaluation.every_steps {
            0 => (total_steps / 10).max(1),
            n => n,
        }
    }

    /// Steps between checkpoints, with the default resolved.
    #[must_use]
    pub fn checkpoint_interval(&self, total_steps: u32) -> u32 {
        match self.evaluation.checkpoint_every_steps {
            0 => self.validation_interval(total_steps),
            n => n,
        }
    }

    /// Learning rate at `step` (0-based) of `total` steps: a linear rise, then the shape.
    #[must_use]
    pub fn learning_rate_at(&self, step: u32, total: u32) -> f64 {
        let (step, total) = (f64::from(step), f64::from(total.max(1)));
        let warmup = (total * self.schedule.warmup_ratio).ceil();
        let peak = self.optimizer.learning_rate;
        if step < warmup {
            return peak * (step + 1.0) / warmup;
        }
        let progress = ((step - warmup) / (total - warmup).max(1.0)).clamp(0.0, 1.0);
        match self.schedule.shape {
            ScheduleShape::Constant => peak,
            ScheduleShape::Linear => peak * (1.0 - progress),
            ScheduleShape::Cosine => peak * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }

    /// The dotted fields in which two recipes differ, with both values as text.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let (a, b) = (self.fields(), other.fields());
        a.into_iter().zip(b).filter(|(x, y)| x.1 != y.1).map(|((k, x), (_, y))| (k, x, y)).collect()
    }

    /// Every field as a dotted path and text, in a fixed order.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let Ok(serde_json::Value::Object(map)) = serde_json::to_value(self) {
            flatten("", &map, &mut out);
        }
        out
    }
}

fn flatten(prefix: &str, map: &serde_json::Map<String, serde_json::Value>, out: &mut Vec<(String, String)>) {
    for (k, v) in map {
        match v {
            serde_json::Value::Object(inner) => flatten(&format!("{prefix}{k}."), inner, out),
            serde_json::Value::Array(items) => {
                let words: Vec<_> =
                    items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned)).collect();
                out.push((format!("{prefix}{k}"), words.join(", ")));
            }
            serde_json::Value::String(s) => out.push((format!("{prefix}{k}"), s.clone())),
            other => out.push((format!("{prefix}{k}"), other.to_string())),
        }
    }
}

/// Why a recipe's text could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecipeTextError {
    #[error("the recipe is not valid TOML: {0}")]
    Syntax(String),
    #[error("the recipe has {} field(s) out of range: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<RecipeError>),
}

#[derive(Default)]
struct Checker {
    errors: Vec<RecipeError>,
}

impl Checker {
    fn that(&mut self, ok: bool, field: &str, problem: impl Into<String>) {
        if !ok {
            self.errors.push(RecipeError { field: field.to_owned(), problem: problem.into() });
        }
    }

    /// `NaN` is outside every range.
    fn range(&mut self, field: &str, value: f64, low: f64, high: f64) {
        self.that((low..=high).contains(&value), field, format!("must be between {low} and {high}, not {value}"));
    }

    fn above_zero(&mut self, field: &str, value: f64, high: f64) {
        self.that(value > 0.0 && value <= high, field, format!("must be above 0 and at most {high}, not {value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn defaults_are_valid_and_round_trip() {
        let r = Recipe::default();
        assert_eq!(r.check(), Ok(()));
        assert_eq!(Recipe::from_toml(&r.to_toml()).ok(), Some(r));
    }

    #[test]
    fn errors_name_every_bad_field() {
        let mut r = Recipe::default();
        r.lora.rank = 0;
        r.optimizer.learning_rate = f64::NAN;
        let fields: Vec<_> = r.check().err().into_iter().flatten().map(|e| e.field).collect();
        assert_eq!(fields, ["lora.rank", "optimizer.learning_rate"]);
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(Recipe::from_toml("[lora]\nrang = 8\n").is_err());
    }

    #[test]
    fn differences_name_fields() {
        let a = Recipe::default();
        let mut b = a.clone();
        b.lora.rank = 16;
        assert_eq!(a.differences(&b), [("lora.rank".to_owned(), "8".to_owned(), "16".to_owned())]);
    }

    proptest! {
        #[test]
        fn learning_rate_stays_within_bounds(step in 0u32..1000, total in 1u32..1000, warmup in 0.0..0.5f64, shape in 0..3usize) {
            let mut r = Recipe::default();
            r.schedule.warmup_ratio = warmup;
            r.schedule.shape = [ScheduleShape::Cosine, ScheduleShape::Linear, ScheduleShape::Constant][shape];
            let lr = r.learning_rate_at(step.min(total - 1), total);
            prop_assert!((0.0..=r.optimizer.learning_rate * 1.000_001).contains(&lr));
        }
    }
}
