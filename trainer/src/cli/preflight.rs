//! `trainer preflight RECIPE.toml --out DIR`: a run tried out before it begins.

use super::run::RunCommand;
use anyhow::{Context, Result};
use domain::run::{Preflight, Verdict};
use std::process::ExitCode;
use trainer::error::advice;
use trainer::preflight::{self, REPORT_FILE, Reserved};
use trainer::setup::prepare_out;

const MIB: u64 = 1 << 20;

/// Tries a run out: sets it up, looks at the tokens and the loss mask of every sample, computes the longest batch,
/// overfits one batch, writes and reads a checkpoint, and compares disk and memory with what the run needs. Takes the
/// flags of `run`, and an out folder of its own. Writes preflight.json; ends with 1 if the run would fail.
#[derive(Debug, clap::Args)]
#[command(mut_arg("resume", |arg| arg.hide(true)))]
pub(crate) struct PreflightCommand {
    #[command(flatten)]
    run: RunCommand,
    /// Memory that other runs on this machine still need.
    #[arg(long, value_name = "MIB", default_value_t = 0)]
    reserved_memory_mib: u64,
    /// Disk that other runs on this machine still need.
    #[arg(long, value_name = "MIB", default_value_t = 0)]
    reserved_disk_mib: u64,
    /// End rather than hold more than this much memory.
    #[arg(long, value_name = "MIB")]
    max_memory_mib: Option<u64>,
}

impl PreflightCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        trainer::limits::limit_this_process(self.max_memory_mib, None).context("failed to limit this process")?;
        super::use_threads(self.run.inputs.threads_per_process())?;
        prepare_out(&self.run.out, false)?;
        let mut sink = self.run.sink()?;
        let reserved =
            Reserved { memory_bytes: self.reserved_memory_mib * MIB, disk_bytes: self.reserved_disk_mib * MIB };
        let report = match self.run.inputs.job(&self.run.out, false) {
            Ok(job) => preflight::preflight(job, reserved, &mut sink)?,
            Err(error) => preflight::refused(&self.run.out, &error)?,
        };
        say(&report);
        println!("the report is in {}", self.run.out.join(REPORT_FILE).display());
        Ok(if report.failure().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// One line for each step, and one for each finding.
fn say(report: &Preflight) {
    for check in &report.checks {
        let step = check.step.as_str();
        match &check.verdict {
            Verdict::Ok => println!("{step}: ok ({} ms)", check.elapsed_ms),
            Verdict::Warning => println!("{step}: worth a look"),
            Verdict::Problem { kind, problem } => println!("{step}: {problem}; {}", advice(*kind)),
            Verdict::Skipped => println!("{step}: skipped"),
        }
    }
    for split in &report.audit {
        let (name, share) = (split.split.as_str(), 100.0 * split.learnt_share());
        println!(
            "{name}: {} of {} samples, {} tokens, {share:.1} % of them learnt",
            split.used, split.samples, split.tokens
        );
        for finding in &split.findings {
            println!("{name}: {} samples: {}", finding.samples, finding.kind.as_str());
        }
    }
}
