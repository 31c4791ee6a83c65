//! Files that arrive in parts: a file in the staging folder that grows, and how many of its bytes are known to be on disk.
//!
//! A part is written by a task of its own, so what has come is kept when the connection breaks. Two senders at once are
//! kept apart by a lock on the file. What lies behind the bytes that the database knows of, as after a crash, is cut off.

use crate::artifacts::{ArtifactError, Artifacts};
use axum::body::Bytes;
use domain::{id::PartialUploadId, import::Upload};
use futures::{Stream, StreamExt};
use rustix::fs::{FlockOperation, flock};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::{io, path::Path, pin::pin, time::Duration};
use store::{PgPool, StoreError, partial_uploads::PartialUpload};
use tokio::{
    fs::File,
    io::{AsyncSeekExt, AsyncWriteExt, BufWriter},
};

/// A sender that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes that may have to be sent again after a crash of the server.
const SYNC_BYTES: u64 = 32 << 20;

/// Why a part was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    #[error("another request is sending this file: wait until it ends, then ask how far it came")]
    Busy,
    #[error("the part begins at byte {sent}, but {received} bytes are here: go on there")]
    Elsewhere { sent: u64, received: u64 },
    #[error("the part is longer than what is missing of the file")]
    TooLong,
    #[error("the part's checksum is not the one that was announced: it was discarded, send it again")]
    Checksum,
    #[error("this upload does not exist any more: begin anew")]
    Gone,
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("failed to write a part: {0}")]
    Io(#[from] io::Error),
}

/// The checksum of a part, announced before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

/// What a part led to.
#[derive(Debug)]
pub struct Taken {
    pub received_bytes: u64,
    /// Of a file that is whole now.
    pub upload: Option<Upload>,
}

/// Name of the growing file in the staging folder.
#[must_use]
pub fn file_name(id: PartialUploadId) -> String {
    format!("{}{id}", crate::artifacts::PART_PREFIX)
}

/// Appends a part at `offset`. Bytes that came before the connection broke are kept. Of a file that is whole already
/// nothing is read: whoever missed the answer gets it again, whatever they send.
pub async fn take<E: std::fmt::Display>(
    db: &PgPool,
    artifacts: &Artifacts,
    partial: &PartialUpload,
    offset: u64,
    checksum: Option<Checksum>,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Taken, PartError> {
    let path = artifacts.staged(&file_name(partial.id));
    let now = current(db, partial).await?;
    if let Some(taken) = taken(db, &now).await? {
        return Ok(taken);
    }
    let is_new = now.received_bytes == 0 && now.sha256.is_none();
    let file = File::options().write(true).create(is_new).truncate(false).open(&path).await;
    let file = match file {
        Ok(file) => file,
        // It may lie in the artifact store already, under the name that was noted before it went there.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return finish_named(db, artifacts, &now).await,
        Err(e) => return Err(e.into()),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Err(PartError::Busy),
        Err(e) => return Err(io::Error::from(e).into()),
    }
    // Another sender may have got on since this one asked.
    let now = current(db, partial).await?;
    if let Some(taken) = taken(db, &now).await? {
        return Ok(taken);
    }
    // A file with a name that lies in the artifact store is whole, even if nothing says yet what it became. What is locked
    // here is then the stored file, to which nobody may write, or a new one in its old place.
    if is_stored(db, artifacts, &now).await? {
        artifacts.forget_staged(&file_name(now.id)).await?;
        return finish_named(db, artifacts, &now).await;
    }
    let received = now.received_bytes.min(file.metadata().await?.len());
    if offset != received {
        store::partial_uploads::advance(db, now.id, received).await?;
        return Err(PartError::Elsewhere { sent: offset, received });
    }
    let mut part = Part { db, partial: &now, file, received, checksum };
    part.write(bytes).await?;
    let received_bytes = part.received;
    if received_bytes < now.size_bytes {
        return Ok(Taken { received_bytes, upload: None });
    }
    // The file stays locked while it is read and renamed.
    let upload = finish(db, artifacts, &now, &path).await?;
    drop(part);
    Ok(Taken { received_bytes, upload: Some(upload) })
}

/// How far the file is by now.
async fn current(db: &PgPool, partial: &PartialUpload) -> Result<PartialUpload, PartError> {
    store::partial_uploads::get(db, partial.project, partial.id).await?.ok_or(PartError::Gone)
}

/// What a finished file became.
async fn taken(db: &PgPool, now: &PartialUpload) -> Result<Option<Taken>, PartError> {
    let Some(id) = now.upload else { return Ok(None) };
    let upload = store::uploads::get(db, now.project, id).await?.ok_or(PartError::Gone)?;
    Ok(Some(Taken { received_bytes: now.size_bytes, upload: Some(upload) }))
}

/// Whether the file lies in the artifact store under its name. It is noted as stored before that is looked at: then nobody
/// deletes equal bytes until it is an upload.
async fn is_stored(db: &PgPool, artifacts: &Artifacts, partial: &PartialUpload) -> Result<bool, PartError> {
    let Some(sha256) = &partial.sha256 else { return Ok(false) };
    store::artifacts::record(db, sha256, partial.size_bytes).await?;
    Ok(artifacts.has(sha256).await?)
}

/// A part being written.
struct Part<'a> {
    db: &'a PgPool,
    partial: &'a PartialUpload,
    file: File,
    received: u64,
    checksum: Option<Checksum>,
}

impl Part<'_> {
    async fn write<E: std::fmt::Display>(
        &mut self,
        bytes: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<(), PartError> {
        self.file.set_len(self.received).await?;
        self.file.seek(io::SeekFrom::Start(self.received)).await?;
        let begin = self.received;
        let (mut at, mut synced) = (begin, begin);
        let mut out = BufWriter::with_capacity(1 << 20, &mut self.file);
        let mut bytes = pin!(bytes);
        let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
        let mut is_too_long = false;
        // Silence, an end and a broken connection are one: what has come is kept.
        while let Ok(Some(Ok(chunk))) = tokio::time::timeout(SILENCE, bytes.next()).await {
            if at + chunk.len() as u64 > self.partial.size_bytes {
                is_too_long = true;
                break;
            }
            match &self.checksum {
                Some(Checksum::Sha1(_)) => sha1.update(&chunk),
                Some(Checksum::Sha256(_)) => sha256.update(&chunk),
                None => {}
            }
            out.write_all(&chunk).await?;
            at += chunk.len() as u64;
            // A part with a checksum counts as a whole, or not at all.
            if self.checksum.is_none() && at - synced >= SYNC_BYTES {
                out.flush().await?;
                out.get_ref().sync_data().await?;
                store::partial_uploads::advance(self.db, self.partial.id, at).await?;
                synced = at;
            }
        }
        out.flush().await?;
        drop(out);
        let is_right = match &self.checksum {
            None => true,
            Some(Checksum::Sha1(expected)) => sha1.finalize().as_slice() == expected.as_slice(),
            Some(Checksum::Sha256(expected)) => sha256.finalize().as_slice() == expected.as_slice(),
        };
        if !is_right {
            self.file.set_len(begin).await?;
            return Err(PartError::Checksum);
        }
        self.file.sync_data().await?;
        store::partial_uploads::advance(self.db, self.partial.id, at).await?;
        self.received = at;
        if is_too_long { Err(PartError::TooLong) } else { Ok(()) }
    }
}

/// Names a whole file, moves it into the artifact store and makes an upload of it. Each step can be repeated after a crash.
pub async fn finish(
    db: &PgPool,
    artifacts: &Artifacts,
    partial: &PartialUpload,
    path: &Path,
) -> Result<Upload, PartError> {
    let sha256 = hash_of(path).await?;
    store::partial_uploads::name(db, partial.id, &sha256).await?;
    artifacts.adopt(path, &sha256, partial.size_bytes).await?;
    store::partial_uploads::finish(db, partial, &sha256).await?.ok_or(PartError::Gone)
}

/// Goes on where a server died between moving a file and making an upload of it.
async fn finish_named(db: &PgPool, artifacts: &Artifacts, partial: &PartialUpload) -> Result<Taken, PartError> {
    let is_there = is_stored(db, artifacts, partial).await?;
    let Some(sha256) = partial.sha256.as_ref().filter(|_| is_there) else {
        // Another sender may have finished it in this moment. If not, the disk lost what the database knows of, and a new
        // start is all that helps.
        let now = current(db, partial).await?;
        if let Some(taken) = taken(db, &now).await? {
            return Ok(taken);
        }
        if now.sha256 != partial.sha256 {
            return Err(PartError::Busy);
        }
        store::partial_uploads::delete(db, partial.project, partial.id).await?;
        return Err(PartError::Gone);
    };
    let upload = store::partial_uploads::finish(db, partial, sha256).await?.ok_or(PartError::Gone)?;
    Ok(Taken { received_bytes: partial.size_bytes, upload: Some(upload) })
}

/// SHA-256 of a file, in hexadecimal.
pub async fn hash_of(path: &Path) -> io::Result<String> {
    let path = path.to_owned();
    let work = move || {
        let mut hash = Sha256::new();
        io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
        Ok(hex::encode(hash.finalize()))
    };
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Finishes what came whole as its server died, and deletes what nobody sends any more.
pub async fn clean(db: &PgPool, artifacts: &Artifacts) -> Result<(), PartError> {
    for partial in store::partial_uploads::unfinished(db).await? {
        let end = futures::stream::empty::<Result<Bytes, io::Error>>();
        match take(db, artifacts, &partial, partial.size_bytes, None, end).await {
            Ok(_) | Err(PartError::Busy | PartError::Gone) => {}
            Err(error) => tracing::warn!(%error, id = %partial.id, "failed to finish an upload that came in parts"),
        }
    }
    for id in store::partial_uploads::delete_expired(db).await? {
        artifacts.forget_staged(&file_name(id)).await?;
    }
    for id in artifacts.old_parts().await? {
        if !store::partial_uploads::exists(db, id).await? {
            artifacts.forget_staged(&file_name(id)).await?;
        }
    }
    Ok(())
}
