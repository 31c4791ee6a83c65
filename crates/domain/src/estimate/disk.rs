//! What a run leaves on disk: its checkpoints and its result.

use crate::{
    model::ModelCard,
    recipe::{Method, Recipe},
};

/// Room for the tokenizer and the configuration beside the weights of a whole model.
const TOKENIZER_BYTES: u64 = 4 << 20;
/// Small files of a checkpoint.
const SMALL_FILES_BYTES: u64 = 64 << 10;

/// Bytes of the checkpoints that stay and of the result. While a checkpoint is being written there is one more.
pub(super) fn disk_bytes(recipe: &Recipe, model: &ModelCard, trainable: u64, steps: u32, train_samples: u64) -> u64 {
    let result = match recipe.method {
        Method::Full => 4 * model.parameters + TOKENIZER_BYTES,
        _ => 4 * trainable,
    };
    let state = (4.0 * recipe.optimizer.state_per_parameter() * trainable as f64) as u64;
    let epochs = (u64::from(steps) * recipe.effective_batch()).div_ceil(train_samples.max(1));
    let checkpoint = result + state + 4 * epochs * train_samples + SMALL_FILES_BYTES;
    let kept = checkpoint * kept(recipe, steps);
    let budget = u64::from(recipe.checkpoints.budget_mib) << 20;
    result + if budget > 0 { kept.min(budget) } else { kept }
}

/// Checkpoints that stay at the end: the newest, the best, and those of every so many steps.
fn kept(recipe: &Recipe, steps: u32) -> u64 {
    let settings = &recipe.checkpoints;
    let written = steps.div_ceil(recipe.checkpoint_interval(steps).max(1));
    let least = if recipe.recovery.not_a_number_retries > 0 { 2 } else { 1 };
    let by_interval = steps.checked_div(settings.keep_every_steps).unwrap_or(0);
    u64::from(written.min(settings.keep_last.max(least).saturating_add(by_interval)).max(1))
}

#[cfg(test)]
mod tests {
    use super::super::tests::smol;
    use super::*;

    #[test]
    fn checkpoints_and_result_are_counted() {
        let mut recipe = Recipe::default();
        let of = |recipe: &Recipe| disk_bytes(recipe, &smol(), 2_442_240, 100, 1000);
        // Adapter and two moments, twice, and the adapter.
        let each = 12 * 2_442_240 + 4 * 2 * 1000 + SMALL_FILES_BYTES;
        assert_eq!(of(&recipe), 2 * each + 4 * 2_442_240);
        recipe.checkpoints.keep_every_steps = 50;
        assert_eq!(of(&recipe), 4 * each + 4 * 2_442_240);
        recipe.checkpoints.budget_mib = 60;
        assert_eq!(of(&recipe), (60 << 20) + 4 * 2_442_240);
        (recipe.checkpoints.budget_mib, recipe.method) = (0, Method::Full);
        assert!(disk_bytes(&recipe, &smol(), smol().parameters, 100, 1000) > 12 * smol().parameters);
    }
}
