//! One attempt at one run, from the claim to its end.

mod ending;

use super::{
    events::{self, Piece},
    folder::{Input, PrepareError, RunFolder},
    ingest, pause_after,
    process::{Exit, Trainer},
};
use crate::{config::Slot, leaks::Looking, state::AppState};
use domain::{
    event::{Event, Level},
    run::{FailureKind, RunProblem, RunStatus},
};
use std::time::{Duration, Instant};
use store::{
    StoreError,
    queue::{Beat, ClaimedRun, Ending},
};

/// Time between two looks at the event file and the lease.
const TICK: Duration = Duration::from_millis(500);
/// How long a trainer may take to write a checkpoint and end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why we end a trainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// A user has asked for it.
    Cancelled,
    /// The server stops.
    Shutdown,
    /// The run is somebody else's now.
    Lost,
}

/// A run in the hands of a slot.
pub(super) struct Attempt<'a> {
    state: &'a AppState,
    run: ClaimedRun,
    slot: &'a Slot,
    folder: RunFolder,
    stop: Option<(Stop, Instant)>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(state: &'a AppState, run: ClaimedRun, slot: &'a Slot) -> Self {
        let folder = RunFolder::of(&state.config.data, run.lease.run);
        Self { state, run, slot, folder, stop: None }
    }

    /// Prepares the input, starts a trainer and sees it through.
    pub(super) async fn begin(mut self) {
        let run = self.run.lease.run;
        tracing::info!(%run, attempt = self.run.lease.attempt, slot = self.slot.0, "run begins");
        match self.start().await {
            Ok(Some(trainer)) => self.see_through(Some(trainer)).await,
            Ok(None) => {}
            Err(ending) => self.end(ending).await,
        }
    }

    /// Goes on with a run that an earlier server began. Its trainer may have ended meanwhile.
    pub(super) async fn take_up(self, trainer: Option<Trainer>) {
        if self.run.status == RunStatus::Claimed && trainer.is_none() {
            // The trainer had not begun: nothing is lost.
            return self.end(Ending::GivenBack).await;
        }
        self.see_through(trainer).await;
    }

    /// `None` when the lease was lost meanwhile.
    async fn start(&mut self) -> Result<Option<Trainer>, Ending> {
        let preparing = self.prepare();
        let prepared = tokio::select! {
            prepared = preparing => prepared,
            ending = self.until_unwanted() => return ending.map_or(Ok(None), Err),
        };
        if let Err(error) = prepared {
            return Err(self.not_prepared(&error).await);
        }
        let resume = self.folder.was_begun();
        let trainer = Trainer::spawn(&self.state.config, &self.folder, self.slot, resume).await.map_err(|error| {
            let program = self.state.config.trainer.display().to_string();
            let problem = RunProblem::NotStarted { program, detail: error.to_string() };
            Ending::Failed { kind: FailureKind::Crashed, problem }
        })?;
        match self.mark_running(resume).await {
            Ok(true) => Ok(Some(trainer)),
            Ok(false) => {
                trainer.kill();
                Ok(None)
            }
            Err(error) => {
                tracing::error!(%error, "failed to mark a run as running");
                trainer.kill();
                Err(Ending::GivenBack)
            }
        }
    }

    /// What becomes of a run whose input could not be laid out.
    async fn not_prepared(&self, error: &PrepareError) -> Ending {
        let (run, attempt) = (self.run.lease.run, self.run.lease.attempt);
        if error.is_transient() && attempt < self.run.max_attempts {
            let pause = pause_after(attempt);
            tracing::warn!(%run, attempt, %error, ?pause, "failed to prepare a run; putting it off");
            let text = format!("attempt {attempt}: {error}; trying again in {} s", pause.as_secs());
            if let Err(error) = self.log((Level::Warn, text)).await {
                tracing::warn!(%error, "failed to log why a run is put off");
            }
            return Ending::Later { pause };
        }
        if let PrepareError::Leaks(failure) = error {
            return Ending::Failed { kind: failure.kind, problem: failure.problem.clone() };
        }
        let kind = if error.is_disk_full() { FailureKind::DiskFull } else { FailureKind::InvalidInput };
        Ending::Failed { kind, problem: RunProblem::NotPrepared { detail: error.to_string() } }
    }

    async fn prepare(&self) -> Result<(), PrepareError> {
        let run = self.run.lease.run;
        // A run that was tried out was looked at then.
        if let Some(version) = store::benchmarks::unchecked(&self.state.db, run).await?
            && let Some(failure) = Looking::new(&self.state.db).at_run(run, version).await?
        {
            return Err(PrepareError::Leaks(Box::new(failure)));
        }
        let input = Input {
            db: &self.state.db,
            artifacts: &self.state.artifacts,
            model: self.run.model_id,
            version: self.run.version_id,
            recipe: &self.run.recipe,
            project: self.run.project_id,
            continues: self.run.continues,
        };
        self.folder.prepare(input).await?;
        self.folder.put_earlier_events_aside(self.run.lease.attempt).await
    }

    /// Renews the lease while the input is prepared; returns when it should not be. `None`: the lease is lost.
    async fn until_unwanted(&self) -> Option<Ending> {
        loop {
            match store::queue::heartbeat(&self.state.db, self.run.lease).await {
                Ok(Beat::GoOn) => {}
                Ok(Beat::CancelRequested) => return Some(Ending::Cancelled),
                Ok(Beat::Lost) => return None,
                Err(error) => tracing::warn!(%error, "failed to renew a run's lease"),
            }
            if self.state.shutdown.run_until_cancelled(tokio::time::sleep(TICK)).await.is_none() {
                return Some(Ending::GivenBack);
            }
        }
    }

    async fn mark_running(&self, resume: bool) -> Result<bool, StoreError> {
        let (lease, slot) = (self.run.lease, &self.slot.0);
        let mut tx = self.state.db.begin().await?;
        if !store::queue::transition(&mut tx, lease, RunStatus::Running).await? {
            return Ok(false);
        }
        let how = if resume { "goes on from its last checkpoint" } else { "begins" };
        let line = (Level::Info, format!("attempt {} {how} on {slot}", lease.attempt));
        store::points::insert_logs(&mut tx, lease.run, lease.attempt, &[line]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Stores what the trainer reports until it has ended, then ends the run.
    async fn see_through(mut self, mut trainer: Option<Trainer>) {
        let mut exit = if trainer.is_some() { None } else { Some(Exit::Unknown) };
        let last = loop {
            match self.read_all().await {
                Ok(Some(last)) => break Some(last),
                // All is read; when the trainer has ended too, nothing more will come.
                Ok(None) if exit.is_some() => break None,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, run = %self.run.lease.run, "failed to store a run's news; trying again");
                    if exit.is_some() && self.state.shutdown.is_cancelled() {
                        // The next server reads on from the stored offset.
                        return;
                    }
                }
            }
            match &mut trainer {
                Some(running) if exit.is_none() => {
                    tokio::select! {
                        ended = running.ended() => exit = Some(ended),
                        () = tokio::time::sleep(TICK) => {}
                    }
                    self.look_around(running).await;
                }
                _ => tokio::time::sleep(TICK).await,
            }
            if matches!(self.stop, Some((Stop::Lost, _))) && exit.is_some() {
                return;
            }
        };
        let oom = trainer.as_ref().is_some_and(Trainer::kernel_killed_for_memory);
        if let Some(mut running) = trainer.filter(|_| exit.is_none())
            && tokio::time::timeout(PATIENCE, running.ended()).await.is_err()
        {
            running.kill();
        }
        let ending = self.ending(last, exit.unwrap_or(Exit::Unknown), oom).await;
        self.end(ending).await;
    }

    /// Stores everything that stands in the event file; the run's last event if it is there.
    async fn read_all(&mut self) -> Result<Option<Event>, ingest::IngestError> {
        loop {
            let mut piece: Piece = events::read(&self.folder.events(), self.run.events_offset).await?;
            let last = piece.last.take();
            if piece.is_empty() {
                return Ok(last);
            }
            let to = piece.to;
            if ingest::store(&self.state.db, &self.run, &self.folder, piece).await? {
                self.run.events_offset = to;
                continue;
            }
            match store::queue::events_offset(&self.state.db, self.run.lease).await? {
                // The connection broke after a commit and before its answer: what it stored is stored.
                Some(stored) if stored > self.run.events_offset => self.run.events_offset = stored,
                _ => {
                    self.stop.get_or_insert((Stop::Lost, Instant::now()));
                    return Ok(None);
                }
            }
        }
    }

    /// Renews the lease and ends the trainer when it is no longer wanted.
    async fn look_around(&mut self, trainer: &Trainer) {
        if let Some((_, since)) = self.stop {
            if since.elapsed() > PATIENCE {
                trainer.kill();
            }
            return;
        }
        let stop = match store::queue::heartbeat(&self.state.db, self.run.lease).await {
            Ok(Beat::Lost) => Some(Stop::Lost),
            Ok(Beat::CancelRequested) => Some(Stop::Cancelled),
            Ok(Beat::GoOn) => self.state.shutdown.is_cancelled().then_some(Stop::Shutdown),
            Err(error) => {
                tracing::warn!(%error, run = %self.run.lease.run, "failed to renew a run's lease");
                self.state.shutdown.is_cancelled().then_some(Stop::Shutdown)
            }
        };
        if let Some(stop) = stop {
            tracing::info!(run = %self.run.lease.run, ?stop, "asking the trainer to stop");
            trainer.ask_to_stop();
            self.stop = Some((stop, Instant::now()));
        }
    }
}
