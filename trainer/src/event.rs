//! Where a run's events go: `events.jsonl` in the out folder, a pipe for whoever started the
//! process, and a progress bar for a person at a terminal.

use crate::error::TrainError;
use domain::event::{Event, Level, Phase, series};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Name of the event file in the out folder.
pub const EVENTS_FILE: &str = "events.jsonl";

/// Takes the events of one attempt.
#[derive(Debug)]
pub struct Sink {
    path: PathBuf,
    file: File,
    pipe: Option<File>,
    bar: ProgressBar,
    started: Instant,
}

impl Sink {
    /// Appends to `events.jsonl` in `out` and copies each line to `pipe`.
    pub fn open(out: &Path, pipe: Option<File>, show_bar: bool) -> Result<Self, TrainError> {
        let path = out.join(EVENTS_FILE);
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|source| TrainError::Write { path: path.clone(), source })?;
        Ok(Self { path, file, pipe, bar: bar(show_bar), started: Instant::now() })
    }

    /// Takes events and forgets them: for a process whose leader speaks for it.
    pub fn silent() -> Result<Self, TrainError> {
        Self::piped(None, false)
    }

    /// Keeps nothing: for a command that has no out folder.
    pub fn piped(pipe: Option<File>, show_bar: bool) -> Result<Self, TrainError> {
        let path = PathBuf::from("/dev/null");
        let file = File::options().write(true).open(&path);
        let file = file.map_err(|source| TrainError::Write { path: path.clone(), source })?;
        Ok(Self { path, file, pipe, bar: bar(show_bar), started: Instant::now() })
    }

    /// File descriptors of the event file and the pipe, −1 where there is none.
    #[must_use]
    pub fn descriptors(&self) -> [i32; 2] {
        [self.file.as_raw_fd(), self.pipe.as_ref().map_or(-1, AsRawFd::as_raw_fd)]
    }

    /// Milliseconds since the attempt began.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Records one event at once. A reader that went away does not stop the run.
    pub fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        self.show(event);
        let write = |source| TrainError::Write { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(event).map_err(|e| write(e.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(write)?;
        if let Some(pipe) = &mut self.pipe
            && pipe.write_all(&line).is_err()
        {
            self.pipe = None;
        }
        Ok(())
    }

    /// Records a measured value; `key` is one of [`series`].
    pub fn point(&mut self, key: &str, step: u32, value: f64) -> Result<(), TrainError> {
        self.emit(&Event::Point { key: key.to_owned(), step, value, elapsed_ms: self.elapsed_ms() })
    }

    /// Records a line of the log.
    pub fn log(&mut self, level: Level, message: impl Into<String>) -> Result<(), TrainError> {
        self.emit(&Event::Log { level, message: message.into(), elapsed_ms: self.elapsed_ms() })
    }

    /// Records how far a phase is.
    pub fn phase(&mut self, phase: Phase, done: u32, total: u32) -> Result<(), TrainError> {
        self.emit(&Event::Phase { phase, done, total, elapsed_ms: self.elapsed_ms() })
    }

    fn show(&self, event: &Event) {
        match event {
            Event::Started { total_steps, resumed_from_step, device, .. } => {
                self.bar.set_length(u64::from(*total_steps));
                self.bar.set_position(u64::from(*resumed_from_step));
                self.bar.set_message(device.clone());
            }
            Event::Point { key, step, value, .. } if key == series::TRAIN_LOSS => {
                self.bar.set_position(u64::from(*step));
                self.bar.set_message(format!("loss {value:.4}"));
            }
            Event::Point { key, step, value, .. } if key == series::VALIDATION_LOSS => {
                self.bar.println(format!("step {step}: validation loss {value:.4}"));
            }
            Event::Phase { phase: Phase::Scoring, done, total, .. } => {
                self.bar.set_length(u64::from(*total));
                self.bar.set_position(u64::from(*done));
                self.bar.set_message("lines");
            }
            Event::Phase { phase, done, total, .. } if *phase != Phase::Training => {
                self.bar.set_message(format!("{} {done}/{total}", phase_name(*phase)));
            }
            Event::Log { message, .. } => self.bar.println(message),
            Event::Evaluated { subject, metrics, .. } => {
                let (key, value) = metrics.headline();
                self.bar.println(format!(
                    "{} model: {key} {value:.4} on {} samples",
                    subject.as_str(),
                    metrics.samples
                ));
            }
            Event::Finished { adapter_folder, .. } => {
                self.bar.finish_with_message(format!("adapter in {adapter_folder}"));
            }
            Event::Failed { .. } => self.bar.abandon(),
            _ => {}
        }
    }
}

fn bar(is_shown: bool) -> ProgressBar {
    let bar = if is_shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} (left {eta}) {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Loading => "loading",
        Phase::Tokenizing => "tokenizing",
        Phase::Referencing => "scoring the reference",
        Phase::Training => "training",
        Phase::Validating => "validating",
        Phase::EvaluatingBase => "evaluating the base model",
        Phase::EvaluatingTuned => "evaluating the tuned model",
        Phase::Saving => "saving",
        Phase::Auditing => "looking at the loss masks",
        Phase::Rehearsing => "rehearsing",
        Phase::WaitingForMemory => "waiting for memory",
        Phase::Scoring => "scoring",
    }
}
