//! Models of the Hugging Face Hub, by the `hf-hub` crate.

use super::{FetchError, Meter, shown, unreachable};
use domain::job::FetchProblem;
use hf_hub::{
    HFClient, HFError,
    progress::{DownloadEvent, ProgressEvent, ProgressHandler},
};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use url::Url;

/// What of a repository is fetched: never pickled weights.
const WANTED: [&str; 6] = [
    "config.json",
    "generation_config.json",
    "tokenizer*.json",
    "chat_template.jinja",
    "*.safetensors",
    "model.safetensors.index.json",
];

/// Fetches a model repository (`owner/name`) into `folder`.
pub async fn fetch(
    hub: &Url,
    repo: &str,
    revision: Option<&str>,
    folder: &Path,
    meter: &Meter,
) -> Result<(), FetchError> {
    let url = format!("{}/{repo}", hub.as_str().trim_end_matches('/'));
    let failed = |e: HFError| explain(&url, &e);
    let (owner, name) = hf_hub::split_id(repo);
    let client = HFClient::builder()
        .endpoint(hub.as_str().trim_end_matches('/'))
        .client(super::client()?)
        .cache_enabled(false)
        .retry_max_attempts(2)
        .build()
        .map_err(failed)?;
    let counter = Arc::new(Counter::default());
    let repository = client.model(owner, name);
    let download = repository
        .snapshot_download()
        .maybe_revision(revision)
        .allow_patterns(WANTED.map(str::to_owned).to_vec())
        .local_dir(folder)
        .progress(Arc::clone(&counter))
        .send();
    tokio::pin!(download);
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            done = &mut download => { done.map_err(failed)?; return Ok(()) }
            _ = tick.tick() => meter.set(counter.done.load(Ordering::Relaxed), counter.total.load(Ordering::Relaxed)),
        }
    }
}

/// The Hub's failures in words that say what to do.
fn explain(url: &str, error: &HFError) -> FetchError {
    let status = |status| FetchProblem::Status { url: shown(url), status }.into();
    match error {
        HFError::RepoNotFound { .. } | HFError::RevisionNotFound { .. } => status(404),
        HFError::AuthRequired { .. } => status(401),
        HFError::Forbidden { .. } => status(403),
        other => unreachable(url, other),
    }
}

/// Adds up the files' progress.
#[derive(Default)]
struct Counter {
    total: AtomicU64,
    done: AtomicU64,
    files: Mutex<HashMap<String, u64>>,
}

impl ProgressHandler for Counter {
    fn on_progress(&self, event: &ProgressEvent) {
        match event {
            ProgressEvent::Download(DownloadEvent::Start { total_bytes, .. }) => {
                self.total.store(*total_bytes, Ordering::Relaxed);
            }
            ProgressEvent::Download(DownloadEvent::Progress { files }) => {
                let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
                known.extend(files.iter().map(|f| (f.filename.clone(), f.bytes_completed)));
                self.done.store(known.values().sum(), Ordering::Relaxed);
            }
            ProgressEvent::Download(DownloadEvent::AggregateProgress { bytes_completed, .. }) => {
                self.done.store(*bytes_completed, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}
