//! A file at an address that a person names: bounded, resumed where it broke off, and from allowed hosts only, also behind
//! every redirect.

use super::{
    FetchError, Meter,
    allowed::{self, AllowedHost, PublicOnly},
    disk, shown, unreachable,
};
use domain::job::FetchProblem;
use futures::StreamExt;
use reqwest::{Response, header, redirect};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::io::AsyncWriteExt;
use url::Url;

/// Hops that are followed from one address to the next.
const MAX_REDIRECTS: usize = 8;
/// Tries; each goes on where the last one broke off.
const ATTEMPTS: u32 = 8;

/// What may be fetched, and where to.
pub struct Fetch<'a> {
    pub url: &'a Url,
    pub hosts: &'a [AllowedHost],
    pub limit_bytes: u64,
    /// Grows while the file comes, and is gone on with after a crash. Beside it lies what the other side calls its version.
    pub file: &'a Path,
    pub meter: &'a Meter,
}

impl Fetch<'_> {
    /// Fetches the whole file.
    pub async fn run(&self) -> Result<(), FetchError> {
        let mut attempt = 1;
        loop {
            let before = self.have().await;
            let Err(error) = self.once().await else { return Ok(()) };
            let is_passing = match &error {
                FetchError::Problem(FetchProblem::Unreachable { .. }) => true,
                FetchError::Problem(FetchProblem::Status { status, .. }) => *status >= 500 || *status == 429,
                _ => false,
            };
            // Whoever gets on may go on; the tries are for standstill.
            attempt = if self.have().await > before { 1 } else { attempt + 1 };
            if !is_passing || attempt > ATTEMPTS {
                return Err(error);
            }
            tracing::warn!(%error, attempt, "download broke off; going on");
            tokio::time::sleep(Duration::from_millis(250 << attempt)).await;
        }
    }

    async fn have(&self) -> u64 {
        tokio::fs::metadata(self.file).await.map_or(0, |m| m.len())
    }

    /// Where the version of what has come is noted.
    fn tag_file(&self) -> PathBuf {
        self.file.with_extension("etag")
    }

    async fn once(&self) -> Result<(), FetchError> {
        let tag = tokio::fs::read_to_string(self.tag_file()).await.unwrap_or_default();
        // Without a version nobody knows whether the rest belongs to the beginning.
        let have = if tag.is_empty() { 0 } else { self.have().await };
        let response = self.ask(have, &tag).await?;
        let status = response.status().as_u16();
        if status == 416 && have > 0 && whole_size(&response) == Some(have) {
            return Ok(());
        }
        let range =
            response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
        // A server that sends another part than was asked for sends nothing that fits.
        let is_resumed = status == 206 && have > 0 && range.starts_with(&format!("bytes {have}-"));
        if status != 200 && !is_resumed {
            return Err(FetchProblem::Status { url: shown(self.url.as_str()), status }.into());
        }
        self.note_version(&response).await?;
        self.receive(response, if is_resumed { have } else { 0 }).await
    }

    async fn note_version(&self, response: &Response) -> Result<(), FetchError> {
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        // A weak tag does not promise equal bytes (RFC 9110 §8.8.1).
        let strong = if tag.starts_with("W/") { "" } else { tag };
        let file = self.tag_file();
        tokio::fs::write(&file, strong).await.map_err(disk(&file))
    }

    async fn receive(&self, response: Response, from: u64) -> Result<(), FetchError> {
        let too_large = || FetchProblem::TooLarge { url: shown(self.url.as_str()), limit_bytes: self.limit_bytes };
        let total = response.content_length().map_or(0, |n| n + from);
        if total > self.limit_bytes {
            return Err(too_large().into());
        }
        let mut options = tokio::fs::OpenOptions::new();
        options.create(true).write(true).append(from > 0).truncate(from == 0);
        let mut out = options.open(self.file).await.map_err(disk(self.file))?;
        let mut done = from;
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|e| unreachable(self.url.as_str(), &e))?;
            done += chunk.len() as u64;
            if done > self.limit_bytes {
                return Err(too_large().into());
            }
            out.write_all(&chunk).await.map_err(disk(self.file))?;
            self.meter.set(done, total);
        }
        out.flush().await.map_err(disk(self.file))?;
        out.sync_all().await.map_err(disk(self.file))
    }

    /// Asks for the file from byte `have` on, and follows redirects to hosts that are allowed.
    async fn ask(&self, have: u64, tag: &str) -> Result<Response, FetchError> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let is_private = allowed::check(&url, self.hosts)?;
            let mut request = client(is_private)?.get(url.clone());
            if have > 0 {
                request = request.header(header::RANGE, format!("bytes={have}-")).header(header::IF_RANGE, tag);
            }
            let response = request.send().await.map_err(|e| refused(&url, &e))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let status = response.status().as_u16();
            let none = || FetchProblem::Status { url: shown(url.as_str()), status };
            url = to.and_then(|to| url.join(to).ok()).ok_or_else(none)?;
        }
        Err(FetchProblem::Redirects { url: shown(self.url.as_str()) }.into())
    }
}

/// A client that follows no redirects and, unless allowed, reaches no private network. Compression is not asked for: the
/// bytes are to be those of the file.
fn client(is_private: bool) -> Result<reqwest::Client, FetchError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("lathe/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60));
    let builder = if is_private { builder } else { builder.dns_resolver(Arc::new(PublicOnly)) };
    builder.build().map_err(|e| unreachable("the network", &e))
}

/// Why a request failed: what our own resolver said, or the network.
fn refused(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(e) = cause {
        if let Some(problem) = e.downcast_ref::<FetchProblem>() {
            return problem.clone().into();
        }
        cause = e.source();
    }
    unreachable(url.as_str(), error)
}

/// The size in `Content-Range: bytes */SIZE`.
fn whole_size(response: &Response) -> Option<u64> {
    response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?.rsplit('/').next()?.parse().ok()
}
