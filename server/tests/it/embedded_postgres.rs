//! The embedded Postgres under a real server process: nothing is lost when the server, or both, are killed, and
//! nothing is left running when the server is stopped.

use server::postgres::{Cluster, available};
use sqlx::{Connection, PgConnection};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A server with an embedded database, on a free port.
struct Server {
    child: Child,
    data: PathBuf,
}

impl Server {
    /// Starts it and waits until its database answers.
    async fn start(data: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .env_remove("DATABASE_URL")
            .env("LATHE_DATA", data)
            .env("LATHE_LISTEN", address.to_string())
            .env("LATHE_WORKERS", "none")
            .current_dir(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_ready(address) {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended before it was ready: {ended:?}");
            if Instant::now() >= deadline {
                drop(Self { child, data: data.to_owned() });
                panic!("the server is not ready within a minute");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { child, data: data.to_owned() }
    }

    /// The process number of its Postgres.
    fn postmaster(&self) -> Option<u32> {
        std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).ok()?.lines().next()?.parse().ok()
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&Cluster::locate(&self.data).unwrap().connect_options()).await.unwrap()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn terminate(&mut self) {
        signal("-TERM", self.child.id());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(pid) = self.postmaster() {
            let _ = Command::new("kill").args(["-QUIT", &pid.to_string()]).status();
        }
    }
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// Whether `/readyz` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn what_was_written_survives_every_way_to_die() {
    if available().is_empty() {
        eprintln!("skipped: no Postgres programs on this machine");
        return;
    }
    let data = TempDir::new().unwrap();
    // Postgres runs as another user when we are root, and must get in.
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();

    let mut server = Server::start(data.path()).await;
    let postmaster = server.postmaster().unwrap();
    let mut connection = server.connect().await;
    sqlx::query("insert into login_failures (key) values ('kept')").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    // Only the server dies: the next one goes on with the same Postgres.
    server.kill();
    let mut server = Server::start(data.path()).await;
    assert_eq!(server.postmaster(), Some(postmaster));

    // Both die, with a lock file left behind.
    server.kill();
    signal("-KILL", postmaster);
    let mut server = Server::start(data.path()).await;
    assert_ne!(server.postmaster(), Some(postmaster));
    let mut connection = server.connect().await;
    let kept: i64 = sqlx::query_scalar("select count(*) from login_failures where key = 'kept'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    connection.close().await.unwrap();

    // Stopped in order, it takes Postgres with it.
    server.terminate();
    assert_eq!(server.postmaster(), None);
}
