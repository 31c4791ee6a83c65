//! Our private Postgres: one cluster under the data folder, reached over a unix socket in a
//! folder that nobody else may enter, started and stopped with the server.
//!
//! A server that is killed leaves its postmaster running. The next server adopts it, so nothing
//! is lost and nothing is started twice.

use super::{PostgresError, programs};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

const SUPERUSER: &str = "lathe";
const PORT: u16 = 5432;
const READY_WITHIN: Duration = Duration::from_secs(120);
const STOP_WITHIN: Duration = Duration::from_secs(30);
const LETS_GO_WITHIN: Duration = Duration::from_secs(20);
/// What Postgres says of memory that a killed one's children hold.
const STILL_IN_USE: &str = "pre-existing shared memory block";

/// The cluster of one data folder.
pub struct Cluster {
    /// Postgres' own data directory.
    folder: PathBuf,
    socket_folder: PathBuf,
    log: PathBuf,
    /// Postgres refuses to run as root; then it runs as this user and group.
    run_as: Option<(u32, u32)>,
    child: Option<Child>,
}

impl Cluster {
    /// Finds where the cluster of this data folder is or will be; starts nothing.
    pub fn locate(data: &Path) -> Result<Self, PostgresError> {
        let run_as = if geteuid().is_root() { Some(unprivileged_user()?) } else { None };
        let home = match run_as {
            Some(_) if !others_can_enter(data) => PathBuf::from("/var/lib/lathe").join(short_hash(data)),
            _ => data.to_owned(),
        };
        Ok(Self {
            folder: home.join("postgres"),
            socket_folder: socket_folder(&home),
            log: data.join("postgres.log"),
            run_as,
            child: None,
        })
    }

    /// How to connect, once it runs.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_folder)
            .port(PORT)
            .username(SUPERUSER)
            .database("postgres")
    }

    /// Makes the cluster if it does not exist, then starts it, or adopts it if a killed server left it running.
    pub async fn start(&mut self) -> Result<(), PostgresError> {
        let made_by = fs::read_to_string(self.folder.join("PG_VERSION")).ok();
        let programs = programs::choose(&self.folder, made_by.as_deref().map(str::trim))?;
        self.private_folder(&self.socket_folder)?;
        if made_by.is_none() {
            self.initialise(&programs.folder).await?;
        }
        if let Some(pid) = self.running() {
            tracing::info!(
                pid = pid.as_raw_nonzero().get(),
                "Postgres of an earlier server is still running: using it"
            );
            return self.wait_until_ready().await;
        }
        // After a kill the children of the old Postgres need a moment to let go of its shared memory.
        let deadline = Instant::now() + LETS_GO_WITHIN;
        loop {
            self.remove_stale_locks();
            self.child = Some(self.spawn(&programs.folder)?);
            match self.wait_until_ready().await {
                Err(PostgresError::Exited { tail, .. }) if tail.contains(STILL_IN_USE) && Instant::now() < deadline => {
                    tracing::info!("an earlier Postgres has not let go of the database yet");
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                ended => return ended,
            }
        }
    }

    /// Stops it: open transactions are rolled back, everything committed is on disk.
    pub async fn stop(&mut self) {
        let Some(pid) = self.running() else { return };
        for (signal, patience) in [(Signal::INT, STOP_WITHIN), (Signal::QUIT, Duration::from_secs(5))] {
            if kill_process(pid, signal).is_err() || self.ended_within(pid, patience).await {
                return;
            }
            tracing::warn!(?signal, "Postgres has not stopped in time");
        }
    }

    async fn ended_within(&mut self, pid: Pid, patience: Duration) -> bool {
        if let Some(child) = &mut self.child {
            return tokio::time::timeout(patience, child.wait()).await.is_ok();
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            // Its pid file goes last; the process may stay as a zombie if nobody collects it.
            if self.running() != Some(pid) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// The postmaster of this cluster, if it lives. After a reboot the number in its pid file may belong to
    /// somebody else, so on Linux the process must have the cluster as its working directory.
    fn running(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid")).ok()?;
        let number: i32 = text.lines().next()?.trim().parse().ok()?;
        let pid = Pid::from_raw(number)?;
        test_kill_process(pid).ok()?;
        let directory = fs::read_link(format!("/proc/{number}/cwd"));
        let ours = match (directory, fs::canonicalize(&self.folder)) {
            (Ok(directory), Ok(folder)) => directory == folder,
            _ => !Path::new("/proc/self/cwd").exists(),
        };
        ours.then_some(pid)
    }

    /// Lock files whose owner is dead keep Postgres from starting when their process number is in use again.
    fn remove_stale_locks(&self) {
        for path in [self.folder.join("postmaster.pid"), self.socket_folder.join(format!(".s.PGSQL.{PORT}.lock"))] {
            if path.exists() && fs::remove_file(&path).is_ok() {
                tracing::warn!(path = %path.display(), "removed a stale lock file");
            }
        }
    }

    /// Makes the cluster under another name and renames it, so that an interrupted start leaves no half of one.
    async fn initialise(&self, programs: &Path) -> Result<(), PostgresError> {
        tracing::info!(folder = %self.folder.display(), "making the database");
        let unfinished = self.folder.with_extension("new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(PostgresError::io(format!("remove {}", unfinished.display())))?;
        }
        self.private_folder(&unfinished)?;
        let program = programs.join("initdb");
        let mut command = self.command(&program);
        command.arg("-D").arg(&unfinished).args(["--username", SUPERUSER, "--encoding", "UTF8", "--locale", "C.UTF-8"]);
        command.args(["--auth-local", "trust", "--auth-host", "reject"]);
        let output = command.output().await.map_err(PostgresError::io(format!("run {}", program.display())))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(PostgresError::Program { program, output });
        }
        fs::rename(&unfinished, &self.folder).map_err(PostgresError::io(format!("make {}", self.folder.display())))
    }

    fn spawn(&self, programs: &Path) -> Result<Child, PostgresError> {
        let log = open_log(&self.log).map_err(PostgresError::io(format!("write {}", self.log.display())))?;
        let log_too = log.try_clone().map_err(PostgresError::io("share the log"))?;
        let program = programs.join("postgres");
        let mut command = self.command(&program);
        command.arg("-D").arg(&self.folder).arg("-p").arg(PORT.to_string());
        for setting in [
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories=\"{}\"", self.socket_folder.display()),
            "unix_socket_permissions=0700".to_owned(),
            "max_connections=60".to_owned(),
            "shared_buffers=128MB".to_owned(),
            "synchronous_commit=on".to_owned(),
            "max_wal_size=2GB".to_owned(),
        ] {
            command.arg("-c").arg(setting);
        }
        // A process group of its own: Ctrl-C on the terminal is for us, and we stop Postgres last.
        command.process_group(0).stdin(std::process::Stdio::null()).stdout(log).stderr(log_too);
        command.spawn().map_err(PostgresError::io(format!("run {}", program.display())))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST");
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        command
    }

    async fn wait_until_ready(&mut self) -> Result<(), PostgresError> {
        let options = self.connect_options();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let error = match PgConnection::connect_with(&options).await {
                Ok(connection) => {
                    let _ = connection.close().await;
                    return Ok(());
                }
                Err(error) => error,
            };
            let ended = self.child.as_mut().is_some_and(|c| !matches!(c.try_wait(), Ok(None)));
            if ended {
                return Err(PostgresError::Exited { log: self.log.clone(), tail: tail(&self.log) });
            }
            if Instant::now() > deadline {
                return Err(PostgresError::Connect(error));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A folder that only the cluster's user may enter.
    fn private_folder(&self, path: &Path) -> Result<(), PostgresError> {
        let failed = || PostgresError::io(format!("make the folder {}", path.display()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed())?;
        }
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            other => other.map_err(failed())?,
        }
        let owner = fs::symlink_metadata(path).map_err(failed())?;
        let wanted = self.run_as.map_or(geteuid().as_raw(), |(user, _)| user);
        if let (Some((user, group)), true) = (self.run_as, owner.is_dir() && owner.uid() == geteuid().as_raw()) {
            chown(path, Some(user), Some(group)).map_err(failed())?;
        } else if !owner.is_dir() || owner.uid() != wanted {
            return Err(failed()(std::io::Error::other("it belongs to somebody else")));
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed())
    }
}

/// User and group for Postgres when we are root.
fn unprivileged_user() -> Result<(u32, u32), PostgresError> {
    let accounts = fs::read_to_string("/etc/passwd").map_err(PostgresError::io("read /etc/passwd"))?;
    ["postgres", "nobody"].into_iter().find_map(|name| account(&accounts, name)).ok_or_else(|| PostgresError::Io {
        what: "find an unprivileged user for Postgres".to_owned(),
        error: std::io::Error::other("neither `postgres` nor `nobody` exists"),
    })
}

/// A line is `name:password:uid:gid:…`.
fn account(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = accounts.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Whether every folder on the way may be entered by everybody.
fn others_can_enter(path: &Path) -> bool {
    path.ancestors().filter_map(|p| fs::metadata(p).ok()).all(|m| m.mode() & 0o001 != 0)
}

fn short_hash(path: &Path) -> String {
    hex::encode(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..8])
}

/// A unix socket's path has at most 107 bytes, so a deep data folder gets a short name elsewhere.
fn socket_folder(home: &Path) -> PathBuf {
    let inside = home.join("pg-socket");
    let longest = inside.join(format!(".s.PGSQL.{PORT}.lock"));
    if longest.as_os_str().len() <= 107 { inside } else { PathBuf::from(format!("/tmp/lathe-{}", short_hash(home))) }
}

/// Appends, starting anew when the file has grown large.
fn open_log(path: &Path) -> std::io::Result<fs::File> {
    let large = fs::metadata(path).is_ok_and(|m| m.len() > 10 << 20);
    if large {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    fs::OpenOptions::new().create(true).append(true).open(path)
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts() {
        let text = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:1:1::/:\npostgres:x:100:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(account(text, "postgres"), Some((100, 104)));
        assert_eq!(account(text, "nobody"), None);
    }

    #[test]
    fn socket_paths_stay_short() {
        assert_eq!(socket_folder(Path::new("/srv/lathe")), PathBuf::from("/srv/lathe/pg-socket"));
        let deep = PathBuf::from(format!("/{}", "deep/".repeat(30)));
        assert!(socket_folder(&deep).as_os_str().len() < 40);
    }
}
