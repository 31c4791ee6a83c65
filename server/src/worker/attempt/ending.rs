//! How an attempt ends: what the trainer's end means for the run, and writing it down.

use super::{Attempt, Exit, Stop};
use crate::artifacts::ArtifactError;
use domain::{
    event::{Event, Level},
    run::{AdapterFile, FailureKind, RunProblem},
};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use store::{StoreError, queue::Ending};

impl Attempt<'_> {
    /// What the end of the trainer means for the run.
    pub(super) async fn ending(&self, last: Option<Event>, exit: Exit, oom: bool) -> Ending {
        match (last, self.stop.map(|(stop, _)| stop)) {
            (Some(Event::Finished { adapter_folder, .. }), _) => tokio::select! {
                ending = self.collect(Path::new(&adapter_folder)) => ending,
                never = self.keep_lease() => match never {},
            },
            (_, Some(Stop::Cancelled)) => Ending::Cancelled,
            (_, Some(Stop::Shutdown | Stop::Lost)) => Ending::GivenBack,
            (Some(Event::Failed { kind, message, problem }), None) => {
                let problem = problem.unwrap_or(RunProblem::Said { text: message });
                match kind {
                    FailureKind::OutOfMemory => self.out_of_memory(problem).await,
                    kind if kind.is_worth_retrying() => self.crashed(problem).await,
                    kind => Ending::Failed { kind, problem },
                }
            }
            (_, None) if oom && exit == Exit::Signal(9) => self.out_of_memory(RunProblem::KilledForMemory).await,
            (_, None) => {
                let words = self.folder.last_words();
                let problem = match exit {
                    Exit::Code(status) => RunProblem::Exited { status, words },
                    Exit::Signal(signal) => RunProblem::Signalled { signal, words },
                    Exit::Unknown => RunProblem::TrainerGone { words },
                };
                self.crashed(problem).await
            }
        }
    }

    /// Another attempt if one is left.
    async fn crashed(&self, problem: RunProblem) -> Ending {
        let lease = self.run.lease;
        tracing::warn!(run = %lease.run, attempt = lease.attempt, %problem, "a trainer crashed");
        if lease.attempt >= self.run.max_attempts {
            return Ending::Failed { kind: FailureKind::Crashed, problem };
        }
        let line = (Level::Error, format!("attempt {} crashed: {problem}", lease.attempt));
        if let Err(error) = self.log(line).await {
            tracing::warn!(%error, "failed to log a crash");
        }
        Ending::Again
    }

    /// Another attempt with fewer samples at once, if the recipe allows it. These do not count against the crashes
    /// that a run may have: halving comes to an end by itself.
    async fn out_of_memory(&self, problem: RunProblem) -> Ending {
        let failed = |problem| Ending::Failed { kind: FailureKind::OutOfMemory, problem };
        if !self.run.recipe.recovery.halve_micro_batch {
            return failed(problem);
        }
        let (run, attempt) = (self.run.lease.run, self.run.lease.attempt);
        match self.folder.halve_micro_batch(&self.run.recipe).await {
            Ok(Some(samples)) => {
                tracing::warn!(%run, attempt, samples, %problem, "memory ran out: going on with a smaller micro-batch");
                let text = format!("attempt {attempt}: {problem}; going on with {samples} samples per forward pass");
                if let Err(error) = self.log((Level::Warn, text)).await {
                    tracing::warn!(%error, "failed to log a lack of memory");
                }
                Ending::Again
            }
            Ok(None) => failed(problem),
            Err(error) => {
                tracing::warn!(%error, %run, "failed to note a smaller micro-batch");
                failed(problem)
            }
        }
    }

    pub(super) async fn log(&self, line: (Level, String)) -> Result<(), StoreError> {
        let mut connection = self.state.db.acquire().await?;
        store::points::insert_logs(&mut connection, self.run.lease.run, self.run.lease.attempt, &[line]).await
    }

    /// Renews the lease for as long as it is polled.
    async fn keep_lease(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(Duration::from_secs(15)).await;
            if let Err(error) = store::queue::heartbeat(&self.state.db, self.run.lease).await {
                tracing::warn!(%error, "failed to renew a run's lease");
            }
        }
    }

    /// Stores the adapter and the summary of a trainer that has finished.
    async fn collect(&self, adapter_folder: &Path) -> Ending {
        let read = async |name| {
            let bytes = tokio::fs::read(self.folder.out().join(name)).await.ok()?;
            serde_json::from_slice::<serde_json::Value>(&bytes).ok()
        };
        let (summary, manifest) = (read("summary.json").await.unwrap_or_default(), read("manifest.json").await);
        let mut tries = 0;
        loop {
            match self.store_adapter(&self.folder.out().join(adapter_folder)).await {
                Ok(adapter) => return Ending::Succeeded { summary, adapter, manifest },
                Err(error) if tries < 3 => {
                    tracing::warn!(%error, "failed to store an adapter; trying again");
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                Err(error) => {
                    let full = matches!(&error, ArtifactError::Io(e) if e.kind() == io::ErrorKind::StorageFull);
                    let kind = if full { FailureKind::DiskFull } else { FailureKind::Crashed };
                    return Ending::Failed { kind, problem: RunProblem::NotStored { detail: error.to_string() } };
                }
            }
        }
    }

    async fn store_adapter(&self, folder: &Path) -> Result<Vec<AdapterFile>, ArtifactError> {
        let mut paths: Vec<PathBuf> = Vec::new();
        let mut entries = tokio::fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_type().await?.is_file() {
                paths.push(entry.path());
            }
        }
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let stored = self.state.artifacts.put_file(&path).await?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(AdapterFile { path: name, sha256: stored.sha256, size_bytes: stored.size_bytes });
        }
        Ok(files)
    }

    /// Writes down the end; tries until the database answers or the server must stop.
    pub(super) async fn end(self, ending: Ending) {
        let run = self.run.lease.run;
        let is_over = !matches!(ending, Ending::Again | Ending::Later { .. } | Ending::GivenBack);
        loop {
            match store::queue::end(&self.state.db, self.run.lease, &ending).await {
                Ok(true) => break tracing::info!(%run, ?ending, "run ends"),
                Ok(false) => return tracing::warn!(%run, "the run was somebody else's when it ended"),
                Err(error) => tracing::error!(%run, %error, "failed to write down a run's end"),
            }
            if self.state.shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_secs(2))).await.is_none() {
                return;
            }
        }
        if is_over {
            self.folder.tidy().await;
        }
    }
}
