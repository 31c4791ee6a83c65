//! Jobs on the splits of a version: looking at them, dividing the samples anew, removing what leaks.

use crate::{
    jobs::{JobContext, JobError},
    leaks::Looking,
};
use dataprep::{hash::content_hash, split::Divider, stats::StatsBuilder};
use domain::{
    dataset::{Origin, Version, VersionStats},
    id::{SampleId, VersionId},
    job::{Gone, JobFailure},
    sample::Split,
    split::{LeakCheck, SplitRule},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use store::versions::import::Made;

pub const CHECK_KIND: &str = "check_splits";
pub const DIVIDE_KIND: &str = "divide_version";
pub const WITHOUT_LEAKS_KIND: &str = "remove_leaks";

/// Samples between two progress reports.
const REPORT_EVERY: u64 = 1000;

/// What to look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckSplits {
    pub version_id: VersionId,
    pub check: LeakCheck,
}

/// What to divide, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DivideVersion {
    pub version_id: VersionId,
    pub rule: SplitRule,
}

/// The handler: keeps the reports on the splits, and on the project's benchmarks, with the version. Answers with the number of
/// contaminated samples of its own.
pub async fn check_splits(context: JobContext, request: CheckSplits) -> Result<u64, JobError> {
    let version = find(&context, request.version_id).await?;
    let looking = Looking::of_job(&context);
    let (_, leaks) = looking.at_version(version.id, version.stats.samples, request.check).await?;
    for benchmark in store::benchmarks::list(&context.db, context.project).await? {
        if benchmark.version_id != version.id {
            looking.at_benchmark(version.id, &benchmark, request.check).await?;
        }
    }
    Ok(leaks.blocking())
}

/// The handler: the next version has the same samples in other splits.
pub async fn divide_version(context: JobContext, request: DivideVersion) -> Result<Made, JobError> {
    let version = find(&context, request.version_id).await?;
    let refused = |problem| JobError::from(JobFailure::Split { problem });
    let mut divider = Divider::new(request.rule.clone()).map_err(refused)?;
    let mut rows = store::samples::stream(&context.db, version.id, None);
    let mut progress = Counter::new(&context, "dividing", 2 * version.stats.samples);
    while let Some(row) = rows.try_next().await? {
        divider.add(&row.sample, row.split);
        progress.step().await?;
    }
    let (division, groups) =
        tokio::task::spawn_blocking(|| divider.finish()).await.map_err(JobError::internal)?.map_err(refused)?;
    let left_out = division.iter().filter(|split| split.is_none()).count() as u64;
    let origin = Origin::Divided { rule: request.rule, groups, left_out };
    let made = write(&context, &version, &origin, &division, &mut progress).await?;
    // Whoever divides wants to see how alike the splits have become.
    let divided = find(&context, made.version_id).await?;
    Looking::of_job(&context).at_version(divided.id, divided.stats.samples, LeakCheck::default()).await?;
    Ok(made)
}

/// The handler: the next version lacks the training samples that give held-out ones, or the project's benchmarks, away.
pub async fn remove_leaks(context: JobContext, request: CheckSplits) -> Result<Made, JobError> {
    let version = find(&context, request.version_id).await?;
    let looking = Looking::of_job(&context);
    let (_, leaks) = looking.at_version(version.id, version.stats.samples, request.check).await?;
    let mut leaking: HashSet<SampleId> = leaks.leaking.into_iter().collect();
    for benchmark in store::benchmarks::list(&context.db, context.project).await? {
        if benchmark.version_id != version.id {
            leaking.extend(looking.at_benchmark(version.id, &benchmark, request.check).await?.leaking);
        }
    }
    if leaking.is_empty() {
        return Err(JobFailure::NoLeaks.into());
    }
    let mut rows = store::samples::stream(&context.db, version.id, None);
    let mut division = Vec::new();
    while let Some(row) = rows.try_next().await? {
        division.push((row.split != Split::Train || !leaking.contains(&row.id)).then_some(row.split));
    }
    let origin = Origin::WithoutLeaks { removed: leaking.len() as u64, check: request.check };
    let mut progress = Counter::new(&context, "writing", version.stats.samples);
    write(&context, &version, &origin, &division, &mut progress).await
}

async fn find(context: &JobContext, version: VersionId) -> Result<Version, JobError> {
    let found = store::versions::get(&context.db, context.project, version).await?;
    Ok(found.ok_or(JobFailure::Gone { what: Gone::Version })?)
}

/// Counts what the division has, then writes it.
async fn write(
    context: &JobContext,
    parent: &Version,
    origin: &Origin,
    division: &[Option<Split>],
    progress: &mut Counter<'_>,
) -> Result<Made, JobError> {
    let mut stats = StatsBuilder::new();
    let mut rows = store::samples::stream(&context.db, parent.id, None);
    let mut division_left = division.iter();
    while let Some(row) = rows.try_next().await? {
        if let Some(Some(split)) = division_left.next() {
            stats.add(&row.sample, *split, &content_hash(&row.sample));
        }
        progress.step().await?;
    }
    let stats = VersionStats { skipped_lines: parent.stats.skipped_lines, ..stats.finish() };
    context.check()?;
    let made = store::versions::create_divided(
        &context.db,
        context.project,
        parent.id,
        context.user,
        origin,
        division,
        &stats,
    );
    Ok(made.await?.ok_or(JobFailure::Gone { what: Gone::Dataset })?)
}

/// Tells how many samples are done.
struct Counter<'a> {
    context: &'a JobContext,
    stage: &'static str,
    done: u64,
    total: u64,
}

impl<'a> Counter<'a> {
    fn new(context: &'a JobContext, stage: &'static str, total: u64) -> Self {
        Self { context, stage, done: 0, total }
    }

    async fn step(&mut self) -> Result<(), JobError> {
        self.done += 1;
        if self.done.is_multiple_of(REPORT_EVERY) {
            self.context.progress(self.stage, self.done, self.total).await?;
        }
        Ok(())
    }
}
