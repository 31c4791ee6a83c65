//! Waits for a process, reads what it writes, and ends it when it takes too long or writes too much.

use super::Ending;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A process that has ended.
pub(super) struct Watched {
    pub(super) output: String,
    errors: String,
    status: ExitStatus,
    cut: Option<Ending>,
    pub(super) seconds: f64,
}

/// Starts a process in a group of its own and sees it to its end.
pub(super) fn run(mut command: Command, longest: Duration, output_bytes: usize) -> io::Result<Watched> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let started = Instant::now();
    let mut child = command.spawn()?;
    let group = Pid::from_child(&child);
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let is_full = AtomicBool::new(false);
    thread::scope(|scope| {
        let output = scope.spawn(|| read(output, output_bytes, &is_full));
        let errors = scope.spawn(|| read(errors, output_bytes, &is_full));
        let mut cut = None;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let why = if is_full.load(Ordering::Relaxed) {
                Some(Ending::TooMuchOutput)
            } else {
                (started.elapsed() > longest).then_some(Ending::TimedOut)
            };
            if why.is_some() {
                cut = why;
                kill_process_group(group, Signal::KILL)?;
                break child.wait()?;
            }
            thread::sleep(LOOK);
        };
        let seconds = started.elapsed().as_secs_f64();
        let text = |bytes: thread::Result<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let (output, errors) = (text(output.join()), text(errors.join()));
        // It may have written the last of too much and ended by itself.
        let cut = cut.or_else(|| is_full.load(Ordering::Relaxed).then_some(Ending::TooMuchOutput));
        Ok(Watched { output, errors, status, cut, seconds })
    })
}

/// Reads at most so many bytes; notes when there are more.
fn read(pipe: Option<impl Read>, most: usize, is_full: &AtomicBool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What could be read counts; a pipe that breaks has ended.
        let _ = pipe.take(most as u64 + 1).read_to_end(&mut bytes);
    }
    if bytes.len() > most {
        is_full.store(true, Ordering::Relaxed);
        bytes.truncate(most);
    }
    bytes
}

impl Watched {
    /// How it ended, when it did or did not write its last line.
    pub(super) fn ending(&self, is_whole: bool) -> Ending {
        if let Some(cut) = self.cut {
            return cut;
        }
        match self.status.signal() {
            Some(libc::SIGSYS) => Ending::Forbidden,
            Some(libc::SIGXCPU) => Ending::TimedOut,
            Some(_) => Ending::Crashed,
            None if self.status.success() && is_whole => Ending::Passed,
            None if self.last_line().starts_with("MemoryError") => Ending::OutOfMemory,
            None => Ending::Failed,
        }
    }

    /// The last line of its errors that says anything.
    pub(super) fn last_line(&self) -> String {
        let line = self.errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        domain::brief::brief_of(line.trim(), 200)
    }
}
