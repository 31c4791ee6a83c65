//! Background jobs: imports, registrations, downloads. Each kind has a handler; this module runs
//! them, a few at a time, under a lease that another server takes over if this one dies.
//!
//! Training is not a job: it has its own queue and workers (see [`crate::worker`]).

pub mod clean;
pub mod cluster_bad_cases;
pub mod compare_suite;
mod context;
pub mod count_tokens;
pub mod delete_upload;
pub mod diff_versions;
pub mod edit_version;
pub mod fetch_upload;
pub mod fill_annotation;
pub mod folders;
pub mod import_dataset;
pub mod import_judgements;
pub mod index_version;
pub mod judge;
pub mod merge_versions;
mod model_files;
pub mod nearest_to_bad_cases;
pub mod paraphrase;
pub mod publish_annotation;
pub mod register_model;
pub mod render_task;
pub mod run_suite;
pub mod sample_project;
pub mod score_version;
pub mod seed_figures;
pub mod slice_result;
pub mod splits;
pub mod weekly_digest;
mod writer_of;

pub use context::{JobContext, JobError};

use crate::{
    artifacts::ArtifactError,
    events::{Doorbell, Doorbells},
    state::AppState,
};
use domain::{id::JobId, job::JobFailure};
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};
use store::{
    StoreError,
    jobs::{Beat, Claimed, Lease, Outcome},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Jobs that run at the same time in one server.
const CONCURRENCY: usize = 2;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Longest wait between two looks at the queue; usually a doorbell comes first.
const POLL: Duration = Duration::from_secs(10);

type Handler = Arc<dyn Fn(JobContext, Value) -> BoxFuture<'static, Result<Value, JobError>> + Send + Sync>;

/// The handler of each kind of job.
#[derive(Clone, Default)]
pub struct Handlers {
    by_kind: BTreeMap<&'static str, Handler>,
}

/// Every kind of job this server can do.
#[must_use]
pub fn handlers() -> Handlers {
    Handlers::default()
        .with(import_dataset::KIND, import_dataset::import_dataset)
        .with(store::explore::build::KIND, index_version::index_version)
        .with(store::diffs::KIND, diff_versions::diff_versions)
        .with(fetch_upload::KIND, fetch_upload::fetch_upload)
        .with(render_task::KIND, render_task::render_task)
        .with(merge_versions::KIND, merge_versions::merge_versions)
        .with(count_tokens::KIND, count_tokens::count_tokens)
        .with(score_version::KIND, score_version::score_version)
        .with(register_model::KIND, register_model::register_model)
        .with(sample_project::KIND, sample_project::sample_project)
        .with(clean::PREVIEW_KIND, clean::preview_steps)
        .with(clean::APPLY_KIND, clean::apply_steps)
        .with(paraphrase::KIND, paraphrase::paraphrase)
        .with(paraphrase::TAKE_KIND, paraphrase::take_proposals)
        .with(splits::CHECK_KIND, splits::check_splits)
        .with(splits::DIVIDE_KIND, splits::divide_version)
        .with(splits::WITHOUT_LEAKS_KIND, splits::remove_leaks)
        .with(edit_version::KIND, edit_version::edit_version)
        .with(store::annotation::publish::KIND, publish_annotation::publish_annotation)
        .with(store::annotation::publish::IMPORT_KIND, import_judgements::import_judgements)
        .with(delete_upload::KIND, delete_upload::delete_upload)
        .with(cluster_bad_cases::KIND, cluster_bad_cases::cluster_bad_cases)
        .with(store::badcases::evidence::embedded::KIND, nearest_to_bad_cases::nearest_to_bad_cases)
        .with(store::annotation::fill::KIND, fill_annotation::fill_annotation)
        .with(store::suites::KIND, run_suite::run_suite)
        .with(store::suites::ask::COMPARE_KIND, compare_suite::compare_suite)
        .with(store::suites::ask::SLICE_KIND, slice_result::slice_result)
        .with(store::suites::ask::SEED_KIND, seed_figures::seed_figures)
        .with(store::judges::KIND, judge::judge)
        .with(store::reports::digests::KIND, weekly_digest::weekly_digest)
}

impl Handlers {
    /// Adds a handler. `payload` is what the job was created with, the answer its result.
    #[must_use]
    pub fn with<P, T, F>(mut self, kind: &'static str, handler: fn(JobContext, P) -> F) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        T: Serialize,
        F: Future<Output = Result<T, JobError>> + Send + 'static,
    {
        let boxed: Handler = Arc::new(move |context, payload| {
            Box::pin(async move {
                let payload = serde_json::from_value(payload).map_err(JobError::internal)?;
                let made = handler(context, payload).await?;
                serde_json::to_value(made).map_err(JobError::internal)
            })
        });
        self.by_kind.insert(kind, boxed);
        self
    }
}

/// Starts the runners.
pub fn start(state: &AppState, handlers: Handlers, tracker: &TaskTracker) {
    for _ in 0..CONCURRENCY {
        let runner = Runner { state: state.clone(), handlers: handlers.clone(), owner: Uuid::new_v4() };
        tracker.spawn(async move { runner.run().await });
    }
}

/// Starts one runner for jobs that are done beside the others. Its name outlives a restart, so what it held when the
/// server was killed is taken up at once.
pub fn start_named(state: &AppState, handlers: Handlers, owner: Uuid, tracker: &TaskTracker) {
    let runner = Runner { state: state.clone(), handlers, owner };
    tracker.spawn(async move {
        if let Err(error) = store::jobs::release_held(&runner.state.db, owner).await {
            tracing::error!(%error, "failed to take up jobs of an earlier server; their leases will end");
        }
        runner.run().await;
    });
}

/// How work on a job ended.
enum Ended {
    With(Outcome),
    /// It cannot be done yet.
    Later {
        pause: Duration,
        counts: bool,
    },
    /// Nobody knows: whatever was not committed is gone, and the job can be done again.
    DatabaseLost,
}

/// Takes one job after the other.
struct Runner {
    state: AppState,
    handlers: Handlers,
    owner: Uuid,
}

impl Runner {
    async fn run(self) {
        let kinds: Vec<&str> = self.handlers.by_kind.keys().copied().collect();
        let mut rings = self.state.doorbells.subscribe();
        while !self.state.shutdown.is_cancelled() {
            match self.take_one(&kinds).await {
                Ok(true) => {}
                Ok(false) => {
                    let rung = Doorbells::next(&mut rings, POLL, |ring| !matches!(ring, Doorbell::Run(_)));
                    self.state.shutdown.run_until_cancelled(rung).await;
                }
                Err(error) => {
                    tracing::error!(%error, "failed to work on the job queue");
                    self.state.shutdown.run_until_cancelled(tokio::time::sleep(POLL)).await;
                }
            }
        }
    }

    /// Works on one job; false when there is none.
    async fn take_one(&self, kinds: &[&str]) -> Result<bool, StoreError> {
        store::jobs::requeue_lost(&self.state.db).await?;
        for run in store::preflights::settle(&self.state.db).await? {
            tracing::warn!(%run, "a run ends whose preflight ended without a report");
        }
        if kinds.contains(&store::explore::build::KIND) {
            store::explore::build::queue_missing(&self.state.db).await?;
        }
        let Some(claimed) = store::jobs::claim(&self.state.db, self.owner, kinds).await? else { return Ok(false) };
        let (id, kind) = (claimed.id, claimed.kind.clone());
        tracing::info!(job = %id, kind, "job begins");
        match self.work(claimed).await {
            Some(Ended::Later { pause, counts }) => {
                tracing::info!(job = %id, kind, ?pause, "job put off");
                let lease = Lease { job: id, owner: self.owner };
                store::jobs::postpone(&self.state.db, lease, pause, counts).await?;
            }
            Some(Ended::DatabaseLost) => {
                tracing::warn!(job = %id, kind, "the database broke off; the job is tried again");
                // Where the database is still away, the lease ends and does the same.
                store::jobs::requeue(&self.state.db, id, self.owner).await?;
            }
            Some(Ended::With(outcome)) => {
                match &outcome {
                    Outcome::Failed { failure, .. } => tracing::warn!(job = %id, kind, %failure, "job failed"),
                    _ => tracing::info!(job = %id, kind, "job ended"),
                }
                self.finish(id, &outcome).await?;
            }
            None => store::jobs::release(&self.state.db, id, self.owner).await?,
        }
        Ok(true)
    }

    /// Ends the job. An outcome that the database will not take is no reason to work on it for ever.
    async fn finish(&self, id: JobId, outcome: &Outcome) -> Result<(), StoreError> {
        let Err(error) = store::jobs::finish(&self.state.db, id, self.owner, outcome).await else { return Ok(()) };
        tracing::error!(job = %id, %error, "failed to store how a job ended");
        let failure = JobFailure::Internal { detail: error.to_string() };
        let failed = Outcome::Failed { failure, details: None };
        store::jobs::finish(&self.state.db, id, self.owner, &failed).await?;
        Ok(())
    }

    /// Runs the handler beside the heartbeat. `None` when the server stops first: then the job is for another.
    async fn work(&self, claimed: Claimed) -> Option<Ended> {
        let handler = self.handlers.by_kind.get(claimed.kind.as_str())?.clone();
        let id = claimed.id;
        let cancelled = CancellationToken::new();
        let context = JobContext::new(self.state.clone(), &claimed, self.owner, cancelled.clone());
        // A task of its own, so that a panic fails the job and not the runner.
        let mut task = tokio::spawn(handler(context, claimed.payload));
        let outcome = tokio::select! {
            ended = &mut task => Some(ended.unwrap_or_else(|panic| Err(JobError::internal(panic)))),
            () = self.beat(id, &cancelled) => Some(Err(JobError::Cancelled)),
            () = self.state.shutdown.cancelled() => None,
        };
        task.abort();
        outcome.map(|result| match result {
            Err(JobError::Store(error)) if error.is_connection_lost() => Ended::DatabaseLost,
            Err(JobError::Later { pause, counts }) => Ended::Later { pause, counts },
            result => Ended::With(outcome_of(result)),
        })
    }

    /// Renews the lease; returns when the job should not go on. A job that was asked to stop gets a moment to do so itself.
    async fn beat(&self, id: JobId, cancelled: &CancellationToken) {
        let mut rings = self.state.doorbells.subscribe();
        loop {
            match store::jobs::heartbeat(&self.state.db, id, self.owner).await {
                Ok(Beat::GoOn) => {}
                Ok(Beat::CancelRequested) => {
                    cancelled.cancel();
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    return;
                }
                Ok(Beat::Lost) => return,
                Err(error) => tracing::warn!(job = %id, %error, "failed to renew a job's lease"),
            }
            // A job rings at each progress, so a cancellation is noticed about twice a second.
            let pause = Doorbells::next(&mut rings, HEARTBEAT, |ring| ring.concerns_job(id));
            tokio::join!(pause, tokio::time::sleep(Duration::from_millis(500)));
        }
    }
}

fn outcome_of(result: Result<Value, JobError>) -> Outcome {
    match result {
        Ok(value) => Outcome::Succeeded(value),
        Err(JobError::Cancelled) => Outcome::Cancelled,
        Err(JobError::Refused { failure, details }) => Outcome::Failed { failure: *failure, details },
        Err(error) => {
            tracing::error!(%error, "a job failed by our own fault");
            let failure = match error {
                JobError::Io(e) | JobError::Artifact(ArtifactError::Io(e)) => {
                    JobFailure::Disk { detail: e.to_string() }
                }
                other => JobFailure::Internal { detail: other.to_string() },
            };
            Outcome::Failed { failure, details: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lang::Lang;

    #[test]
    fn every_kind_that_erasing_waits_for_has_words() {
        for kind in handlers().by_kind.keys().filter(|kind| !store::forget::HARMLESS.contains(*kind)) {
            for lang in [Lang::En, Lang::Zh] {
                assert!(app::forget::text::job(lang, kind).is_some(), "{kind}");
            }
        }
    }
}
