//! What a job's handler gets, and how it fails.

use crate::{
    artifacts::{ArtifactError, Artifacts},
    config::Config,
    state::AppState,
};
use domain::{
    id::{JobId, ProjectId, UserId},
    job::{JobFailure, Progress},
};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{
    PgPool, StoreError,
    jobs::{Claimed, Lease},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Least time between two written progress reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Something the user can mend; details depend on the kind.
    #[error("{failure}")]
    Refused { failure: Box<JobFailure>, details: Option<Value> },
    #[error("cancelled")]
    Cancelled,
    /// It cannot go on now: others go first, and it is tried again after the pause. Whether that counts as one of the
    /// attempts that a job has, says `counts`.
    #[error("put off")]
    Later { pause: Duration, counts: bool },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    #[error("failed to read or write a file: {0}")]
    Io(#[from] std::io::Error),
    #[error("the server made a mistake: {0}")]
    Internal(String),
}

impl JobError {
    /// Our own fault.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<JobFailure> for JobError {
    fn from(failure: JobFailure) -> Self {
        Self::Refused { failure: Box::new(failure), details: None }
    }
}

/// The job at hand and what it may use. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    pub db: PgPool,
    pub artifacts: Artifacts,
    pub config: Arc<Config>,
    pub job: JobId,
    /// Counts from 1.
    pub attempt: i32,
    pub project: ProjectId,
    /// Who asked for it.
    pub user: UserId,
    owner: Uuid,
    cancelled: CancellationToken,
    reported: Arc<Mutex<Reported>>,
}

/// The last report that was written.
#[derive(Default)]
struct Reported {
    at: Option<Instant>,
    stage: String,
}

impl JobContext {
    pub(super) fn new(state: AppState, claimed: &Claimed, owner: Uuid, cancelled: CancellationToken) -> Self {
        Self {
            db: state.db,
            artifacts: state.artifacts,
            config: state.config,
            job: claimed.id,
            attempt: claimed.attempt,
            project: claimed.project_id,
            user: claimed.created_by,
            owner,
            cancelled,
            reported: Arc::default(),
        }
    }

    /// For what must not be changed by a job that somebody else has by now.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { job: self.job, owner: self.owner }
    }

    /// Tells users how far the job is, at most twice a second; a new stage is told at once.
    /// Fails with [`JobError::Cancelled`] when the job should stop, so that loops need no other check.
    pub async fn progress(&self, stage: &str, done: u64, total: u64) -> Result<(), JobError> {
        self.check()?;
        if !self.is_due(stage) {
            return Ok(());
        }
        let progress = Progress { stage: stage.to_owned(), done, total };
        store::jobs::progress(&self.db, self.job, self.owner, &progress).await?;
        Ok(())
    }

    /// Whether the job was asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Fails when the job was asked to stop.
    pub fn check(&self) -> Result<(), JobError> {
        if self.is_cancelled() { Err(JobError::Cancelled) } else { Ok(()) }
    }

    fn is_due(&self, stage: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let due = reported.stage != stage || reported.at.is_none_or(|at| at.elapsed() >= REPORT_EVERY);
        if due {
            *reported = Reported { at: Some(Instant::now()), stage: stage.to_owned() };
        }
        due
    }
}
