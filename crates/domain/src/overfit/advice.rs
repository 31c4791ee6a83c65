//! What to do about a verdict, chosen by rule from the figures, the recipe and the size of the data.

use super::{Circumstances, Figures, Fit};
use crate::recipe::{FinalAdapter, Method, Recipe};
use serde::{Deserialize, Serialize};

/// Fewer training samples than this are few for a language model's adapter (LIMA, Zhou et al. 2023, got by with 1000
/// chosen by hand).
const FEW_SAMPLES: u64 = 1000;
/// Validations without a lower loss after which stopping is advised.
const PATIENCE: u32 = 3;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FitAdvice))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Advice {
    /// Use the weights of this step.
    KeepCheckpoint { step: u32 },
    /// Change a setting of the next run's recipe, by its dotted place such as `lora.rank`.
    Change { field: String, now: String, to: String },
    /// More training samples; it has so many.
    MoreData { samples: u64 },
}

fn change(recipe: &Recipe, field: &str, to: impl ToString) -> Advice {
    let now = recipe.setting(field).map(|v| crate::recipe::setting_text(&v)).unwrap_or_default();
    Advice::Change { field: field.to_owned(), now, to: to.to_string() }
}

/// Advice with figures.
pub(super) fn of(fit: Fit, f: &Figures, run: Circumstances<'_>) -> Vec<Advice> {
    match fit {
        Fit::TooEarly | Fit::Fine => Vec::new(),
        Fit::Watch => first(f, run.recipe),
        Fit::Overfitting => [first(f, run.recipe), shorter(f, run), tighter(run)].concat(),
        Fit::Underfitting => longer(run),
        Fit::Diverging => [vec![Advice::KeepCheckpoint { step: f.best_step }], calmer(run.recipe)].concat(),
    }
}

/// Advice where a loss is no number.
pub(super) fn blind(fit: Fit, run: Circumstances<'_>) -> Vec<Advice> {
    if fit == Fit::Diverging { calmer(run.recipe) } else { Vec::new() }
}

/// Keeping what is good already, and stopping by itself next time.
fn first(f: &Figures, recipe: &Recipe) -> Vec<Advice> {
    let mut advice = vec![Advice::KeepCheckpoint { step: f.best_step }];
    if recipe.checkpoints.final_adapter != FinalAdapter::Best {
        advice.push(change(recipe, "checkpoints.final_adapter", "best"));
    }
    if recipe.evaluation.patience == 0 {
        advice.push(change(recipe, "evaluation.patience", PATIENCE));
    }
    advice
}

/// As long as validation loss fell.
fn shorter(f: &Figures, run: Circumstances<'_>) -> Vec<Advice> {
    let Circumstances { recipe, total_steps, .. } = run;
    if f.best_step == 0 || f.best_step >= total_steps {
        return Vec::new();
    }
    if recipe.schedule.max_steps > 0 {
        return vec![change(recipe, "schedule.max_steps", f.best_step)];
    }
    let epochs = recipe.schedule.epochs * f64::from(f.best_step) / f64::from(total_steps);
    vec![change(recipe, "schedule.epochs", rounded(epochs.max(0.01)))]
}

/// Fewer free parameters, more noise, more data.
fn tighter(run: Circumstances<'_>) -> Vec<Advice> {
    let Circumstances { recipe, train_samples, .. } = run;
    let mut advice = Vec::new();
    if recipe.method == Method::Lora {
        if recipe.lora.dropout < 0.1 {
            advice.push(change(recipe, "lora.dropout", 0.1));
        }
        if recipe.lora.rank > 4 {
            advice.push(change(recipe, "lora.rank", recipe.lora.rank / 2));
        }
    }
    if recipe.method == Method::Bottleneck && recipe.bottleneck.size > 16 {
        advice.push(change(recipe, "bottleneck.size", recipe.bottleneck.size / 2));
    }
    if recipe.optimizer.weight_decay < 0.01 {
        advice.push(change(recipe, "optimizer.weight_decay", 0.01));
    }
    if train_samples < FEW_SAMPLES {
        advice.push(Advice::MoreData { samples: train_samples });
    }
    advice
}

/// Longer, then more to learn with.
fn longer(run: Circumstances<'_>) -> Vec<Advice> {
    let recipe = run.recipe;
    let mut advice = vec![match recipe.schedule.max_steps {
        0 => change(recipe, "schedule.epochs", rounded(recipe.schedule.epochs * 2.0)),
        steps => change(recipe, "schedule.max_steps", steps.saturating_mul(2)),
    }];
    if recipe.optimizer.learning_rate < recipe.usual_learning_rate() {
        advice.push(change(recipe, "optimizer.learning_rate", recipe.usual_learning_rate()));
    }
    if recipe.method == Method::Lora && recipe.lora.rank < 64 {
        advice.push(change(recipe, "lora.rank", recipe.lora.rank * 2));
    }
    advice
}

/// Smaller steps.
fn calmer(recipe: &Recipe) -> Vec<Advice> {
    let rate = recipe.optimizer.learning_rate / 3.0;
    let mut advice = vec![change(recipe, "optimizer.learning_rate", format!("{rate:.1e}"))];
    if recipe.optimizer.clip_norm == 0.0 || recipe.optimizer.clip_norm > 1.0 {
        advice.push(change(recipe, "optimizer.clip_norm", 1));
    }
    if recipe.schedule.warmup_steps == 0 && recipe.schedule.warmup_ratio < 0.05 {
        advice.push(change(recipe, "schedule.warmup_ratio", 0.05));
    }
    advice
}

/// Two digits after the point.
fn rounded(epochs: f64) -> f64 {
    (epochs * 100.0).round() / 100.0
}
