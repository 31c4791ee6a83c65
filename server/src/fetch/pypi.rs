//! Files of Python packages, found through PyPI's JSON API.

use super::{FetchError, Meter, chain, download};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use url::Url;

/// Kind of distribution file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Wheel,
    Source,
}

#[derive(Deserialize)]
struct Answer {
    urls: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    packagetype: String,
    filename: String,
    url: String,
    digests: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: String,
}

/// Fetches a distribution file of `name` at `version` into `folder`; the index gives address and
/// checksum. A file that is there already is not fetched again.
pub async fn fetch(
    client: &reqwest::Client,
    index: &Url,
    name: &str,
    version: &str,
    kind: Distribution,
    folder: &Path,
    meter: &Meter,
) -> Result<PathBuf, FetchError> {
    let url = format!("{}/pypi/{name}/{version}/json", index.as_str().trim_end_matches('/'));
    let response = client
        .get(&url)
        .send()
        .await
        .map_err(|e| FetchError::Unreachable { url: url.clone(), reason: chain(&e) })?;
    if !response.status().is_success() {
        return Err(FetchError::Status { url, status: response.status().as_u16() });
    }
    let answer: Answer = response.json().await.map_err(|e| FetchError::Answer { url: url.clone(), reason: chain(&e) })?;
    let wanted = match kind {
        Distribution::Wheel => "bdist_wheel",
        Distribution::Source => "sdist",
    };
    let file = answer
        .urls
        .into_iter()
        .find(|f| f.packagetype == wanted)
        .ok_or_else(|| FetchError::Missing { what: format!("a {wanted} file"), container: format!("{name} {version}") })?;
    // The name comes from the network: only its last component, and only plain characters.
    let safe = file.filename.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c)) && !file.filename.starts_with('.');
    if !safe {
        return Err(FetchError::Answer { url, reason: format!("odd file name {:?}", file.filename) });
    }
    let path = folder.join(&file.filename);
    if !path.exists() {
        download(client, &file.url, &file.digests.sha256, &path, meter).await?;
    }
    Ok(path)
}
