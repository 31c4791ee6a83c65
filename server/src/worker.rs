//! Workers: one task per device slot. Each takes a queued run, prepares its folder, has
//! `trainer run` train it, and turns what the trainer reports into rows.
//!
//! The trainer is a process of its own and writes its events to a file, so it outlives a server
//! that is killed. The next server finds it, adopts it and reads on where the last one stopped.
//! Before that, a run is tried out on the same machine by a background job (`preflight`).
//!
//! A worker is known by its data folder and slot, which is how it recognises its runs.

mod attempt;
mod events;
mod folder;
mod ingest;
mod leftovers;
pub(crate) mod memory;
mod preflight;
mod process;

use crate::{
    config::Slot,
    events::{Doorbell, Doorbells},
    state::AppState,
};
use attempt::Attempt;
use domain::id::RunId;
use folder::RunFolder;
use process::{Trainer, Verb};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, path::Path, time::Duration};
use store::{StoreError, queue::ClaimedRun};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Longest wait between two looks at the queue; usually a doorbell comes first.
const POLL: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(2);

/// How long a run is put off whose input could not be had in this attempt: 15 seconds, then four times as long each time.
fn pause_after(attempt: i32) -> Duration {
    let times = u32::try_from(attempt - 1).unwrap_or(0).min(4);
    Duration::from_secs(15) * 4u32.pow(times)
}

/// Starts a worker per slot of the settings.
pub fn start(state: &AppState, tracker: &TaskTracker) {
    if state.config.workers.is_empty() {
        return;
    }
    let (state, tasks) = (state.clone(), tracker.clone());
    tracker.spawn(async move {
        match identity(&state.config.data) {
            Ok(identity) => {
                preflight::start(&state, &tasks, identity);
                tasks.spawn(leftovers::keep_tidy(state.clone()));
                start_slots(&state, &tasks, identity).await;
            }
            Err(error) => tracing::error!(%error, "failed to start the workers: the data folder does not work"),
        }
    });
}

/// Recovers what an earlier server left behind, before any slot looks for lost runs.
async fn start_slots(state: &AppState, tasks: &TaskTracker, identity: Uuid) {
    let mut held = BTreeSet::new();
    let mut workers = Vec::new();
    for (index, slot) in state.config.workers.iter().enumerate() {
        let worker = Worker { state: state.clone(), owner: owner(identity, slot, index), slot: slot.clone() };
        let Some(run) = worker.held().await else { return };
        held.extend(run.as_ref().map(|r| r.lease.run));
        workers.push((worker, run));
    }
    end_orphans(&state.config.data, &held);
    for (worker, run) in workers {
        tasks.spawn(worker.work(run));
    }
}

/// Trainers of this data folder whose runs are no longer ours train for nobody.
fn end_orphans(data: &Path, held: &BTreeSet<RunId>) {
    for (run, trainer) in process::running_in(&RunFolder::parent(data)) {
        if !held.contains(&run) {
            tracing::warn!(%run, "ending a trainer whose run is not ours any more");
            trainer.kill();
        }
    }
}

/// The name of this data folder's workers, made on first use.
fn identity(data: &Path) -> std::io::Result<Uuid> {
    let path = data.join("worker-id");
    if let Some(known) = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(known);
    }
    let new = Uuid::new_v4();
    std::fs::write(&path, new.to_string())?;
    Ok(new)
}

/// The name under which a slot holds leases.
fn owner(identity: Uuid, slot: &Slot, index: usize) -> Uuid {
    let digest = Sha256::digest(format!("{identity}/{}/{index}", slot.0));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

/// The names of all slots of this process.
fn owners(identity: Uuid, slots: &[Slot]) -> Vec<Uuid> {
    slots.iter().enumerate().map(|(index, slot)| owner(identity, slot, index)).collect()
}

/// One device slot.
struct Worker {
    state: AppState,
    owner: Uuid,
    slot: Slot,
}

impl Worker {
    /// The run this slot held before a restart. Tries until the database answers; `None` when the server stops.
    async fn held(&self) -> Option<Option<ClaimedRun>> {
        loop {
            match store::queue::held(&self.state.db, self.owner).await {
                Ok(run) => return Some(run),
                Err(error) => tracing::error!(%error, "failed to look for runs of an earlier server"),
            }
            self.state.shutdown.run_until_cancelled(tokio::time::sleep(RETRY)).await?;
        }
    }

    async fn work(self, held: Option<ClaimedRun>) {
        if let Some(run) = held {
            let folder = RunFolder::of(&self.state.config.data, run.lease.run);
            let trainer = Trainer::adopt(Verb::Run, folder.out());
            tracing::info!(run = %run.lease.run, alive = trainer.is_some(), "taking up a run of an earlier server");
            Attempt::new(&self.state, run, &self.slot).take_up(trainer).await;
        }
        let mut rings = self.state.doorbells.subscribe();
        while !self.state.shutdown.is_cancelled() {
            match self.next_run().await {
                Ok(Some(run)) => Attempt::new(&self.state, run, &self.slot).begin().await,
                Ok(None) => {
                    let rung = Doorbells::next(&mut rings, POLL, |ring| !matches!(ring, Doorbell::Job(_)));
                    self.state.shutdown.run_until_cancelled(rung).await;
                }
                Err(error) => {
                    tracing::error!(%error, "failed to look into the run queue");
                    self.state.shutdown.run_until_cancelled(tokio::time::sleep(POLL)).await;
                }
            }
        }
    }

    async fn next_run(&self) -> Result<Option<ClaimedRun>, StoreError> {
        for run in store::queue::requeue_lost(&self.state.db).await? {
            tracing::warn!(%run, "the worker of this run has vanished");
        }
        store::queue::claim(&self.state.db, self.owner, &self.slot.0).await
    }
}
