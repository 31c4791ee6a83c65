//! Preference pairs: does the model find the chosen answer likelier than the rejected one? Whole answers are compared, as
//! preference learning does, so a short answer has an advantage.

use super::{EvalError, EvalOptions, OnProgress, report};
use crate::infer::batch::{Likelihood, Prompted};
use crate::infer::{Chat, InferError, Prompt};
use domain::eval::{EvalMetrics, Prediction};
use domain::sample::Sample;

/// Metric: share of pairs whose chosen answer is the likelier.
pub const PREFERENCE_ACCURACY: &str = "preference_accuracy";
/// Score key: 1 where the chosen answer is the likelier, else 0.
pub const PREFERS_CHOSEN: &str = "prefers_chosen";
/// Score key: log p(chosen) − log p(rejected), in nats.
pub const PREFERENCE_MARGIN: &str = "preference_margin";

/// A pair made ready.
struct Pair {
    index: usize,
    prompt: Prompt,
    chosen: Vec<u32>,
    rejected: Vec<u32>,
}

/// Adds what the pairs among the samples show to metrics and predictions, which are in the order of the samples.
pub(super) fn add(
    chat: Chat<'_>,
    samples: &[Sample],
    options: &EvalOptions,
    (metrics, predictions): (&mut EvalMetrics, &mut [Prediction]),
    on_progress: &mut OnProgress<'_>,
) -> Result<(), EvalError> {
    let prepare = |(index, sample)| {
        prepare(chat, index, sample, options.max_new_tokens).map_err(|source| EvalError::Sample { index, source })
    };
    let pairs = samples.iter().enumerate().filter(|(_, s)| s.rejected.is_some());
    let mut pairs = pairs.map(prepare).collect::<Result<Vec<_>, _>>()?;
    if pairs.is_empty() {
        return Ok(());
    }
    pairs.sort_by_key(|p| (p.prompt.ids.len(), p.index));
    let mut preferred = 0u32;
    for batch in pairs.chunks(options.batch.max(1)) {
        report(on_progress, samples.len())?;
        for (pair, [chosen, rejected]) in batch.iter().zip(likelihoods(chat, batch)?) {
            let margin = rejected.negative_log - chosen.negative_log;
            preferred += u32::from(margin > 0.0);
            let scores = &mut predictions[pair.index].scores;
            scores.insert(PREFERS_CHOSEN.to_owned(), f64::from(u8::from(margin > 0.0)));
            // JSON knows no infinity.
            scores.insert(
                PREFERENCE_MARGIN.to_owned(),
                if margin.is_nan() { 0.0 } else { margin.clamp(f64::MIN, f64::MAX) },
            );
        }
    }
    metrics.values.insert(PREFERENCE_ACCURACY.to_owned(), f64::from(preferred) / pairs.len() as f64);
    Ok(())
}

fn prepare(chat: Chat<'_>, index: usize, sample: &Sample, max_new_tokens: usize) -> Result<Pair, InferError> {
    let messages = sample.prompt();
    let prompt = chat.prompt(messages, max_new_tokens)?;
    let room = chat.room_after(&prompt, usize::MAX);
    let answer = |text: Option<&str>| -> Result<Vec<u32>, InferError> {
        let mut ids = chat.answer_ids(messages, &prompt, text.unwrap_or_default())?;
        ids.truncate(room);
        Ok(ids)
    };
    let (chosen, rejected) = (answer(sample.answer())?, answer(sample.rejected.as_deref())?);
    Ok(Pair { index, prompt, chosen, rejected })
}

/// Of each pair how likely both answers are.
fn likelihoods(chat: Chat<'_>, batch: &[Pair]) -> Result<Vec<[Likelihood; 2]>, InferError> {
    let prompts: Vec<&Prompt> = batch.iter().map(|p| &p.prompt).collect();
    let answers = |of: fn(&Pair) -> &Vec<u32>| -> Vec<&[u32]> { batch.iter().map(|p| of(p).as_slice()).collect() };
    let (chosen, rejected) = (answers(|p| &p.chosen), answers(|p| &p.rejected));
    let longest = chosen.iter().chain(&rejected).map(|answer| answer.len()).max().unwrap_or(0);
    let mut read = Prompted::read(chat, &prompts, longest)?;
    let (chosen, rejected) = (read.likelihoods(&chosen)?, read.likelihoods(&rejected)?);
    Ok(chosen.into_iter().zip(rejected).map(|(c, r)| [c, r]).collect())
}
