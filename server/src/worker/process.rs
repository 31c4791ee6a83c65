//! The trainer process: starting it, finding one that outlived its server, ending it.

use super::folder::RunFolder;
use crate::{
    config::{Config, Slot},
    trainer,
};
use domain::{id::RunId, sample::Split};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    ffi::OsString,
    fs, io,
    os::unix::{ffi::OsStringExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::process::{Child, Command};

/// What a trainer process does with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Run,
    Preflight,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Preflight => "preflight",
        }
    }

    /// Where it writes.
    fn out(self, folder: &RunFolder) -> PathBuf {
        match self {
            Self::Run => folder.out().to_owned(),
            Self::Preflight => folder.preflight(),
        }
    }
}

/// How a trainer process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Code(i32),
    Signal(i32),
    /// Not our child, so nobody told us.
    Unknown,
}

/// A running trainer.
pub(super) struct Trainer {
    pid: Pid,
    /// `None` when an earlier server started it.
    child: Option<Child>,
    /// Processes the kernel had killed for memory when this one started.
    oom_kills_before: u64,
}

impl Trainer {
    /// Starts `trainer preflight` within these limits. It ends with whoever waits for it, unless that is killed.
    pub(super) async fn rehearse(
        config: &Config,
        folder: &RunFolder,
        slot: &Slot,
        limits: &[(&str, u64)],
    ) -> io::Result<Self> {
        let log = fs::File::create(folder.log())?;
        let mut command = trainer::command(config);
        add_arguments(&mut command, config, folder, slot, Verb::Preflight).await?;
        for (flag, value) in limits {
            command.arg(flag).arg(value.to_string());
        }
        command.kill_on_drop(true);
        Self::start(command, log)
    }

    /// Starts `trainer run`. It gets a process group of its own, so that neither Ctrl-C nor the
    /// server's end reaches it, and none of the server's secrets.
    pub(super) async fn spawn(config: &Config, folder: &RunFolder, slot: &Slot, resume: bool) -> io::Result<Self> {
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.log())?;
        let mut command = trainer::command(config);
        add_arguments(&mut command, config, folder, slot, Verb::Run).await?;
        if resume {
            command.arg("--resume");
        }
        Self::start(command, log)
    }

    fn start(mut command: Command, log: fs::File) -> io::Result<Self> {
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let oom_kills_before = oom_kills();
        let child = command.spawn()?;
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = number.and_then(Pid::from_raw).ok_or_else(|| io::Error::other("the trainer has no process id"))?;
        prefer_for_oom_kill(pid);
        Ok(Self { pid, child: Some(child), oom_kills_before })
    }

    /// The trainer that writes to `out`, if an earlier server left one running.
    pub(super) fn adopt(verb: Verb, out: &Path) -> Option<Self> {
        processes().find(|(_, arguments)| out_of(verb, arguments) == Some(out)).map(|(pid, _)| Self::adopted(pid))
    }

    fn adopted(pid: Pid) -> Self {
        Self { pid, child: None, oom_kills_before: oom_kills() }
    }

    /// Waits for the end. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> Exit {
        if let Some(child) = &mut self.child {
            return match child.wait().await {
                Ok(status) => exit(status),
                Err(_) => Exit::Unknown,
            };
        }
        while is_alive(self.pid) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Exit::Unknown
    }

    /// Asks it to write a checkpoint and end.
    pub(super) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let reaped = self.child.as_ref().is_some_and(|c| c.id().is_none());
        if !reaped && let Err(error) = kill_process_group(self.pid, signal) {
            tracing::debug!(%error, "failed to signal a trainer: it has ended");
        }
    }

    /// Whether the kernel has killed for want of memory since this trainer started.
    pub(super) fn kernel_killed_for_memory(&self) -> bool {
        oom_kills() > self.oom_kills_before
    }
}

/// What to do, with which input, where and on what.
async fn add_arguments(
    command: &mut Command,
    config: &Config,
    folder: &RunFolder,
    slot: &Slot,
    verb: Verb,
) -> io::Result<()> {
    command.arg(verb.as_str()).arg(folder.recipe()).arg("--model").arg(folder.model().await?);
    for split in Split::ALL {
        if let Some(file) = folder.split(split) {
            command.arg(format!("--{}", split.as_str())).arg(file);
        }
    }
    command.arg("--out").arg(verb.out(folder)).args(["--device", &slot.0]);
    if let Some(adapter) = folder.adapter() {
        command.arg("--adapter").arg(adapter);
    }
    if let Some(samples) = folder.micro_batch() {
        command.arg("--micro-batch").arg(samples.to_string());
    }
    if let Some(threads) = threads(&config.workers) {
        command.arg("--threads").arg(threads.to_string());
    }
    Ok(())
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

/// Processors per CPU slot when there are several; alone, the trainer decides.
fn threads(slots: &[Slot]) -> Option<usize> {
    let on_cpu = slots.iter().flat_map(|s| s.0.split('+')).filter(|device| *device == "cpu").count();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (on_cpu > 1).then(|| (processors / on_cpu).max(1))
}

/// Every live trainer that writes into a run's folder under `parent`.
pub(super) fn running_in(parent: &Path) -> Vec<(RunId, Trainer)> {
    let run_of = |arguments: &[OsString]| {
        let folder = out_of(Verb::Run, arguments)?.parent()?;
        (folder.parent()? == parent).then(|| folder.file_name()?.to_str()?.parse().ok()).flatten()
    };
    processes().filter_map(|(pid, arguments)| Some((run_of(&arguments)?, Trainer::adopted(pid)))).collect()
}

/// The `--out` of a trainer that does this.
fn out_of(verb: Verb, arguments: &[OsString]) -> Option<&Path> {
    let at = arguments.iter().position(|a| a == "--out")?;
    arguments.iter().take(at).find(|a| *a == verb.as_str())?;
    arguments.get(at + 1).map(Path::new)
}

/// Processes of this machine with their arguments. Empty where there is no /proc: there a trainer
/// that outlives its server is not found, and its run begins anew from the last checkpoint.
fn processes() -> impl Iterator<Item = (Pid, Vec<OsString>)> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let number: i32 = entry.file_name().to_str()?.parse().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let arguments = line.split(|b| *b == 0).map(|a| OsString::from_vec(a.to_vec())).collect();
        Some((Pid::from_raw(number)?, arguments))
    })
}

/// A process that has ended but was not collected by its parent counts as dead.
fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(proc_file(pid, "stat")).unwrap_or_default();
    // `pid (name) state …`; the name may hold anything, even parentheses.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn proc_file(pid: Pid, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}/{name}", pid.as_raw_nonzero()))
}

/// When memory runs out, the trainer shall go and not the server.
fn prefer_for_oom_kill(pid: Pid) {
    if let Err(error) = fs::write(proc_file(pid, "oom_score_adj"), "500") {
        tracing::debug!(%error, "failed to set the trainer's OOM score");
    }
}

/// How many processes the kernel has killed for memory, on this machine or in this container.
fn oom_kills() -> u64 {
    let count = |path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().find_map(|l| l.strip_prefix("oom_kill ")?.trim().parse::<u64>().ok()).unwrap_or(0)
    };
    count("/proc/vmstat") + count("/sys/fs/cgroup/memory.events")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trainer_is_known_by_its_out_folder() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let line = words("/opt/trainer run r.toml --model m --out /data/runs/1/out --device cpu");
        assert_eq!(out_of(Verb::Run, &line), Some(Path::new("/data/runs/1/out")));
        assert_eq!(out_of(Verb::Preflight, &line), None);
        assert_eq!(out_of(Verb::Run, &words("/bin/tar --out /data/runs/1/out")), None);
    }

    #[test]
    fn this_process_lives() {
        let own = i32::try_from(std::process::id()).ok().and_then(Pid::from_raw);
        assert!(own.is_some_and(is_alive) || !Path::new("/proc").exists());
    }
}
