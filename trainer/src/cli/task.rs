//! `trainer task`: samples of a task file of lm-evaluation-harness.

use super::limits::Limits;
use anyhow::{Context, Result};
use domain::task_file::TaskFile;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use trainer::task_file::{read, samples};

/// Makes samples of a task file and its data, and prints what the task says as JSON. `trainer eval --task` reads that.
#[derive(Debug, clap::Args)]
pub(crate) struct Task {
    /// The task file (YAML).
    file: PathBuf,
    /// The folder of its data files, or the file of the split that is tested.
    #[arg(long)]
    data: PathBuf,
    /// A file for the samples, one JSON object a line.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    task: &'a TaskFile,
    samples: usize,
    /// What to evaluate by.
    suggested_metrics: Vec<&'static str>,
}

impl Task {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        self.limits.apply()?;
        let task = read(&self.file)?;
        let samples = samples(&task, &self.data)?;
        let fail = || format!("cannot write {}", self.out.display());
        let mut file = std::io::BufWriter::new(std::fs::File::create(&self.out).with_context(fail)?);
        for sample in &samples {
            serde_json::to_writer(&mut file, sample)?;
            file.write_all(b"\n").with_context(fail)?;
        }
        file.flush().with_context(fail)?;
        let told = Told { task: &task, samples: samples.len(), suggested_metrics: task.suggested_metrics() };
        println!("{}", serde_json::to_string_pretty(&told)?);
        Ok(())
    }
}
