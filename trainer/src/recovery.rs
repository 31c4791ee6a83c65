//! What a run does by itself when its numbers break, if the recipe allows it: back to the newest checkpoint, on
//! with a lower learning rate. Lack of memory cannot be helped from inside a process; whoever started
//! it may start it again with a smaller `--micro-batch`.

use crate::checkpoint;
use crate::error::TrainError;
use crate::event::Sink;
use crate::setup::Run;
use crate::train::save;
use domain::event::{Event, Level};
use serde::{Deserialize, Serialize};

/// What was done so far; a checkpoint keeps it, so that a resumed run goes on at the same rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedies {
    /// Times that the run went back because a number was none.
    pub retries: u32,
    /// Factor on the schedule's learning rate.
    pub rate_factor: f64,
}

impl Default for Remedies {
    fn default() -> Self {
        Self { retries: 0, rate_factor: 1.0 }
    }
}

/// Puts the run back where it can go on after `error`, or gives the error back.
pub fn recover(run: &mut Run, sink: &mut Sink, error: TrainError) -> Result<(), TrainError> {
    let allowed = &run.job.recipe.recovery;
    if !matches!(error, TrainError::NotANumber { .. }) || run.remedies.retries >= allowed.not_a_number_retries {
        return Err(error);
    }
    // A checkpoint whose very next step breaks is no good one, at whatever rate.
    let (Some(checkpoint), _) = checkpoint::latest_before(&run.job.out, run.step)? else { return Err(error) };
    checkpoint::remove_from(&run.job.out, run.step)?;
    let retries = run.remedies.retries + 1;
    let rate_factor = run.remedies.rate_factor * allowed.not_a_number_lr_factor;
    run.restore(checkpoint)?;
    run.remedies = Remedies { retries, rate_factor };
    let step = run.step;
    sink.emit(&Event::Rewound { step })?;
    let text =
        format!("{error}; going on from step {step} with {rate_factor} times the learning rate (retry {retries})");
    sink.log(Level::Warn, text)?;
    // Written at once, so that a crash before the next checkpoint does not forget the remedy.
    save(run, sink)
}
