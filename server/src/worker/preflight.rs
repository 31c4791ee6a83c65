//! Trying out launched runs before they are queued: a background job on a machine that trains, one at a time. It lays
//! out the run's folder, which the run then finds ready, and has `trainer preflight` do the rest.
//!
//! What runs here still need of memory is not touched: the job is put off until there is enough for both, and its trainer
//! ends rather than take more. Other runs are tried out meanwhile. A trainer that outlives a killed server is waited for by the next one.

use super::{
    events,
    folder::{Input, PrepareError, RunFolder},
    identity, memory, owners, pause_after,
    process::{Exit, Trainer, Verb},
};
use crate::{
    config::Slot,
    jobs::{self, Handlers, JobContext, JobError},
    leaks::Looking,
    state::AppState,
};
use domain::{
    event::{Event, Level, Phase},
    id::RunId,
    run::{Failure, FailureKind, PhaseProgress, Preflight, PreflightStep, RunProblem},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use store::{
    jobs::MAX_ATTEMPTS,
    preflights::{self, CheckedRun, PreflightJob, Promised},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Time between two looks at the trainer.
const TICK: Duration = Duration::from_millis(200);
/// Time until a run that lacks memory is looked at again.
const WAIT: Duration = Duration::from_secs(5);
/// Longest that a preflight may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Address space that counts as memory though nobody uses it: stacks, and what an allocator keeps.
const SLACK_MIB: u64 = 768;
const MIB: u64 = 1 << 20;

/// Starts the runner of this machine.
pub(super) fn start(state: &AppState, tracker: &TaskTracker, identity: Uuid) {
    let digest = Sha256::digest(format!("{identity}/preflight"));
    let mut name = [0; 16];
    name.copy_from_slice(&digest[..16]);
    jobs::start_named(state, Handlers::default().with(preflights::KIND, preflight), Uuid::from_bytes(name), tracker);
}

/// What the job leaves in the queue; the report is the run's.
#[derive(Debug, Serialize)]
struct Settled {
    passed: bool,
}

/// How it ended to try the run out.
enum Ended {
    Done(Box<Preflight>),
    Failed(Failure),
}

/// The handler: the run is queued, or fails, when this ends; or it is put off.
async fn preflight(context: JobContext, job: PreflightJob) -> Result<Settled, JobError> {
    let Some(run) = preflights::run(&context.db, job.run_id).await? else { return Ok(Settled { passed: false }) };
    let Some(slot) = context.config.workers.first().cloned() else {
        return Err(JobError::internal("a machine without a device takes no preflight"));
    };
    let folder = RunFolder::of(&context.config.data, run.id);
    let checking = Checking { context: &context, run: &run, slot: &slot, folder: &folder };
    let settled = match checking.settle().await {
        Err(error) => Err(checking.put_off_if_transient(error).await),
        settled => settled,
    };
    remove(&folder.preflight()).await;
    // A late job must not take the files of a run that somebody else has admitted.
    if !matches!(settled, Ok(Settled { passed: true })) && preflights::is_over(&context.db, run.id).await? {
        folder.tidy().await;
    }
    settled
}

async fn remove(folder: &Path) {
    if let Err(error) = tokio::fs::remove_dir_all(folder).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %folder.display(), "failed to remove a preflight's files");
    }
}

/// One run that is tried out.
struct Checking<'a> {
    context: &'a JobContext,
    run: &'a CheckedRun,
    slot: &'a Slot,
    folder: &'a RunFolder,
}

impl Checking<'_> {
    /// Admits the run, or ends it.
    async fn settle(&self) -> Result<Settled, JobError> {
        let (db, lease, run) = (&self.context.db, self.context.lease(), self.run.id);
        let (report, failure) = match self.see_through().await? {
            Ended::Done(report) => (Some(report), None),
            Ended::Failed(failure) => (None, Some(failure)),
        };
        let failure = failure.or_else(|| report.as_ref().and_then(|report| report.failure()));
        let passed = match (&report, &failure) {
            (Some(report), None) => preflights::admit(db, lease, run, report).await?,
            (report, Some(failure)) => {
                preflights::fail(db, lease, run, report.as_deref(), failure).await?;
                false
            }
            (None, None) => false,
        };
        Ok(Settled { passed })
    }

    async fn see_through(&self) -> Result<Ended, JobError> {
        // One that comes again, as from waiting for memory, goes on saying so until it has it.
        if !self.folder.is_prepared() {
            self.tell(Phase::Loading, 0, 1).await?;
        }
        if let Some(trainer) = Trainer::adopt(Verb::Preflight, &self.folder.preflight()) {
            tracing::info!(run = %self.run.id, "taking up a preflight of an earlier server");
            return self.wait_for(trainer).await;
        }
        if let Some(failure) = self.leaks().await? {
            return Ok(Ended::Failed(failure));
        }
        if let Err(error) = self.prepare().await {
            if error.is_transient() && self.may_be_put_off() {
                return Err(self.put_off(&error).await);
            }
            let kind = if error.is_disk_full() { FailureKind::DiskFull } else { FailureKind::InvalidInput };
            let problem = RunProblem::NotPrepared { detail: error.to_string() };
            return Ok(Ended::Failed(Failure::of_preflight(PreflightStep::SetUp, kind, problem)));
        }
        loop {
            let ended = self.try_once().await?;
            let failure = match &ended {
                Ended::Done(report) => report.failure(),
                Ended::Failed(failure) => Some(failure.clone()),
            };
            let is_memory = failure.is_some_and(|f| f.advice_kind() == FailureKind::OutOfMemory);
            let may_halve = is_memory && self.run.recipe.recovery.halve_micro_batch;
            if !may_halve || self.folder.halve_micro_batch(&self.run.recipe).await?.is_none() {
                return Ok(ended);
            }
        }
    }

    /// A preflight has as many attempts as any job.
    fn may_be_put_off(&self) -> bool {
        self.context.attempt < MAX_ATTEMPTS
    }

    /// Tells in the run's log why it is tried out later.
    async fn put_off(&self, error: &impl std::fmt::Display) -> JobError {
        let pause = pause_after(self.context.attempt);
        tracing::warn!(run = %self.run.id, %error, ?pause, "putting a preflight off");
        let line = (Level::Warn, format!("preflight: {error}; trying again in {} s", pause.as_secs()));
        let logged = async {
            let mut connection = self.context.db.acquire().await?;
            store::points::insert_logs(&mut connection, self.run.id, 0, &[line]).await
        };
        if let Err(error) = logged.await {
            tracing::warn!(%error, "failed to log why a preflight is put off");
        }
        JobError::Later { pause, counts: true }
    }

    /// The same error, unless another attempt may go well and is left.
    async fn put_off_if_transient(&self, error: JobError) -> JobError {
        let is_transient = match &error {
            JobError::Store(error) => error.is_transient(),
            JobError::Artifact(error) => error.is_transient(),
            _ => false,
        };
        if is_transient && self.may_be_put_off() { self.put_off(&error).await } else { error }
    }

    /// Held-out samples and benchmarks that training has seen end a run, unless an owner has signed for them.
    async fn leaks(&self) -> Result<Option<Failure>, JobError> {
        if self.run.has_leak_override {
            return Ok(None);
        }
        Looking::of_job(self.context).at_run(self.run.id, self.run.version_id).await
    }

    async fn prepare(&self) -> Result<(), PrepareError> {
        let input = Input {
            db: &self.context.db,
            artifacts: &self.context.artifacts,
            model: self.run.model_id,
            version: self.run.version_id,
            recipe: &self.run.recipe,
            project: self.context.project,
            continues: self.run.continues,
        };
        self.folder.prepare(input).await
    }

    async fn try_once(&self) -> Result<Ended, JobError> {
        let promised = self.find_memory().await?;
        let mut limits = vec![
            ("--reserved-memory-mib", promised.memory_bytes / MIB),
            ("--reserved-disk-mib", self.promised_disk(&promised) / MIB),
        ];
        if let Some(free) = memory::available_bytes().filter(|_| self.slot.0.starts_with("cpu")) {
            limits.push(("--max-memory-mib", free.saturating_sub(promised.memory_bytes) / MIB + SLACK_MIB));
        }
        // Left by a trial that was given up.
        remove(&self.folder.preflight()).await;
        match Trainer::rehearse(&self.context.config, self.folder, self.slot, &limits).await {
            Ok(trainer) => self.wait_for(trainer).await,
            Err(error) => {
                let program = self.context.config.trainer.display().to_string();
                let problem = RunProblem::NotStarted { program, detail: error.to_string() };
                Ok(Ended::Failed(Failure::of_preflight(PreflightStep::SetUp, FailureKind::Crashed, problem)))
            }
        }
    }

    /// Disk that other runs have not taken yet.
    fn promised_disk(&self, promised: &Promised) -> u64 {
        let left = |(run, needed): &(RunId, u64)| {
            needed.saturating_sub(RunFolder::of(&self.context.config.data, *run).written_bytes())
        };
        promised.disk_bytes + promised.working.iter().map(left).sum::<u64>()
    }

    /// What runs that are worked on here still need. Where they leave too little memory, others are tried out first: among
    /// them may be smaller ones.
    async fn find_memory(&self) -> Result<Promised, JobError> {
        let identity = identity(&self.context.config.data)?;
        let owners = owners(identity, &self.context.config.workers);
        // Each process of a slot of several CPU devices holds a model of its own.
        let needed = self.run.memory_bytes * self.slot.0.split('+').filter(|device| *device == "cpu").count() as u64;
        let promised = preflights::promised(&self.context.db, &owners, self.run.id).await?;
        let free = memory::available_bytes().filter(|_| !promised.working.is_empty() && self.slot.0.starts_with("cpu"));
        match free.map(|free| free.saturating_sub(promised.memory_bytes)) {
            Some(left) if left < needed => {
                let mib = |bytes: u64| u32::try_from(bytes / MIB).unwrap_or(u32::MAX);
                self.tell(Phase::WaitingForMemory, mib(left), mib(needed)).await?;
                Err(JobError::Later { pause: WAIT, counts: false })
            }
            _ => Ok(promised),
        }
    }

    /// Passes on what the trainer tells until it has ended, then reads its report.
    async fn wait_for(&self, mut trainer: Trainer) -> Result<Ended, JobError> {
        let (started, mut offset, mut phase) = (Instant::now(), 0, None);
        let mut exit = None;
        loop {
            // Only what was written before the end may be the last.
            let has_ended = exit.is_some();
            let piece = events::read(&self.folder.preflight().join("events.jsonl"), offset).await?;
            offset = piece.to;
            let told = piece.events.iter().rev().find_map(|e| match e {
                Event::Phase { phase, done, total, .. } => Some((*phase, *done, *total)),
                _ => None,
            });
            if let Some((now, done, total)) = told {
                phase = Some((now, done));
                self.tell(now, done, total).await?;
            }
            if let Some(Event::Failed { kind, message, problem }) = piece.last {
                trainer.kill();
                let problem = problem.unwrap_or(RunProblem::Said { text: message });
                return Ok(Ended::Failed(Failure::of_preflight(step_of(phase), kind, problem)));
            }
            if let (true, Some(exit)) = (has_ended, exit) {
                return Ok(self.read_report(exit, trainer.kernel_killed_for_memory(), phase).await);
            }
            if let Err(error) = self.context.check() {
                trainer.kill();
                return Err(error);
            }
            if started.elapsed() > LIMIT {
                trainer.kill();
                let problem = RunProblem::PreflightTooLong { minutes: LIMIT.as_secs() / 60 };
                return Ok(Ended::Failed(Failure::of_preflight(step_of(phase), FailureKind::Preflight, problem)));
            }
            tokio::select! {
                ended = trainer.ended(), if exit.is_none() => exit = Some(ended),
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    async fn read_report(&self, exit: Exit, oom: bool, phase: Option<(Phase, u32)>) -> Ended {
        let report = tokio::fs::read(self.folder.preflight().join("preflight.json")).await.ok();
        if let Some(report) = report.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ended::Done(Box::new(report));
        }
        let words = self.folder.last_words();
        let (kind, problem) = match exit {
            Exit::Signal(9) if oom => (FailureKind::OutOfMemory, RunProblem::KilledForMemory),
            Exit::Code(status) => (FailureKind::Crashed, RunProblem::Exited { status, words }),
            Exit::Signal(signal) => (FailureKind::Crashed, RunProblem::Signalled { signal, words }),
            Exit::Unknown => (FailureKind::Crashed, RunProblem::TrainerGone { words }),
        };
        Ended::Failed(Failure::of_preflight(step_of(phase), kind, problem))
    }

    /// Tells users what is being done. Fails when that should stop.
    async fn tell(&self, phase: Phase, done: u32, total: u32) -> Result<(), JobError> {
        self.context.check()?;
        let phase = PhaseProgress { phase, done, total };
        if let Err(error) = preflights::progress(&self.context.db, self.context.lease(), self.run.id, &phase).await {
            tracing::warn!(%error, run = %self.run.id, "failed to tell how far a preflight is");
        }
        Ok(())
    }
}

/// What was tried when the trainer last told something.
fn step_of(phase: Option<(Phase, u32)>) -> PreflightStep {
    match phase {
        Some((Phase::Rehearsing, done)) => {
            PreflightStep::ALL.get(done as usize).copied().unwrap_or(PreflightStep::LongestBatch)
        }
        Some((Phase::Auditing, _)) => PreflightStep::Audit,
        _ => PreflightStep::SetUp,
    }
}
