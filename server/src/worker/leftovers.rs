//! Folders of runs that ended without an attempt here: cancelled while they waited for a device, or trained by another
//! host after their preflight had laid out the folder here. And what runs have written of samples that were erased since.

use super::folder::RunFolder;
use crate::state::AppState;
use domain::id::RunId;
use std::{fs, path::Path, time::Duration};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(3600);

/// Empties the folders of ended runs, now and then, until the server stops.
pub(super) async fn keep_tidy(state: AppState) {
    loop {
        for run in folders(&state, |folder| folder.join("prepared").exists()) {
            match store::preflights::is_over(&state.db, run).await {
                Ok(true) => RunFolder::of(&state.config.data, run).tidy().await,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, %run, "failed to ask whether a run is over"),
            }
        }
        let written: Vec<RunId> =
            folders(&state, |folder| folder.join("out").exists() || folder.join("trainer.log").exists());
        match store::forget::seen_by(&state.db, &written).await {
            Ok(runs) => {
                for run in runs {
                    RunFolder::of(&state.config.data, run).forget().await;
                }
            }
            Err(error) => tracing::warn!(%error, "failed to ask which runs have seen samples that were erased"),
        }
        if state.shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Runs whose folder here is one of those that are wanted.
fn folders(state: &AppState, is_wanted: impl Fn(&Path) -> bool) -> Vec<RunId> {
    let folders = fs::read_dir(RunFolder::parent(&state.config.data)).into_iter().flatten().flatten();
    let wanted = folders.filter(|folder| is_wanted(&folder.path()));
    wanted.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).collect()
}
