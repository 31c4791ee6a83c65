//! Runs a program that nobody has read, such as one that a model wrote, and says how it ended.
//!
//! Every program is a process of its own in an empty folder, with no environment, no network, no other process in reach, and
//! limits on time, memory, files and output. What keeps it in: a user and a network namespace (`unshare(1)`); Landlock,
//! which lets it read the interpreter and write its folder and nothing else; and a filter of system calls, which ends it when
//! it forks or opens a socket. Landlock and the filter are never left out: a kernel that has them not runs no program.

mod confine;
mod watch;

pub use confine::{Confinement, become_program};

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What one program may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of real time and, by itself, of computing time.
    pub seconds: u64,
    /// Address space, interpreter included.
    pub memory_mib: u64,
    /// Each file that it writes.
    pub file_mib: u64,
    /// All files of its folder together.
    pub folder_mib: u64,
    /// Standard output and standard error, each.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 10, memory_mib: 1024, file_mib: 16, folder_mib: 64, output_bytes: 64 << 10 }
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It ran to its end.
    Passed,
    /// An error of its own, or an end before its last line.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// It wrote more than it may.
    TooMuchOutput,
    /// It forked, opened a socket or made another call that is not allowed.
    Forbidden,
    /// A signal that was none of ours ended it.
    Crashed,
}

/// A program that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub ending: Ending,
    /// The last line that it wrote to standard error.
    pub detail: String,
    pub seconds: f64,
}

/// Why no program can be run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the interpreter {} cannot be used: {detail}", path.display())]
    Interpreter { path: PathBuf, detail: String },
    #[error(
        "no program was run: this system gives a process no user and network namespace ({detail}). The filter of system calls \
         would still keep programs from the network; if that is enough, give --without-namespace"
    )]
    Namespace { detail: String },
    #[error(
        "no program was run: root needs a namespace to give up its rights; be another user, or leave out --without-namespace"
    )]
    Root,
    #[error(
        "no program was run: this kernel cannot confine one ({detail}). Landlock (Linux 5.13) and seccomp are needed"
    )]
    Confinement { detail: String },
    #[error("failed to run a program: {0}")]
    Io(#[from] io::Error),
}

/// Exit status of the confining process when it could not become the program.
pub const NOT_CONFINED: u8 = 125;

/// A Python interpreter behind walls.
#[derive(Debug)]
pub struct Sandbox {
    /// The `trainer` program, which confines itself before it becomes the interpreter.
    helper: PathBuf,
    interpreter: PathBuf,
    /// What the interpreter reads of itself.
    libraries: Vec<PathBuf>,
    has_namespace: bool,
    limits: Limits,
}

impl Sandbox {
    /// Finds the interpreter and tries the walls out.
    pub fn new(helper: &Path, python: &Path, limits: Limits, without_namespace: bool) -> Result<Self, SandboxError> {
        if without_namespace && rustix::process::geteuid().is_root() {
            return Err(SandboxError::Root);
        }
        let (interpreter, libraries) = look_up(python)?;
        let has_namespace = !without_namespace;
        let sandbox = Self { helper: helper.to_owned(), interpreter, libraries, has_namespace, limits };
        if has_namespace {
            sandbox.try_namespace()?;
        }
        let tried = sandbox.run("pass")?;
        match tried.ending {
            Ending::Passed => Ok(sandbox),
            ending => Err(SandboxError::Confinement { detail: format!("{ending:?}: {}", tried.detail) }),
        }
    }

    /// Runs a Python program.
    pub fn run(&self, program: &str) -> Result<Outcome, SandboxError> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("program.py");
        // Who ends early by exit status 0 has not reached this line.
        let mark = format!("{:032x}", rand::random::<u128>());
        std::fs::write(&file, format!("{program}\nprint()\nprint({mark:?}, flush=True)\n"))?;
        let mut command = self.command(folder.path());
        command.arg(&self.interpreter).args(["-I", "-B", "-X", "utf8"]).arg(&file);
        let watched = watch::run(command, folder.path(), self.limits)?;
        let has_mark = watched.output.trim_end().ends_with(&mark);
        Ok(Outcome { ending: watched.ending(has_mark), detail: watched.last_line(), seconds: watched.seconds })
    }

    /// The command that confines itself; the program follows as its last arguments.
    fn command(&self, folder: &Path) -> Command {
        let mut command = if self.has_namespace { in_namespace(&self.helper) } else { Command::new(&self.helper) };
        command.arg("confined").arg("--folder").arg(folder);
        command.args(["--seconds", &self.limits.seconds.to_string()]);
        command.args(["--memory-mib", &self.limits.memory_mib.to_string()]);
        command.args(["--file-mib", &self.limits.file_mib.to_string()]);
        for library in &self.libraries {
            command.arg("--read").arg(library);
        }
        command.arg("--");
        command.env_clear().current_dir(folder);
        command
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8");
        for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(threads, "1");
        }
        command
    }

    fn try_namespace(&self) -> Result<(), SandboxError> {
        let refused = |detail: String| SandboxError::Namespace { detail };
        let tried = in_namespace(Path::new("true")).stdin(Stdio::null()).output();
        let tried = tried.map_err(|e| refused(format!("unshare: {e}")))?;
        let said = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
        if tried.status.success() { Ok(()) } else { Err(refused(said)) }
    }
}

/// A program in namespaces of its own, in which it is root and outside of which it has no more rights than anybody.
fn in_namespace(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--ipc", "--uts", "--"]).arg(program);
    command
}

/// The interpreter itself, behind links and wrappers, and the folders that it reads.
fn look_up(python: &Path) -> Result<(PathBuf, Vec<PathBuf>), SandboxError> {
    let refuse = |detail: String| SandboxError::Interpreter { path: python.to_owned(), detail };
    let question = "import sys, json; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix] + sys.path))";
    let asked = Command::new(python).args(["-I", "-c", question]).stdin(Stdio::null()).output();
    let asked = asked.map_err(|e| refuse(e.to_string()))?;
    if !asked.status.success() {
        return Err(refuse(String::from_utf8_lossy(&asked.stderr).trim().to_owned()));
    }
    let told: Vec<PathBuf> = serde_json::from_slice(&asked.stdout).map_err(|e| refuse(e.to_string()))?;
    let (interpreter, folders) = told.split_first().ok_or_else(|| refuse("it names no program".to_owned()))?;
    // The root of the file system would let it read everything.
    let is_narrow = |folder: &&PathBuf| folder.parent().is_some() && folder.is_absolute() && folder.is_dir();
    Ok((interpreter.clone(), folders.iter().filter(is_narrow).cloned().collect()))
}
