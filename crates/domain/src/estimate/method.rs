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
            let of = |l: Linear| u64::from(lora.rank) * (l.inputs + l.outputs) + magnitudes * l.outputs;
            let is_chosen = |l: &Linear| l.modules.iter().any(|m| lora.target_modules.contains(m));
            linears(model).into_iter().filter(is_chosen).map(of).sum::<u64>() * layers
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
    let blocks = u64::from(recipe.full.freeze_blocks_below.min(model.layers)) * block_weights(model);
    let tables = if model.tied_embeddings { 1 } else { 2 };
    let embeddings = tables * u64::from(model.vocabulary) * u64::from(model.hidden_size);
    (blocks + if recipe.full.train_embeddings { 0 } else { embeddings }).min(model.parameters)
}

/// Weights and biases of a linear layer.
fn layer(inputs: u64, outputs: u64) -> u64 {
    inputs * outputs + outputs
}

/// A linear layer of every block.
struct Linear {
    /// The modules of a recipe whose work it does.
    modules: &'static [TargetModule],
    inputs: u64,
    outputs: u64,
}

/// The linear layers of a block as the family's files hold them.
fn linears(model: &ModelCard) -> Vec<Linear> {
    use TargetModule::{DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};
    let (hidden, inner) = (u64::from(model.hidden_size), u64::from(model.intermediate_size));
    let queries = u64::from(model.attention_heads) * u64::from(model.head_dim);
    let keys = u64::from(model.key_value_heads) * u64::from(model.head_dim);
    let linear = |modules, inputs, outputs| Linear { modules, inputs, outputs };
    let attention = match model.family.as_str() {
        "gpt2" => vec![linear(&[QProj, KProj, VProj], hidden, queries + 2 * keys)],
        _ => vec![linear(&[QProj], hidden, queries), linear(&[KProj], hidden, keys), linear(&[VProj], hidden, keys)],
    };
    let up = match model.family.as_str() {
        "gpt2" => vec![linear(&[UpProj, GateProj], hidden, inner)],
        "glm4" => vec![linear(&[GateProj, UpProj], hidden, 2 * inner)],
        _ => vec![linear(&[GateProj], hidden, inner), linear(&[UpProj], hidden, inner)],
    };
    let others = [linear(&[OProj], queries, hidden), linear(&[DownProj], inner, hidden)];
    attention.into_iter().chain(up).chain(others).collect()
}

/// Weights of the linear layers of a block.
pub(super) fn block_weights(model: &ModelCard) -> u64 {
    linears(model).iter().map(|l| l.inputs * l.outputs).sum()
}

/// Whether a gate decides what passes through the inner layer.
pub(super) fn has_gate(model: &ModelCard) -> bool {
    model.family != "gpt2"
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
/// where gradients are accumulated their sum, and what the optimizer remembers.
pub(super) fn weight_bytes(recipe: &Recipe, model: &ModelCard, trainable: u64) -> f64 {
    let frozen_bytes = number_bytes(recipe) as u64;
    let base = match recipe.method {
        _ if recipe.keeps_base_quantized() => model.size_bytes,
        // The trained ones keep all their digits.
        Method::Full => 4 * trainable + frozen_bytes * (model.parameters - trainable),
        _ => frozen_bytes * model.parameters,
    };
    let copies =
        if recipe.method == Method::Full { 1.0 } else { 2.0 } + f64::from(u8::from(recipe.batch.accumulation > 1));
    base as f64 + 4.0 * (copies + recipe.optimizer.state_per_parameter()) * trainable as f64
}

/// Bytes of a number of frozen weights and of activations.
pub(super) fn number_bytes(recipe: &Recipe) -> f64 {
    if recipe.precision.is_reduced() { 2.0 } else { 4.0 }
}

/// Virtual tokens that pass through every block as a text's own do.
pub(super) fn computed_virtual_tokens(recipe: &Recipe) -> f64 {
    match recipe.method {
        Method::PromptTuning | Method::PTuning => f64::from(recipe.virtual_tokens()),
        // A prefix is given as keys and values; nothing is computed of it.
        Method::Lora | Method::Full | Method::Bottleneck | Method::PrefixTuning => 0.0,
    }
}
