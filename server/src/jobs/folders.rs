//! Folders in which jobs work: each lies in `jobs` of the data folder, says whose it is, and goes with its work. What a server
//! leaves behind that is killed, the next one sweeps.

use super::{JobContext, JobError};
use crate::state::AppState;
use domain::id::JobId;
use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use store::{PgPool, jobs::Lease};
use tempfile::TempDir;

/// Their place in the data folder.
const PLACE: &str = "jobs";
/// Pause between two looks: a killed server's leases end a while after it.
const PAUSE: Duration = Duration::from_secs(60);

impl JobContext {
    /// A new folder to work in, gone with the value.
    pub(super) fn folder(&self) -> io::Result<TempDir> {
        let Lease { job, owner } = self.lease();
        let place = self.config.data.join(PLACE);
        std::fs::create_dir_all(&place)?;
        tempfile::Builder::new().prefix(&format!("{job}.{owner}.")).tempdir_in(place)
    }
}

/// Sweeps until the server stops.
pub async fn keep_swept(state: AppState) {
    let began = SystemTime::now();
    loop {
        match sweep(&state.db, &state.config.data, began).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "folders of killed jobs are gone"),
            Err(error) => tracing::warn!(%error, "failed to sweep the folders of killed jobs"),
        }
        if state.shutdown.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

/// Deletes folders that are older than `began`, when this process did, and in which nobody works: their job is over or unknown,
/// or somebody else has it by now. How many.
pub async fn sweep(db: &PgPool, data: &Path, began: SystemTime) -> Result<usize, JobError> {
    let place = data.join(PLACE);
    let found = tokio::task::spawn_blocking(move || older(&place, began)).await.map_err(JobError::internal)??;
    if found.is_empty() {
        return Ok(0);
    }
    let jobs: Vec<JobId> = found.iter().map(|(lease, _)| lease.job).collect();
    let held = store::jobs::held(db, &jobs).await?;
    let dead: Vec<PathBuf> =
        found.into_iter().filter(|(lease, _)| !held.contains(lease)).map(|(_, path)| path).collect();
    let count = dead.len();
    // One that cannot be deleted keeps no other.
    let removed = tokio::task::spawn_blocking(move || {
        let mut all = Ok(());
        for folder in &dead {
            all = all.and(std::fs::remove_dir_all(folder));
        }
        all
    });
    removed.await.map_err(JobError::internal)??;
    Ok(count)
}

/// Folders of jobs that were last changed before this time. Whatever is not called as they are is none.
fn older(place: &Path, began: SystemTime) -> io::Result<Vec<(Lease, PathBuf)>> {
    let entries = match std::fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some(lease) = entry.file_name().to_str().and_then(lease) else { continue };
        // A job may have taken its folder away meanwhile.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_dir() && about.modified()? < began {
            found.push((lease, entry.path()));
        }
    }
    Ok(found)
}

fn lease(name: &str) -> Option<Lease> {
    let mut parts = name.split('.');
    let (job, owner, _) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Lease { job: job.parse().ok()?, owner: owner.parse().ok()? })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use uuid::Uuid;

    #[test]
    fn only_folders_of_jobs_are_looked_at() {
        let data = tempfile::tempdir().unwrap();
        let (job, owner) = (JobId::new(), Uuid::new_v4());
        let later = SystemTime::now() + Duration::from_secs(60);
        assert!(older(&data.path().join("none"), later).unwrap().is_empty());
        let name = format!("{job}.{owner}.a1");
        for folder in [name.as_str(), "mine", ".tmpabc", "a.b.c"] {
            std::fs::create_dir(data.path().join(folder)).unwrap();
        }
        std::fs::write(data.path().join(format!("{job}.{owner}.file")), "").unwrap();
        assert_eq!(older(data.path(), later).unwrap(), [(Lease { job, owner }, data.path().join(&name))]);
        assert!(older(data.path(), SystemTime::UNIX_EPOCH).unwrap().is_empty(), "made after this process");
    }
}
