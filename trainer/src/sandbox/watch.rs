//! Waits for a process, reads what it writes, and ends it when it takes too long or writes too much.

use super::{Ending, Limits};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// What an entry of a folder takes at least.
const BLOCK: u64 = 4096;

/// A process that has ended.
pub(super) struct Watched {
    pub(super) output: String,
    errors: String,
    status: ExitStatus,
    cut: Option<Ending>,
    pub(super) seconds: f64,
}

/// Starts a process in a group of its own and sees it to its end. `folder` is where it may write.
pub(super) fn run(mut command: Command, folder: &Path, limits: Limits) -> io::Result<Watched> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let started = Instant::now();
    let mut child = command.spawn()?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let is_full = AtomicBool::new(false);
    thread::scope(|scope| {
        let output = scope.spawn(|| read(output, limits.output_bytes, &is_full));
        let errors = scope.spawn(|| read(errors, limits.output_bytes, &is_full));
        let has_too_much = || is_full.load(Ordering::Relaxed) || is_larger(folder, limits.folder_mib << 20);
        let why = || {
            let is_late = started.elapsed() > Duration::from_secs(limits.seconds);
            if has_too_much() { Some(Ending::TooMuchOutput) } else { is_late.then_some(Ending::TimedOut) }
        };
        let ended = wait(&mut child, why);
        if ended.is_err() {
            // Its pipes are read until they close, and they close when it ends.
            let _ = end(&mut child);
        }
        let (status, cut) = ended?;
        let seconds = started.elapsed().as_secs_f64();
        let text = |bytes: thread::Result<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let (output, errors) = (text(output.join()), text(errors.join()));
        // It may have written the last of too much and ended by itself.
        let cut = cut.or_else(|| has_too_much().then_some(Ending::TooMuchOutput));
        Ok(Watched { output, errors, status, cut, seconds })
    })
}

/// Waits until it ends, or ends it as soon as there is a reason.
fn wait(child: &mut Child, why: impl Fn() -> Option<Ending>) -> io::Result<(ExitStatus, Option<Ending>)> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, None));
        }
        if let Some(why) = why() {
            end(child)?;
            return Ok((child.wait()?, Some(why)));
        }
        thread::sleep(LOOK);
    }
}

/// Ends a process, also one that has left its group.
fn end(child: &mut Child) -> io::Result<()> {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.kill()
}

/// Whether the files of a folder have more bytes, each entry at least a block. What cannot be looked into is too much. Files
/// that have no name any more are not seen: so many as may be open, each with its own limit.
fn is_larger(folder: &Path, most: u64) -> bool {
    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let (mut folders, mut bytes) = (vec![folder.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => continue,
            Err(_) => return true,
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.metadata()?, entry.path()))) {
                Ok((facts, path)) => {
                    bytes += facts.len().max(BLOCK);
                    folders.extend(facts.is_dir().then_some(path));
                }
                Err(error) if is_gone(&error) => {}
                Err(_) => return true,
            }
            if bytes > most {
                return true;
            }
        }
    }
    false
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const LIMITS: Limits = Limits { seconds: 1, memory_mib: 64, file_mib: 1, folder_mib: 1, output_bytes: 100 };

    #[test]
    fn who_leaves_the_group_is_ended_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("python3");
        command.args(["-c", "import os, time\nos.setpgid(0, os.getpgid(os.getppid()))\ntime.sleep(60)"]);
        match run(command, folder.path(), LIMITS) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => eprintln!("not tried: {error}"),
            watched => assert_eq!(watched.unwrap().ending(true), Ending::TimedOut),
        }
    }

    #[test]
    fn all_files_below_a_folder_count() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(below.join("a"), vec![0; 3 * 4096]).unwrap();
        std::fs::write(below.join("empty"), "").unwrap();
        // What a folder itself takes differs between file systems.
        let own = std::fs::metadata(&below).unwrap().len().max(BLOCK);
        assert!(!is_larger(folder.path(), own + 4 * 4096));
        assert!(is_larger(folder.path(), own + 4 * 4096 - 1));
        assert!(!is_larger(&folder.path().join("gone"), 0));
    }
}
