//! The database connection: somebody's Postgres by URL, or our own private cluster.

mod cluster;
mod programs;

pub use cluster::Cluster;
pub use programs::{Programs, available};

use crate::{
    config::{Config, Database},
    data_folder::{self, DataFolderError},
};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{path::PathBuf, time::Duration};

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error(
        "failed to find the Postgres programs (initdb, postgres) in PATH or /usr/lib/postgresql: install the package \
         `postgresql`, or set DATABASE_URL to an existing Postgres"
    )]
    NotInstalled,
    #[error(
        "failed to open the database in {folder}: it was made by Postgres {made_by}, and only {found} is installed. \
         Install postgresql-{made_by}, or move the data with pg_upgrade"
    )]
    OtherVersion { folder: PathBuf, made_by: String, found: String },
    #[error("failed to {what}: {error}")]
    Io { what: String, error: std::io::Error },
    #[error("failed to run {program}: {output}")]
    Program { program: PathBuf, output: String },
    #[error("failed to start Postgres; the end of {log} says: {tail}")]
    Exited { log: PathBuf, tail: String },
    #[error("failed to connect to the database: {0}")]
    Connect(sqlx::Error),
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
}

impl PostgresError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io { what: what.into(), error }
    }
}

/// A connected database, with the cluster behind it if we started that.
pub struct OpenDatabase {
    pub pool: PgPool,
    cluster: Option<Cluster>,
    /// Given back last.
    _lock: Option<data_folder::DataLock>,
}

/// Connects. With an embedded database whose data folder another server owns, that server's
/// Postgres is used and left running.
pub async fn open(config: &Config) -> Result<OpenDatabase, PostgresError> {
    match data_folder::take(&config.data) {
        Ok(lock) => open_as_owner(config, lock).await,
        Err(DataFolderError::Taken(_)) => {
            let options = match &config.database {
                Database::Url(url) => url.parse().map_err(PostgresError::Connect)?,
                Database::Embedded => Cluster::locate(&config.data)?.connect_options(),
            };
            Ok(OpenDatabase { pool: connect(options).await?, cluster: None, _lock: None })
        }
        Err(error) => Err(error.into()),
    }
}

/// Connects, starting the private cluster if there is no `DATABASE_URL`. `lock` proves that no
/// other server uses the data folder.
pub async fn open_as_owner(config: &Config, lock: data_folder::DataLock) -> Result<OpenDatabase, PostgresError> {
    match &config.database {
        Database::Url(url) => {
            let pool = connect(url.parse().map_err(PostgresError::Connect)?).await?;
            Ok(OpenDatabase { pool, cluster: None, _lock: Some(lock) })
        }
        Database::Embedded => {
            let mut cluster = Cluster::locate(&config.data)?;
            cluster.start().await?;
            match connect(cluster.connect_options()).await {
                Ok(pool) => Ok(OpenDatabase { pool, cluster: Some(cluster), _lock: Some(lock) }),
                Err(error) => {
                    cluster.stop().await;
                    Err(error)
                }
            }
        }
    }
}

impl OpenDatabase {
    /// Closes the pool and stops the cluster, if it is ours.
    pub async fn close(self) {
        // Connections that are still lent out must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_secs(3), self.pool.close()).await;
        if let Some(mut cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

async fn connect(options: PgConnectOptions) -> Result<PgPool, PostgresError> {
    PgPoolOptions::new()
        .max_connections(24)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.application_name("lathe").disable_statement_logging())
        .await
        .map_err(PostgresError::Connect)
}
