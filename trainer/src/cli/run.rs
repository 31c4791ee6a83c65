//! `trainer run RECIPE.toml --out DIR`: a whole fine-tuning run.

use super::inputs::Inputs;
use anyhow::{Context, Result, bail};
use domain::event::Event;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use trainer::error::{TrainError, advice};
use trainer::event::Sink;
use trainer::manifest::Manifest;
use trainer::setup::{self, Run};
use trainer::train::Ending;
use trainer::{finish, train};

/// Exit status of a run that was asked to stop, as shells give it for an interrupt.
const STOPPED: u8 = 130;

/// Fine-tunes a model as a recipe says. Writes adapter, checkpoints, events and evaluation into
/// the out folder.
#[derive(Debug, clap::Args)]
pub(crate) struct RunCommand {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// Folder for everything the run writes.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// Go on from the newest checkpoint in the out folder, if there is one.
    #[arg(long)]
    resume: bool,
    /// Copy events as JSON lines to `-` (standard output) or a named pipe.
    #[arg(long)]
    events: Option<PathBuf>,
}

impl RunCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        super::use_threads(self.inputs.threads_per_process())?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("failed to watch for signals")?;
        }
        setup::prepare_out(&self.out, self.resume)?;
        let mut sink = self.sink()?;
        match self.work(&mut sink, &stop) {
            Ok(Ending::Complete) => Ok(ExitCode::SUCCESS),
            Ok(Ending::Stopped) => Ok(ExitCode::from(STOPPED)),
            Err(error) => {
                let kind = error.kind();
                let message = format!("{error}; {}", advice(kind));
                sink.emit(&Event::Failed { kind, message: message.clone(), problem: error.problem() })?;
                bail!("{message}")
            }
        }
    }

    /// Where the events go; running out of memory is one.
    pub(super) fn sink(&self) -> Result<Sink> {
        let pipe = self.events.as_deref().map(open_pipe).transpose()?;
        let sink = Sink::open(&self.out, pipe, std::io::stderr().is_terminal())?;
        trainer::ops::allocator::report_to(sink.descriptors());
        Ok(sink)
    }

    fn work(&self, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
        let job = self.inputs.job(&self.out, self.resume)?;
        let starting = self.inputs.start_followers()?;
        let Some(mut run) = Run::set_up(job, sink, stop)? else { return Ok(Ending::Stopped) };
        if let Some(starting) = starting {
            let Some(followers) = starting.ready(&run.data_sha256, stop)? else { return Ok(Ending::Stopped) };
            run.followers = Some(followers);
        }
        let manifest = Manifest::of(&run)?;
        if self.resume { manifest.after(&self.out) } else { manifest }.write(&self.out)?;
        match train::train(&mut run, sink, stop)? {
            Ending::Complete => finish::finish(&mut run, sink, stop),
            Ending::Stopped => Ok(Ending::Stopped),
        }
    }
}

fn open_pipe(path: &Path) -> Result<File> {
    let file = if path == Path::new("-") {
        std::io::stdout().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::options().append(true).create(true).open(path)
    };
    file.with_context(|| format!("failed to open {} for events", path.display()))
}
