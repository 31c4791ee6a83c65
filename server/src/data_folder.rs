//! The data folder: made on first use, and owned by one server at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("failed to make or write to the data folder {path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("failed to take the data folder {0}: another server is running on it")]
    Taken(PathBuf),
}

/// Ownership of a data folder; the system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Makes the folder if needed and becomes its owner.
pub fn take(folder: &Path) -> Result<DataLock, DataFolderError> {
    let failed = |error| DataFolderError::Io { path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("server.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(DataLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(DataFolderError::Taken(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
