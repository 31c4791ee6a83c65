//! `trainer confined`: puts walls around itself and becomes another program. `trainer code-check` starts it for each one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use trainer::sandbox::{Confinement, NOT_CONFINED, become_program};

/// Becomes a program that may read a few folders and write one.
#[derive(Debug, clap::Args)]
pub(crate) struct Confined {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    read: Vec<PathBuf>,
    #[arg(long)]
    seconds: u64,
    #[arg(long)]
    memory_mib: u64,
    #[arg(long)]
    file_mib: u64,
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

impl Confined {
    /// Returns only when the program could not be started.
    pub(crate) fn run(self) -> ExitCode {
        let Self { folder, read, seconds, memory_mib, file_mib, program } = self;
        let error = become_program(&Confinement { folder, read, seconds, memory_mib, file_mib }, &program);
        eprintln!("error: {error}");
        ExitCode::from(NOT_CONFINED)
    }
}
