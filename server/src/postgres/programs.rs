//! Where the system keeps its Postgres programs.

use super::PostgresError;
use std::path::{Path, PathBuf};

/// A folder with `initdb` and `postgres` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    pub folder: PathBuf,
    /// Major version, for example 15.
    pub major: u32,
}

/// Every installed version, newest first.
#[must_use]
pub fn available() -> Vec<Programs> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for root in ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"] {
        let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
        folders.extend(versions.map(|v| v.path().join("bin")));
    }
    folders.extend(["/usr/pgsql/bin", "/usr/local/pgsql/bin"].map(PathBuf::from));
    let mut found: Vec<Programs> =
        folders.into_iter().filter_map(|folder| Some(Programs { major: major(&folder)?, folder })).collect();
    found.sort_by_key(|p| std::cmp::Reverse(p.major));
    found.dedup_by_key(|p| p.major);
    found
}

/// The programs for a cluster made by version `made_by`, or the newest for a new one.
pub(super) fn choose(cluster: &Path, made_by: Option<&str>) -> Result<Programs, PostgresError> {
    let installed = available();
    let Some(newest) = installed.first() else { return Err(PostgresError::NotInstalled) };
    let Some(made_by) = made_by else { return Ok(newest.clone()) };
    installed.iter().find(|p| p.major.to_string() == made_by).cloned().ok_or_else(|| PostgresError::OtherVersion {
        folder: cluster.to_owned(),
        made_by: made_by.to_owned(),
        found: installed.iter().map(|p| p.major.to_string()).collect::<Vec<_>>().join(", "),
    })
}

/// Asks `postgres --version` when the folder has both programs.
fn major(folder: &Path) -> Option<u32> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = std::process::Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` → 15.
fn parse_version(line: &str) -> Option<u32> {
    let number = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("nonsense"), None);
    }
}
