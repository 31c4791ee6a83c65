//! What a run will cost, before it is launched: steps, tokens, time and memory; and whether
//! recipe, model and data fit together. Pure, so that the form computes it as one types.

mod disk;
mod method;

pub use disk::tokenizer_bytes;
pub use method::trainable_parameters;

use crate::{
    dataset::VersionStats,
    model::{ModelCard, ModelFormat},
    recipe::{Objective, Recipe, RecipeError},
    sample::Split,
};
use serde::{Deserialize, Serialize};

/// Floating-point operations per second assumed before anything was measured: what two AVX2
/// cores reach with the fused operations.
pub const DEFAULT_FLOPS: f64 = 1.0e11;

/// Characters per token assumed until the model's tokenizer has counted a version.
const CHARACTERS_PER_TOKEN: f64 = 3.5;
/// Tokens that a chat template adds to a sample.
const TEMPLATE_TOKENS: f64 = 24.0;
/// How much slower one generated token is than one token of a batch: decoding reads every
/// weight for each token.
const DECODING_SLOWDOWN: f64 = 12.0;
/// Tokens, and entries of the vocabulary, whose logits exist at a time.
const LOGITS_BLOCK: f64 = 2048.0;
/// Memory of the process itself.
const PROCESS_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

/// Predicted cost of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// Optimizer steps.
    pub steps: u32,
    /// Tokens that pass through training.
    pub tokens: u64,
    /// Tokens of a mean sample, after cutting at the longest length.
    pub tokens_per_sample: f64,
    pub train_seconds: f64,
    /// Validations on the way, the final evaluation of base and tuned model, and the reference's scores of pairs.
    pub evaluation_seconds: f64,
    /// Peak of the trainer process.
    pub memory_bytes: u64,
    /// Checkpoints that stay and the result. 0 in predictions from before there was one.
    #[serde(default)]
    pub disk_bytes: u64,
    pub trainable_parameters: u64,
    /// Floating-point operations per training token.
    pub flops_per_token: f64,
    /// The speed assumed, in operations per second.
    pub flops: f64,
    /// Whether `flops` was measured on finished runs rather than guessed.
    pub is_measured: bool,
    /// Whether the model's own tokenizer has counted the data.
    pub is_counted: bool,
}

impl Estimate {
    /// Training and evaluation together.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.train_seconds + self.evaluation_seconds
    }
}

/// Predicts a run of `recipe` with this model on this data. `tokens_per_sample` is the mean
/// length that the model's tokenizer counted, if it did; `measured_flops` the speed of finished
/// runs, if there are any.
#[must_use]
pub fn estimate(
    recipe: &Recipe,
    model: &ModelCard,
    data: &VersionStats,
    tokens_per_sample: Option<f64>,
    measured_flops: Option<f64>,
) -> Estimate {
    let guess = data.characters as f64 / data.samples.max(1) as f64 / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS;
    let length = tokens_per_sample.unwrap_or(guess).min(f64::from(recipe.batch.max_length)).max(1.0);
    let learnt = Learnt::of(recipe, data);
    let steps = recipe.total_steps(learnt.train);
    let sequences = f64::from(recipe.sequences_per_sample());
    let tokens = f64::from(steps) * recipe.effective_batch() as f64 * sequences * length;
    let trainable = trainable_parameters(recipe, model);
    let forward = forward_flops(model);
    // Frozen weights need the gradient of their input alone (2 + 2 per weight), adapters also
    // their own (6); causal attention costs 6·T·d per layer. Virtual tokens are tokens too, but
    // nobody counts them as such.
    let share = 1.0 + method::computed_virtual_tokens(recipe) / length;
    let attention = 6.0 * length * f64::from(model.attention_heads * model.head_dim) * f64::from(model.layers);
    let again = f64::from(u8::from(recipe.batch.gradient_checkpointing));
    let flops_per_token = ((2.0 + again) * forward + attention) * share + method::flops_per_token(recipe, trainable);
    let flops = measured_flops.filter(|x| *x > 0.0).unwrap_or(DEFAULT_FLOPS);
    Estimate {
        steps,
        tokens: tokens as u64,
        tokens_per_sample: length,
        train_seconds: tokens * flops_per_token / flops,
        evaluation_seconds: (evaluation_flops(recipe, data, learnt, steps, length, forward)
            + reference_flops(recipe, learnt, length, forward))
            / flops,
        memory_bytes: memory_bytes(recipe, model, trainable, length),
        disk_bytes: disk::disk_bytes(recipe, model, trainable, steps, (learnt.train, data.train)),
        trainable_parameters: trainable,
        flops_per_token,
        flops,
        is_measured: measured_flops.is_some(),
        is_counted: tokens_per_sample.is_some(),
    }
}

/// Samples that a run learns from and validates with: of preferences only the pairs.
#[derive(Clone, Copy)]
struct Learnt {
    train: u64,
    validation: u64,
}

impl Learnt {
    fn of(recipe: &Recipe, data: &VersionStats) -> Self {
        let count = |split| match recipe.objective {
            Objective::Sft => data.samples_of(split),
            Objective::Dpo => data.pairs_of(split),
        };
        let validation = count(Split::Validation).min(u64::from(recipe.evaluation.validation_samples));
        Self { train: count(Split::Train), validation }
    }
}

/// Two operations per weight that a token passes through, the output layer included.
fn forward_flops(model: &ModelCard) -> f64 {
    let block = method::block_weights(model);
    let output = u64::from(model.vocabulary) * u64::from(model.hidden_size);
    2.0 * (block * u64::from(model.layers) + output) as f64
}

fn evaluation_flops(
    recipe: &Recipe,
    data: &VersionStats,
    learnt: Learnt,
    steps: u32,
    length: f64,
    forward: f64,
) -> f64 {
    let e = &recipe.evaluation;
    let validations = f64::from(steps / recipe.validation_interval(steps).max(1) + 1);
    let written = f64::from(e.max_new_tokens).min(length / 2.0);
    let sequences = f64::from(recipe.sequences_per_sample());
    let validation =
        learnt.validation as f64 * sequences * length + f64::from(e.previews) * written * DECODING_SLOWDOWN;
    let tested = if e.test_samples == 0 { data.test } else { data.test.min(u64::from(e.test_samples)) } as f64;
    // Labelled data is scored, not written.
    let per_test = length + if data.labels.is_empty() { written * DECODING_SLOWDOWN } else { 0.0 };
    // Both answers of a pair are scored beside what every sample is.
    let pairs = 2.0 * length * data.pairs_of(Split::Test) as f64 / data.test.max(1) as f64;
    forward * (validations * validation + 2.0 * tested * (per_test + pairs))
}

/// The pass over both answers of all pairs before the first step.
fn reference_flops(recipe: &Recipe, learnt: Learnt, length: f64, forward: f64) -> f64 {
    match recipe.objective {
        Objective::Sft => 0.0,
        Objective::Dpo => 2.0 * length * forward * (learnt.train + learnt.validation) as f64,
    }
}

/// Weights and all that their training takes, what backward needs of every token of a micro-batch, and one block of
/// logits. Kept per token and layer: nine vectors of the hidden and three of the inner size, two where there is no gate.
fn memory_bytes(recipe: &Recipe, model: &ModelCard, trainable: u64, length: f64) -> u64 {
    // The longest sample of a micro-batch decides, not the mean.
    let longest = (2.0 * length).min(f64::from(recipe.batch.max_length));
    let sequences = f64::from(recipe.batch.micro_batch * recipe.sequences_per_sample());
    let tokens = sequences * (longest + method::computed_virtual_tokens(recipe));
    let (layers, hidden) = (f64::from(model.layers), f64::from(model.hidden_size));
    let inner = if method::has_gate(model) { 3.0 } else { 2.0 };
    let per_layer = 9.0 * hidden + inner * f64::from(model.intermediate_size);
    let per_token = if recipe.batch.gradient_checkpointing { layers * hidden + per_layer } else { layers * per_layer };
    let logits = LOGITS_BLOCK.min(tokens) * LOGITS_BLOCK.min(f64::from(model.vocabulary));
    (method::weight_bytes(recipe, model, trainable) + 4.0 * (tokens * per_token + logits) + PROCESS_BYTES) as u64
}

/// Why a run of `recipe` with this model on this data cannot work; empty when it can. Errors in
/// the recipe alone are [`Recipe::check`]'s.
#[must_use]
pub fn misfits(recipe: &Recipe, model: &ModelCard, data: &VersionStats) -> Vec<Misfit> {
    let mut out = Vec::new();
    if data.train == 0 {
        out.push(Misfit::NoTrainingSamples);
    }
    if recipe.objective == Objective::Dpo && data.pairs_of(Split::Train) == 0 && data.train > 0 {
        out.push(Misfit::NoPairs);
    }
    let context = model.context_length.saturating_sub(recipe.virtual_tokens());
    if recipe.batch.max_length > context {
        out.push(Misfit::LongerThanContext { context });
    }
    if recipe.keeps_base_quantized() && !is_quantized(model) {
        out.push(Misfit::NotQuantized);
    }
    out
}

/// Whether the model's file holds quantized blocks.
fn is_quantized(model: &ModelCard) -> bool {
    model.format == ModelFormat::Gguf && !["F32", "F16", "BF16"].contains(&model.quantization.as_str())
}

/// A way in which recipe, model and data do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Misfit {
    #[error(
        "this dataset version has no training samples: choose another version, or import the data with a training share above 0"
    )]
    NoTrainingSamples,
    #[error(
        "this dataset version has no preference pairs to train on, and dpo learns from nothing else: choose a version whose samples have a rejected answer, or the objective sft"
    )]
    NoPairs,
    /// `context` is what virtual tokens leave of the model's.
    #[error("the model reads at most {context} tokens: choose a max length up to that")]
    LongerThanContext { context: u32 },
    #[error(
        "this model's files hold no quantized weights that could stay as they are: choose a quantized GGUF file, or switch lora.quantized_base off"
    )]
    NotQuantized,
}

impl Misfit {
    /// The field of the launch form that would have to change.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::NoTrainingSamples => "version",
            Self::NoPairs => "objective",
            Self::LongerThanContext { .. } => "batch.max_length",
            Self::NotQuantized => "lora.quantized_base",
        }
    }
}

impl From<Misfit> for RecipeError {
    fn from(misfit: Misfit) -> Self {
        Self { field: misfit.field().to_owned(), problem: misfit.into() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::dataset::SplitCounts;
    use crate::recipe::{Method, OptimizerKind};

    /// SmolLM2-135M-Instruct.
    pub(crate) fn smol() -> ModelCard {
        ModelCard {
            architecture: "LlamaForCausalLM".to_owned(),
            family: "llama".to_owned(),
            format: ModelFormat::HuggingFace,
            parameters: 134_515_008,
            layers: 30,
            hidden_size: 576,
            intermediate_size: 1536,
            attention_heads: 9,
            key_value_heads: 3,
            head_dim: 64,
            context_length: 8192,
            vocabulary: 49_152,
            quantization: "F32".to_owned(),
            licence: None,
            chat_template: None,
            tied_embeddings: true,
            size_bytes: 538_060_032,
        }
    }

    fn data(train: u64) -> VersionStats {
        VersionStats { samples: train, train, characters: train * 350, ..VersionStats::default() }
    }

    #[test]
    fn known_model_gives_known_numbers() {
        let recipe = Recipe::default();
        let e = estimate(&recipe, &smol(), &data(1600), Some(128.0), Some(1e11));
        assert_eq!(e.steps, 300);
        assert_eq!(e.trainable_parameters, 2_442_240);
        assert_eq!(e.tokens, 300 * 16 * 128);
        // 4 operations for each of 134.5 M weights, and adapters and attention on top.
        assert!((5.38e8..5.8e8).contains(&e.flops_per_token), "{}", e.flops_per_token);
    }

    #[test]
    fn every_method_knows_its_parameters() {
        let of = |change: fn(&mut Recipe)| {
            let mut recipe = Recipe::default();
            change(&mut recipe);
            trainable_parameters(&recipe, &smol())
        };
        assert_eq!(of(|r| r.lora.dora = true), 2_442_240 + 30 * (576 + 192 * 2 + 576 + 1536 * 2 + 576));
        assert_eq!(of(|r| r.method = Method::Full), 134_515_008);
        let frozen = of(|r| {
            r.method = Method::Full;
            (r.full.freeze_blocks_below, r.full.train_embeddings) = (29, false);
        });
        assert_eq!(frozen, 134_515_008 - 29 * 576 * (576 * 2 + 192 * 2 + 1536 * 3) - 49_152 * 576);
        assert_eq!(of(|r| r.method = Method::PromptTuning), 20 * 576);
        assert_eq!(of(|r| r.method = Method::PTuning), 20 * 576 + 3 * (576 * 576 + 576));
        assert_eq!(of(|r| r.method = Method::PrefixTuning), 20 * 30 * 2 * 192);
        assert_eq!(of(|r| r.method = Method::Bottleneck), 30 * 2 * (2 * 576 * 64 + 64 + 576));
    }

    #[test]
    fn virtual_tokens_take_room_and_time() {
        let mut recipe = Recipe::default();
        recipe.batch.max_length = 8192;
        let plain = estimate(&recipe, &smol(), &data(100), Some(100.0), None);
        assert_eq!(misfits(&recipe, &smol(), &data(100)), []);
        recipe.method = Method::PromptTuning;
        recipe.prompt_tuning.virtual_tokens = 100;
        let prompted = estimate(&recipe, &smol(), &data(100), Some(100.0), None);
        assert!(prompted.flops_per_token > 1.8 * plain.flops_per_token);
        assert_eq!(misfits(&recipe, &smol(), &data(100)), [Misfit::LongerThanContext { context: 8092 }]);
    }

    #[test]
    fn pairs_are_two_sequences_each() {
        let mut recipe = Recipe::default();
        let pairs = VersionStats { pairs: 100, validation: 50, ..data(100) };
        let plain = estimate(&recipe, &smol(), &pairs, Some(100.0), None);
        recipe.objective = Objective::Dpo;
        let dpo = estimate(&recipe, &smol(), &pairs, Some(100.0), None);
        assert_eq!((dpo.steps, dpo.tokens), (plain.steps, 2 * plain.tokens));
        assert_eq!(dpo.train_seconds, 2.0 * plain.train_seconds);
        let reference = 2.0 * 150.0 * 100.0 * forward_flops(&smol()) / DEFAULT_FLOPS;
        assert!(dpo.evaluation_seconds > plain.evaluation_seconds + reference);
        assert!(dpo.memory_bytes > plain.memory_bytes);
        assert_eq!(misfits(&recipe, &smol(), &pairs), []);
        assert_eq!(misfits(&recipe, &smol(), &data(100)), [Misfit::NoPairs]);
        assert_eq!(Misfit::NoPairs.field(), "objective");
    }

    #[test]
    fn only_pairs_cost_anything_where_preferences_are_learnt() {
        let recipe = Recipe { objective: Objective::Dpo, ..Recipe::default() };
        let counts = |train| Some(SplitCounts { train, validation: 10, test: 0 });
        let of = |pairs_by_split| {
            let data = VersionStats { samples: 1050, pairs: 170, validation: 50, pairs_by_split, ..data(1000) };
            (estimate(&recipe, &smol(), &data, Some(100.0), None), misfits(&recipe, &smol(), &data))
        };
        let (counted, none) = of(counts(160));
        assert_eq!((counted.steps, none), (recipe.total_steps(160), vec![]));
        let reference = 2.0 * 170.0 * 100.0 * forward_flops(&smol()) / DEFAULT_FLOPS;
        assert!((reference..3.0 * reference).contains(&counted.evaluation_seconds), "{counted:?}");
        // Older statistics know only how many there are in all: 170 · 1000 / 1050.
        assert_eq!(of(None).0.steps, recipe.total_steps(162));
        assert_eq!(of(counts(0)).1, [Misfit::NoPairs], "those to validate with teach nothing");
    }

    #[test]
    fn memory_is_near_what_was_measured() {
        let mut recipe = Recipe::default();
        recipe.batch.micro_batch = 2;
        let gib = estimate(&recipe, &smol(), &data(100), Some(512.0), None).memory_bytes as f64 / f64::from(1 << 30);
        assert!((1.5..2.2).contains(&gib), "{gib}");
    }

    #[test]
    fn a_quantized_base_takes_the_size_of_its_file() {
        let mut recipe = Recipe::default();
        let model = ModelCard { size_bytes: 98_000_000, ..smol() };
        let mib = |recipe: &Recipe| estimate(recipe, &model, &data(100), Some(128.0), None).memory_bytes >> 20;
        let plain = mib(&recipe);
        recipe.lora.quantized_base = true;
        assert!((415..425).contains(&(plain - mib(&recipe))), "{plain} {}", mib(&recipe));
        let fits = |format, quantization: &str| {
            let model = ModelCard { format, quantization: quantization.to_owned(), ..smol() };
            misfits(&recipe, &model, &data(100)).is_empty()
        };
        assert!(fits(ModelFormat::Gguf, "Q4_1 (some F16)"));
        assert!(!fits(ModelFormat::Gguf, "F16") && !fits(ModelFormat::HuggingFace, "F32"));
        assert_eq!(misfits(&recipe, &smol(), &data(100)), [Misfit::NotQuantized]);
    }

    #[test]
    fn full_fine_tuning_takes_five_copies_of_the_weights() {
        let of = |method| {
            let recipe = Recipe { method, ..Recipe::default() };
            estimate(&recipe, &smol(), &data(100), Some(128.0), None)
        };
        let (full, lora) = (of(Method::Full), of(Method::Lora));
        // Accumulating takes one gradient more.
        assert_eq!(full.memory_bytes - lora.memory_bytes, 16 * 134_515_008 - 20 * lora.trainable_parameters);
        assert!((1.3..1.6).contains(&(full.flops_per_token / lora.flops_per_token)));
    }

    #[test]
    fn a_smaller_optimizer_needs_less_memory() {
        let of = |kind| {
            let mut recipe = Recipe::default();
            recipe.optimizer.kind = kind;
            estimate(&recipe, &smol(), &data(100), Some(128.0), None).memory_bytes
        };
        let all = OptimizerKind::ALL.map(of);
        assert_eq!(all[0] - all[1], 6 * 2_442_240, "six of eight bytes of moments");
        assert!(all[2] < all[1] && all[3] < all[0], "{all:?}");
    }

    #[test]
    fn misfits_name_their_field() {
        let mut recipe = Recipe::default();
        recipe.batch.max_length = 9000;
        let fields: Vec<_> = misfits(&recipe, &smol(), &data(0)).into_iter().map(Misfit::field).collect();
        assert_eq!(fields, ["version", "batch.max_length"]);
    }
}
