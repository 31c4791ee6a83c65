//! Single members of zip and tar.gz archives, read with bounds.

use super::FetchError;
use domain::job::FetchProblem;
use std::{
    fs::File,
    io::{BufReader, Read, Write},
    path::Path,
};

/// No member may unpack to more than this, whatever its header says.
const MAX_MEMBER_BYTES: u64 = 64 << 30;

fn broken(container: &Path) -> impl Fn(String) -> FetchError {
    let container = file_name(container);
    move |detail| FetchProblem::Archive { container: container.clone(), detail }.into()
}

/// An archive's name for a user, without the folders of this machine.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn missing(container: &Path, suffix: &str) -> FetchError {
    FetchProblem::Missing { what: format!("*{suffix}"), container: file_name(container) }.into()
}

/// Copies the first member of a zip whose name ends with `suffix` to `target`.
pub fn unzip_member(archive: &Path, suffix: &str, target: &Path) -> Result<(), FetchError> {
    let err = broken(archive);
    let file = File::open(archive).map_err(|e| err(e.to_string()))?;
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| err(e.to_string()))?;
    let index = (0..zip.len()).find(|i| matches!(zip.name_for_index(*i), Some(Ok(name)) if name.ends_with(suffix)));
    let index = index.ok_or_else(|| missing(archive, suffix))?;
    let mut member = zip.by_index(index).map_err(|e| err(e.to_string()))?;
    copy(&mut member, target).map_err(|e| err(e.to_string()))
}

/// The first member of a tar.gz whose path ends with `suffix`, at most `limit` bytes of it.
pub fn untar_member(archive: impl Read, name: &Path, suffix: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
    let err = broken(name);
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in tar.entries().map_err(|e| err(e.to_string()))? {
        let entry = entry.map_err(|e| err(e.to_string()))?;
        if !entry.path_bytes().ends_with(suffix.as_bytes()) {
            continue;
        }
        let mut bytes = Vec::new();
        entry.take(limit + 1).read_to_end(&mut bytes).map_err(|e| err(e.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(err(format!("{suffix} is larger than {limit} bytes")));
        }
        return Ok(bytes);
    }
    Err(missing(name, suffix))
}

fn copy(member: &mut impl Read, target: &Path) -> std::io::Result<()> {
    let mut out = File::create(target)?;
    let copied = std::io::copy(&mut member.take(MAX_MEMBER_BYTES + 1), &mut out)?;
    if copied > MAX_MEMBER_BYTES {
        return Err(std::io::Error::other("unpacks to more than 64 GiB"));
    }
    out.flush()?;
    out.sync_all()
}
