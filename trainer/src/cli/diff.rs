//! `trainer diff A B`: whether two runs gave the same bits, and what of their making differs.

use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares the adapters and training losses of two finished runs bit by bit, and their manifests line by line.
/// Exits with 1 when the bits differ.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// Out folder of one run.
    a: PathBuf,
    /// Out folder of the other.
    b: PathBuf,
}

impl Diff {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let differences = trainer::diff::compare(&self.a, &self.b)?;
        print!("{differences}");
        Ok(if differences.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
