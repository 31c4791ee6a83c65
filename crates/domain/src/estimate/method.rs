//! What each method adds to a model: trained parameters, and work per token.

use crate::{
    model::ModelCard,
    recipe::{Method, Placement, Recipe, TargetModule},
};

/// Parameters that a run trains.
#[must_use]
pub fn trainable_parameters(recipe: &Recipe, model: &ModelCard) -> u64 {
    let (hidden, layers) = (u64::from(model.hidden_size), u64::from(model.layers));
    let width = |asked: u32| if asked == 0 { hidden } else { u64::from(asked) };
    let virtual_tokens = u64::from(recipe.virtual_tokens());
    match recipe.method {
        Method::Lora => {
            let lora = &recipe.lora;
            let magnitudes = u64::from(lora.dora);
            let of = |(inputs, outputs): (u64, u64)| u64::from(lora.rank) * (inputs + outputs) + magnitudes * outputs;
            lora.target_modules.iter().map(|m| of(shape(*m, model))).sum::<u64>() * layers
        }
        Method::Full => model.parameters - frozen_parameters(recipe, model),
        Method::PromptTuning => virtual_tokens * hidden,
        Method::PTuning => {
            let inner = width(recipe.p_tuning.hidden_size);
            virtual_tokens * hidden + layer(hidden, inner) + layer(inner, inner) + layer(inner, hidden)
        }
        Method::PrefixTuning => {
            let keys = u64::from(model.key_value_heads) * u64::from(model.head_dim);
            let all = layers * 2 * keys;
            let inner = width(recipe.prefix_tuning.hidden_size);
            match recipe.prefix_tuning.projection {
                true => virtual_tokens * keys + layer(keys, inner) + layer(inner, all),
                false => virtual_tokens * all,
            }
        }
        Method::Bottleneck => {
            let size = u64::from(recipe.bottleneck.size);
            let places = match recipe.bottleneck.placement {
                Placement::Houlsby => 2,
                Placement::Pfeiffer => 1,
            };
            layers * places * (layer(hidden, size) + layer(size, hidden))
        }
    }
}

/// What full fine-tuning leaves as it is. Norms and biases are too few to count.
fn frozen_parameters(recipe: &Recipe, model: &ModelCard) -> u64 {
    let block: u64 = TargetModule::ALL.into_iter().map(|m| shape(m, model)).map(|(i, o)| i * o).sum();
    let blocks = u64::from(recipe.full.freeze_blocks_below.min(model.layers)) * block;
    let tables = if model.tied_embeddings { 1 } else { 2 };
    let embeddings = tables * u64::from(model.vocabulary) * u64::from(model.hidden_size);
    (blocks + if recipe.full.train_embeddings { 0 } else { embeddings }).min(model.parameters)
}

/// Weights and biases of a linear layer.
fn layer(inputs: u64, outputs: u64) -> u64 {
    inputs * outputs + outputs
}

/// Inputs and outputs of a linear layer of a block.
pub(super) fn shape(module: TargetModule, model: &ModelCard) -> (u64, u64) {
    let hidden = u64::from(model.hidden_size);
    let inner = u64::from(model.intermediate_size);
    let queries = u64::from(model.attention_heads) * u64::from(model.head_dim);
    let keys = u64::from(model.key_value_heads) * u64::from(model.head_dim);
    match module {
        TargetModule::QProj => (hidden, queries),
        TargetModule::KProj | TargetModule::VProj => (hidden, keys),
        TargetModule::OProj => (queries, hidden),
        TargetModule::GateProj | TargetModule::UpProj => (hidden, inner),
        TargetModule::DownProj => (inner, hidden),
    }
}

/// Operations that the trained parameters add to every token of a step, forward and backward.
/// Virtual tokens add tokens instead.
pub(super) fn flops_per_token(recipe: &Recipe, trainable: u64) -> f64 {
    match recipe.method {
        Method::Lora | Method::Bottleneck => 6.0 * trainable as f64,
        // Their other operations are the base's own.
        Method::Full => 2.0 * trainable as f64,
        Method::PromptTuning | Method::PTuning | Method::PrefixTuning => 0.0,
    }
}

/// Bytes of the base's weights, and of what each trained number takes: itself unless it is the base's, its gradient,
/// and what the optimizer remembers.
pub(super) fn weight_bytes(recipe: &Recipe, model: &ModelCard, trainable: u64) -> f64 {
    let base = if recipe.keeps_base_quantized() { model.size_bytes } else { 4 * model.parameters };
    let copies = if recipe.method == Method::Full { 1.0 } else { 2.0 };
    base as f64 + 4.0 * (copies + recipe.optimizer.state_per_parameter()) * trainable as f64
}

/// Virtual tokens that pass through every block as a text's own do.
pub(super) fn computed_virtual_tokens(recipe: &Recipe) -> f64 {
    match recipe.method {
        Method::PromptTuning | Method::PTuning => f64::from(recipe.virtual_tokens()),
        // A prefix is given as keys and values; nothing is computed of it.
        Method::Lora | Method::Full | Method::Bottleneck | Method::PrefixTuning => 0.0,
    }
}
