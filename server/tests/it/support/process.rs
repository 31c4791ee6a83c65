//! Servers and workers as processes of a test: one Postgres for all, a tiny model that the real trainer trains, and a
//! script that talks to the API.

use crate::tiny;
use domain::{
    access::TokenScope,
    id::{ProjectId, UserId},
};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use store::PgPool;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(90);

/// A process that ends with the test, and the trainer it may leave behind.
pub struct Process {
    pub child: Child,
    pub data: PathBuf,
}

impl Process {
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The trainers that write below this process's data folder.
    pub fn trainers(&self) -> Vec<u32> {
        let mine = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*self.data.join("runs").to_string_lossy())
        };
        let all = std::fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
        all.filter(mine).collect()
    }

    pub fn kill_trainers(&self) {
        for pid in self.trainers() {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.kill_trainers();
    }
}

/// What all processes share, and a script that talks to the web server.
pub struct Place {
    pub db: PgPool,
    pub folder: TempDir,
    pub address: String,
    pub project: ProjectId,
    pub token: String,
    pub http: reqwest::Client,
}

impl Place {
    pub async fn new(db: PgPool) -> Self {
        let folder = TempDir::new().unwrap();
        tiny::write_model(&folder.path().join("models/tiny")).unwrap();
        let email = domain::account::Email::parse("ada@lathe.test").unwrap();
        let user: UserId =
            store::users::create(&mut db.acquire().await.unwrap(), &email, "Ada", "-", false).await.unwrap();
        let project = store::projects::create(&db, user, "P", "").await.unwrap();
        let new = store::tokens::NewToken { user, name: "t", scope: TokenScope::Write, project: None, days: 1 };
        let token = store::tokens::create(&db, new).await.unwrap().1;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { db, folder, address, project, token, http: reqwest::Client::new() }
    }

    pub fn start(&self, data: &str, arguments: &[&str]) -> Process {
        self.start_with(data, arguments, "none")
    }

    /// A server with these device slots of its own.
    pub fn start_with(&self, data: &str, arguments: &[&str], workers: &str) -> Process {
        let url = sqlx::ConnectOptions::to_url_lossy(self.db.connect_options().as_ref());
        let data = self.folder.path().join(data);
        std::fs::create_dir_all(&data).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .env("DATABASE_URL", url.as_str())
            .env("LATHE_DATA", &data)
            .env("LATHE_LISTEN", &self.address)
            .env("LATHE_WORKERS", workers)
            .env("LATHE_MODEL_PATHS", self.folder.path().join("models"))
            .env("LATHE_ARTIFACT_URL", format!("file://{}", self.folder.path().join("artifacts").display()))
            .env_remove("LATHE_TRAINER")
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Process { child, data }
    }

    pub fn work(&self, data: &str) -> Process {
        self.start(data, &["work", "--device", "cpu"])
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> (u16, Vec<u8>) {
        let url = format!("http://{}/api/v1/projects/{}{path}", self.address, self.project);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    pub async fn post(&self, path: &str, body: Vec<u8>) -> Value {
        let (status, body) = self.call("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Asks for `path` until the answer satisfies `condition`.
    pub async fn until(&self, path: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.get(path).await;
            if condition(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}; last seen: {found}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the web server answers.
    pub async fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        let url = format!("http://{}/readyz", self.address);
        while !self.http.get(&url).send().await.is_ok_and(|a| a.status().is_success()) {
            assert!(Instant::now() < deadline, "the web server is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Does a job and gives its result.
    pub async fn job(&self, path: &str, body: Value) -> Value {
        let job = self.post(path, body.to_string().into_bytes()).await;
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let done = self.until(&path, "the job ends", |j| j["ended_at"].is_string()).await;
        assert_eq!(done["status"], "succeeded", "{done}");
        done["result"].clone()
    }

    /// Registers the tiny model, and imports samples.
    pub async fn fill(&self) -> Filled {
        let path = self.folder.path().join("models/tiny");
        let model = self.job("/models", json!({ "origin": { "from": "path", "path": path } })).await;
        let lines: Vec<_> = tiny::samples(60).iter().map(|s| serde_json::to_string(s).unwrap()).collect();
        let upload = self.post("/uploads?file_name=vowels.jsonl", lines.join("\n").into_bytes()).await;
        let version = self.job("/imports", json!({ "upload_id": upload["id"], "name": "vowels" })).await;
        Filled { model: model["model_id"].clone(), version: version["version_id"].clone() }
    }
}

/// What runs are made of.
pub struct Filled {
    pub model: Value,
    pub version: Value,
}
