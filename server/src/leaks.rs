//! Whether training has seen what a run is measured with: the version's own validation and test splits, and the benchmarks that
//! the project or the launch names. What was found is kept, since versions never change. It needs no trainer, so it is
//! done of every run, also of one that is not tried out.

use crate::jobs::{JobContext, JobError};
use dataprep::{leakage::Leakage, split::ReportBuilder};
use domain::{
    id::{RunId, VersionId},
    run::{Failure, FailureKind, PreflightStep, RunProblem},
    sample::Split,
    split::{Benchmark, LeakCheck, LeakReport, SplitReport},
};
use futures::TryStreamExt;
use store::PgPool;

/// Samples between two progress reports.
const REPORT_EVERY: u64 = 1000;

/// Somebody who looks for leaks, and the job that is told how far it is, if it is one.
#[derive(Clone, Copy)]
pub(crate) struct Looking<'a> {
    db: &'a PgPool,
    job: Option<&'a JobContext>,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(db: &'a PgPool) -> Self {
        Self { db, job: None }
    }

    pub(crate) fn of_job(job: &'a JobContext) -> Self {
        Self { db: &job.db, job: Some(job) }
    }

    /// Why the run on this version must not begin, if it must not.
    pub(crate) async fn at_run(self, run: RunId, version: VersionId) -> Result<Option<Failure>, JobError> {
        let samples = store::split_checks::samples(self.db, version).await?;
        let (_, leaks) = self.at_version(version, samples, LeakCheck::default()).await?;
        let (found, train) = (leaks.blocking(), leaks.leaking.len() as u64);
        if found > 0 {
            return Ok(Some(failure(RunProblem::Leaks { samples: found, train })));
        }
        for benchmark in store::benchmarks::of_run(self.db, run).await? {
            let leaks = self.at_benchmark(version, &benchmark, LeakCheck::default()).await?;
            let (samples, train) = (leaks.blocking(), leaks.leaking.len() as u64);
            if samples > 0 {
                let benchmark = benchmark.to_string();
                return Ok(Some(failure(RunProblem::BenchmarkLeaks { benchmark, samples, train })));
            }
        }
        Ok(None)
    }

    /// The reports on a version of so many samples, made now if they are not there. Held-out samples are read first, then
    /// training.
    pub(crate) async fn at_version(
        self,
        version: VersionId,
        samples: u64,
        check: LeakCheck,
    ) -> Result<(SplitReport, LeakReport), JobError> {
        if let Some(known) = store::split_checks::get(self.db, version, &check).await? {
            return Ok(known);
        }
        let mut leakage = Leakage::new(check).map_err(JobError::internal)?;
        let mut report = ReportBuilder::new();
        let mut done = 0;
        for split in [Split::Validation, Split::Test, Split::Train] {
            if split == Split::Train {
                leakage.begin_training();
            }
            let mut rows = store::samples::stream(self.db, version, Some(split));
            while let Some(row) = rows.try_next().await? {
                report.add(&row.sample, split);
                if split == Split::Train {
                    leakage.add_training(row.id, row.position, &row.sample);
                } else {
                    leakage.add_held_out(row.id, row.position, split, &row.sample);
                }
                self.step(&mut done, samples).await?;
            }
        }
        let leaks = tokio::task::spawn_blocking(|| leakage.finish()).await.map_err(JobError::internal)?;
        let splits = report.finish();
        store::split_checks::put(self.db, version, &splits, &leaks).await?;
        Ok((splits, leaks))
    }

    /// What of a benchmark the version's training split has seen, looked for now if nobody has.
    pub(crate) async fn at_benchmark(
        self,
        version: VersionId,
        benchmark: &Benchmark,
        check: LeakCheck,
    ) -> Result<LeakReport, JobError> {
        if let Some(known) = store::benchmarks::check(self.db, version, benchmark.version_id, &check).await? {
            return Ok(known);
        }
        let mut leakage = Leakage::new(check).map_err(JobError::internal)?;
        let (mut done, total) = (0, store::split_checks::samples(self.db, version).await?);
        let mut rows = store::samples::stream(self.db, benchmark.version_id, None);
        while let Some(row) = rows.try_next().await? {
            // Its own splits mean nothing here: all of it is a test.
            leakage.add_held_out(row.id, row.position, Split::Test, &row.sample);
        }
        leakage.begin_training();
        let mut rows = store::samples::stream(self.db, version, Some(Split::Train));
        while let Some(row) = rows.try_next().await? {
            leakage.add_training(row.id, row.position, &row.sample);
            self.step(&mut done, total).await?;
        }
        let leaks = tokio::task::spawn_blocking(|| leakage.finish()).await.map_err(JobError::internal)?;
        store::benchmarks::put(self.db, version, benchmark.version_id, &leaks).await?;
        Ok(leaks)
    }

    async fn step(self, done: &mut u64, total: u64) -> Result<(), JobError> {
        *done += 1;
        match self.job {
            Some(job) if done.is_multiple_of(REPORT_EVERY) => job.progress("comparing_splits", *done, total).await,
            _ => Ok(()),
        }
    }
}

fn failure(problem: RunProblem) -> Failure {
    Failure::of_preflight(PreflightStep::Audit, FailureKind::InvalidInput, problem)
}
