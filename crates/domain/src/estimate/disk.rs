//! What a run leaves on disk: its checkpoints and its result.

use crate::{
    model::ModelCard,
    recipe::{Method, Recipe},
};

/// Small files of a checkpoint.
const SMALL_FILES_BYTES: u64 = 64 << 10;

/// About what the tokenizer and the configuration beside the weights of a whole model take, rather too much than too
/// little: an entry of the vocabulary takes 43 bytes in SmolLM2's tokenizer.json, 46 in Qwen2.5's and 127 in Gemma 3's.
#[must_use]
pub fn tokenizer_bytes(vocabulary: u64) -> u64 {
    (1 << 20) + 128 * vocabulary
}

/// Bytes of the checkpoints that stay and of the result. While a checkpoint is being written there is one more.
/// Samples: those that are learnt, and all of the training split.
pub(super) fn disk_bytes(
    recipe: &Recipe,
    model: &ModelCard,
    trainable: u64,
    steps: u32,
    (learnt, all): (u64, u64),
) -> u64 {
    let result = match recipe.method {
        Method::Full => 4 * model.parameters + tokenizer_bytes(model.vocabulary.into()),
        _ => 4 * trainable,
    };
    let state = (4.0 * recipe.optimizer.state_per_parameter() * trainable as f64) as u64;
    let epochs = (u64::from(steps) * recipe.effective_batch()).div_ceil(learnt.max(1));
    let checkpoint = result + state + 4 * epochs * all + SMALL_FILES_BYTES;
    result + recipe.checkpoint_bytes(recipe.checkpoint_count(steps).stay, checkpoint)
}

#[cfg(test)]
mod tests {
    use super::super::tests::smol;
    use super::*;

    #[test]
    fn checkpoints_and_result_are_counted() {
        let mut recipe = Recipe::default();
        let of = |recipe: &Recipe| disk_bytes(recipe, &smol(), 2_442_240, 100, (1000, 1000));
        // Adapter and two moments, twice, and the adapter.
        let each = 12 * 2_442_240 + 4 * 2 * 1000 + SMALL_FILES_BYTES;
        assert_eq!(of(&recipe), 2 * each + 4 * 2_442_240);
        recipe.checkpoints.keep_every_steps = 50;
        assert_eq!(of(&recipe), 4 * each + 4 * 2_442_240);
        recipe.checkpoints.budget_mib = 60;
        assert_eq!(of(&recipe), (60 << 20) + 4 * 2_442_240);
        (recipe.checkpoints.budget_mib, recipe.method) = (0, Method::Full);
        assert!(disk_bytes(&recipe, &smol(), smol().parameters, 100, (1000, 1000)) > 12 * smol().parameters);
    }
}
