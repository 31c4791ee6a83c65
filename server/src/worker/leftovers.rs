//! Folders of runs that ended without an attempt here: cancelled while they waited for a device, or trained by another
//! host after their preflight had laid out the folder here.

use super::folder::RunFolder;
use crate::state::AppState;
use domain::id::RunId;
use std::{fs, time::Duration};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(3600);

/// Empties the folders of ended runs, now and then, until the server stops.
pub(super) async fn keep_tidy(state: AppState) {
    loop {
        for run in laid_out(&state) {
            match store::preflights::is_over(&state.db, run).await {
                Ok(true) => RunFolder::of(&state.config.data, run).tidy().await,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, %run, "failed to ask whether a run is over"),
            }
        }
        if state.shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Runs whose input lies here.
fn laid_out(state: &AppState) -> Vec<RunId> {
    let folders = fs::read_dir(RunFolder::parent(&state.config.data)).into_iter().flatten().flatten();
    let with_input = folders.filter(|folder| folder.path().join("prepared").exists());
    with_input.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).collect()
}
