//! Previews: what the model writes for a few validation samples while it learns.

use crate::error::TrainError;
use crate::eval::EvalError;
use crate::event::Sink;
use crate::infer::InferError;
use crate::infer::batch::Prompted;
use crate::setup::Run;
use domain::event::Event;

/// Longest preview in tokens: enough to judge by, short enough not to hold up training.
const MAX_TOKENS: usize = 64;

/// Emits one preview for each of the first validation samples.
pub fn write(run: &Run, sink: &mut Sink) -> Result<(), TrainError> {
    let count = (run.job.recipe.evaluation.previews as usize).min(run.validation_samples.len());
    let samples = &run.validation_samples[..count];
    if samples.is_empty() {
        return Ok(());
    }
    let outputs = answers(run, count)?;
    for (index, (sample, output)) in samples.iter().zip(outputs).enumerate() {
        sink.emit(&Event::Preview {
            step: run.step,
            index: index as u32,
            prompt: sample.prompt().last().map(|m| m.content.clone()).unwrap_or_default(),
            expected: sample.answer().unwrap_or_default().to_owned(),
            output,
        })?;
    }
    Ok(())
}

/// What the model answers to the first `count` validation samples.
pub(crate) fn answers(run: &Run, count: usize) -> Result<Vec<String>, TrainError> {
    Ok(written(run, count).map_err(EvalError::Infer)?)
}

fn written(run: &Run, count: usize) -> Result<Vec<String>, InferError> {
    let (chat, tokens) = (run.chat(), MAX_TOKENS.min(run.job.recipe.evaluation.max_new_tokens as usize));
    let prompts = run.validation_samples[..count].iter().map(|s| chat.prompt(s.prompt(), tokens));
    let prompts = prompts.collect::<Result<Vec<_>, _>>()?;
    let answers = Prompted::read(chat, &prompts.iter().collect::<Vec<_>>(), tokens)?.answer(tokens)?;
    Ok(answers.iter().map(|ids| chat.tokenizer.decode(ids)).collect())
}
