//! The artifact store: files under the name of their content's SHA-256, in a local folder or an
//! S3 bucket. A file is complete and on disk before it has its name, and never changes after.

use crate::config::Config;
use axum::body::Bytes;
use domain::id::PartialUploadId;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, buffered::BufWriter, path::Path as Key};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{PgPool, StoreError};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// How files in the staging folder are called that arrive in parts: they stay there for days.
pub const PART_PREFIX: &str = "part-";
/// How old a part without an owner is before it is looked at.
const OLD_PART: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Why a file could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("failed to store the file: it is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("failed to receive the file: {0}")]
    Broken(String),
    #[error("failed to store or read a file: {0}")]
    Io(#[from] io::Error),
    #[error("failed to reach the artifact store: {0}")]
    Remote(#[from] object_store::Error),
    #[error("failed to find the stored file {0}")]
    Missing(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ArtifactError {
    /// Whether the same may succeed another time: somebody else did not answer, and nothing says that the file is gone.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Remote(error) => !matches!(error, object_store::Error::NotFound { .. }),
            Self::Store(error) => error.is_transient(),
            Self::Broken(_) => true,
            Self::TooLarge { .. } | Self::Io(_) | Self::Missing(_) => false,
        }
    }
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub sha256: String,
    pub size_bytes: u64,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Artifacts {
    db: PgPool,
    /// Where files lie until their hash is known.
    staging: Arc<Path>,
    backend: Backend,
}

#[derive(Clone)]
enum Backend {
    Folder(Arc<Path>),
    Bucket { store: Arc<dyn ObjectStore>, prefix: Key },
}

impl Artifacts {
    /// Opens the store of the settings, making folders as needed and clearing what an interrupted
    /// server left half received.
    pub fn open(config: &Config, db: PgPool) -> Result<Self, ArtifactError> {
        let (backend, staging) = if config.artifact_url.scheme() == "file" {
            let folder = config
                .artifact_url
                .to_file_path()
                .map_err(|()| io::Error::other("the artifact URL names no folder"))?;
            let staging = folder.join("incoming");
            (Backend::Folder(folder.into()), staging)
        } else {
            let credentials = std::env::vars().filter(|(key, _)| key.starts_with("AWS_"));
            let options = credentials.map(|(key, value)| (key.to_lowercase(), value));
            let (store, prefix) = object_store::parse_url_opts(&config.artifact_url, options)?;
            (Backend::Bucket { store: Arc::from(store), prefix }, config.data.join("incoming"))
        };
        std::fs::create_dir_all(&staging)?;
        remove_old_files(&staging)?;
        Ok(Self { db, staging: staging.into(), backend })
    }

    /// Stores a stream of at most `limit_bytes`.
    pub async fn put_stream<E: std::fmt::Display>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>>,
        limit_bytes: u64,
    ) -> Result<Stored, ArtifactError> {
        let staged = tempfile::Builder::new().prefix("in-").tempfile_in(&self.staging)?;
        let mut file = tokio::io::BufWriter::with_capacity(1 << 20, tokio::fs::File::from_std(staged.reopen()?));
        let (mut hash, mut size_bytes) = (Sha256::new(), 0u64);
        let mut stream = std::pin::pin!(stream);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|e| ArtifactError::Broken(e.to_string()))?;
            size_bytes += chunk.len() as u64;
            if size_bytes > limit_bytes {
                return Err(ArtifactError::TooLarge { limit_bytes });
            }
            hash.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        file.get_ref().sync_all().await?;
        let stored = Stored { sha256: hex::encode(hash.finalize()), size_bytes };
        // Before, so that a deletion of equal bytes that is under way ends first; after, so that one which begins while the
        // bytes are on their way to a bucket waits for their name.
        store::artifacts::record(&self.db, &stored.sha256, size_bytes).await?;
        self.commit(staged, &stored.sha256).await?;
        store::artifacts::record(&self.db, &stored.sha256, size_bytes).await?;
        Ok(stored)
    }

    /// Stores a copy of a local file.
    pub async fn put_file(&self, path: &Path) -> Result<Stored, ArtifactError> {
        let file = tokio::fs::File::open(path).await?;
        self.put_stream(ReaderStream::with_capacity(file, 1 << 18), u64::MAX).await
    }

    /// Stores bytes in memory.
    pub async fn put_bytes(&self, bytes: Bytes) -> Result<Stored, ArtifactError> {
        self.put_stream(futures::stream::iter([Ok::<_, io::Error>(bytes)]), u64::MAX).await
    }

    /// The file's bytes.
    pub async fn get(&self, sha256: &str) -> Result<BoxStream<'static, Result<Bytes, ArtifactError>>, ArtifactError> {
        match &self.backend {
            Backend::Folder(folder) => match tokio::fs::File::open(folder.join(name(sha256)?)).await {
                Ok(file) => Ok(ReaderStream::with_capacity(file, 1 << 16).map_err(Into::into).boxed()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Err(ArtifactError::Missing(sha256.to_owned())),
                Err(e) => Err(e.into()),
            },
            Backend::Bucket { store, prefix } => match store.get(&key(prefix, sha256)?).await {
                Ok(found) => Ok(found.into_stream().map_err(Into::into).boxed()),
                Err(object_store::Error::NotFound { .. }) => Err(ArtifactError::Missing(sha256.to_owned())),
                Err(e) => Err(e.into()),
            },
        }
    }

    /// Where the file lies, when it lies on this machine's disk.
    #[must_use]
    pub fn local_path(&self, sha256: &str) -> Option<PathBuf> {
        match &self.backend {
            Backend::Folder(folder) => Some(folder.join(name(sha256).ok()?)).filter(|p| p.is_file()),
            Backend::Bucket { .. } => None,
        }
    }

    /// Puts the file at `target`: a hard link where possible, else a copy. Nobody may write to it.
    pub async fn place(&self, sha256: &str, target: &Path) -> Result<(), ArtifactError> {
        if let Some(parent) = target.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        if let Some(source) = self.local_path(sha256)
            && tokio::fs::hard_link(&source, target).await.is_ok()
        {
            return Ok(());
        }
        let mut stream = self.get(sha256).await?;
        let mut file = tokio::io::BufWriter::with_capacity(1 << 20, tokio::fs::File::create(target).await?);
        while let Some(chunk) = stream.try_next().await? {
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        Ok(())
    }

    /// Where a file of the staging folder lies.
    #[must_use]
    pub fn staged(&self, name: &str) -> PathBuf {
        self.staging.join(name)
    }

    /// Deletes a file of the staging folder, if it is there.
    pub async fn forget_staged(&self, name: &str) -> Result<(), ArtifactError> {
        match tokio::fs::remove_file(self.staged(name)).await {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Files that arrived in parts and were not written to for a day.
    pub async fn old_parts(&self) -> Result<Vec<PartialUploadId>, ArtifactError> {
        let mut found = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.staging).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let id = name.to_str().and_then(|n| n.strip_prefix(PART_PREFIX)?.parse::<PartialUploadId>().ok());
            let age = entry.metadata().await.ok().and_then(|m| m.modified().ok()?.elapsed().ok());
            found.extend(id.filter(|_| age.is_some_and(|age| age > OLD_PART)));
        }
        Ok(found)
    }

    /// Whether a file is stored.
    pub async fn has(&self, sha256: &str) -> Result<bool, ArtifactError> {
        match &self.backend {
            Backend::Folder(folder) => Ok(tokio::fs::try_exists(folder.join(name(sha256)?)).await?),
            Backend::Bucket { store, prefix } => match store.head(&key(prefix, sha256)?).await {
                Ok(_) => Ok(true),
                Err(object_store::Error::NotFound { .. }) => Ok(false),
                Err(e) => Err(e.into()),
            },
        }
    }

    /// Deletes a stored file; one that is not there is fine. The caller has made sure that nothing names it any more.
    pub async fn remove(&self, sha256: &str) -> Result<(), ArtifactError> {
        match &self.backend {
            Backend::Folder(folder) => match tokio::fs::remove_file(folder.join(name(sha256)?)).await {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
                _ => Ok(()),
            },
            Backend::Bucket { store, prefix } => match store.delete(&key(prefix, sha256)?).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(e) => Err(e.into()),
            },
        }
    }

    /// Stores a file of the staging folder, whose hash is known, and takes it away from there. It stays when that fails.
    pub async fn adopt(&self, staged: &Path, sha256: &str, size_bytes: u64) -> Result<(), ArtifactError> {
        // Twice, as in [`Self::put_stream`].
        store::artifacts::record(&self.db, sha256, size_bytes).await?;
        match &self.backend {
            Backend::Folder(folder) => {
                let (staged, target) = (staged.to_owned(), folder.join(name(sha256)?));
                tokio::task::spawn_blocking(move || move_durably(&staged, &target))
                    .await
                    .map_err(io::Error::other)??;
            }
            Backend::Bucket { .. } => {
                self.copy_to_bucket(staged, sha256).await?;
                tokio::fs::remove_file(staged).await?;
            }
        }
        store::artifacts::record(&self.db, sha256, size_bytes).await?;
        Ok(())
    }

    async fn copy_to_bucket(&self, file: &Path, sha256: &str) -> Result<(), ArtifactError> {
        let Backend::Bucket { store, prefix } = &self.backend else { return Ok(()) };
        let mut writer = BufWriter::new(Arc::clone(store), key(prefix, sha256)?);
        let mut stream = ReaderStream::with_capacity(tokio::fs::File::open(file).await?, 1 << 20);
        while let Some(chunk) = stream.try_next().await? {
            writer.put(chunk).await?;
        }
        writer.shutdown().await?;
        Ok(())
    }

    /// Gives a staged, complete file its name.
    async fn commit(&self, staged: tempfile::NamedTempFile, sha256: &str) -> Result<(), ArtifactError> {
        match &self.backend {
            Backend::Folder(folder) => {
                let target = folder.join(name(sha256)?);
                tokio::task::spawn_blocking(move || rename_durably(staged, &target))
                    .await
                    .map_err(io::Error::other)??;
            }
            Backend::Bucket { .. } => self.copy_to_bucket(staged.path(), sha256).await?,
        }
        Ok(())
    }
}

/// `ab/abcdef…`, for a well-formed hash only.
fn name(sha256: &str) -> Result<String, ArtifactError> {
    let well_formed = sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if well_formed { Ok(format!("{}/{sha256}", &sha256[..2])) } else { Err(ArtifactError::Missing(sha256.to_owned())) }
}

fn key(prefix: &Key, sha256: &str) -> Result<Key, ArtifactError> {
    Ok(name(sha256)?.split('/').fold(prefix.clone(), |key, part| key.join(part)))
}

/// After the rename the folder is synced too: then the name survives a power cut.
fn rename_durably(staged: tempfile::NamedTempFile, target: &Path) -> io::Result<()> {
    let Some(folder) = target.parent() else { return Err(io::Error::other("a stored file has no folder")) };
    std::fs::create_dir_all(folder)?;
    let mut permissions = staged.as_file().metadata()?.permissions();
    permissions.set_readonly(true);
    staged.as_file().set_permissions(permissions)?;
    staged.persist(target).map_err(|e| e.error)?;
    std::fs::File::open(folder)?.sync_all()
}

/// As [`rename_durably`], of a file that nothing deletes.
fn move_durably(staged: &Path, target: &Path) -> io::Result<()> {
    let Some(folder) = target.parent() else { return Err(io::Error::other("a stored file has no folder")) };
    std::fs::create_dir_all(folder)?;
    let mut permissions = std::fs::metadata(staged)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(staged, permissions)?;
    std::fs::rename(staged, target)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Files in the staging folder that are older than a day belong to a server that is gone.
fn remove_old_files(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
        let is_part = entry.file_name().to_str().is_some_and(|name| name.starts_with(PART_PREFIX));
        if !is_part && age.is_some_and(|a| a.as_secs() > 86_400) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_are_names() {
        let hash = "ab".repeat(32);
        assert_eq!(name(&hash).ok(), Some(format!("ab/{hash}")));
        for bad in ["", "../../etc/passwd", &"AB".repeat(32), &"a".repeat(63)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
