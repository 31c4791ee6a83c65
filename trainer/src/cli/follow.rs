//! `trainer follow`: a process that helps another one with its run. `trainer run --device A+B` starts it.

use super::inputs::Inputs;
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use trainer::error::TrainError;
use trainer::event::Sink;
use trainer::parallel;
use trainer::setup::{Job, Run};

/// Computes parts of a run that another process leads; speaks with it through standard input and output.
#[derive(Debug, clap::Args)]
pub(crate) struct Follow {
    #[command(flatten)]
    inputs: Inputs,
}

impl Follow {
    /// Runs the command until its leader ends.
    pub(crate) fn run(self) -> Result<()> {
        super::use_threads(self.inputs.threads_per_process())?;
        // The leader, which gets the same signal, still needs answers for the step at hand.
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let ignored = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal, ignored).context("failed to watch for signals")?;
        }
        // Lack of memory is told like any other failure: on the error output, which the leader reads.
        trainer::ops::allocator::report_to([2, -1]);
        self.serve().map_err(|error| {
            parallel::tell(&error);
            error.into()
        })
    }

    fn serve(&self) -> Result<(), TrainError> {
        let job = Job { follows: true, ..self.inputs.job(Path::new(""), false)? };
        let never = AtomicBool::new(false);
        let Some(mut run) = Run::set_up(job, &mut Sink::silent()?, &never)? else { return Ok(()) };
        let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
        parallel::serve(&mut run, &mut input, &mut output)
    }
}
