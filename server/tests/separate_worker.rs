//! One Postgres of somebody else's, a web server without workers, and `server work` beside it with a data folder
//! of its own: real processes, a real trainer, a tiny model. The web server only serves; workers come and go.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../trainer/tests/support/mod.rs"]
mod tiny;

use domain::{
    access::TokenScope,
    id::{ProjectId, UserId},
};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use store::PgPool;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(90);
/// Enough for a run to be interrupted in the middle on a fast machine.
const STEPS: u64 = 2000;

/// A process that ends with the test, and the trainer it may leave behind.
struct Process {
    child: Child,
    data: PathBuf,
}

impl Process {
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The trainers that write below this process's data folder.
    fn trainers(&self) -> Vec<u32> {
        let mine = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*self.data.join("runs").to_string_lossy())
        };
        let all = std::fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
        all.filter(mine).collect()
    }

    fn kill_trainers(&self) {
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
struct Place {
    db: PgPool,
    folder: TempDir,
    address: String,
    project: ProjectId,
    token: String,
    http: reqwest::Client,
}

impl Place {
    async fn new(db: PgPool) -> Self {
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

    fn start(&self, data: &str, arguments: &[&str]) -> Process {
        let url = sqlx::ConnectOptions::to_url_lossy(self.db.connect_options().as_ref());
        let data = self.folder.path().join(data);
        std::fs::create_dir_all(&data).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .env("DATABASE_URL", url.as_str())
            .env("LATHE_DATA", &data)
            .env("LATHE_LISTEN", &self.address)
            .env("LATHE_WORKERS", "none")
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

    fn work(&self, data: &str) -> Process {
        self.start(data, &["work", "--device", "cpu"])
    }

    async fn call(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> (u16, Vec<u8>) {
        let url = format!("http://{}/api/v1/projects/{}{path}", self.address, self.project);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Value {
        let (status, body) = self.call("POST", path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Asks for `path` until the answer satisfies `condition`.
    async fn until(&self, path: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
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

    async fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        let url = format!("http://{}/readyz", self.address);
        while !self.http.get(&url).send().await.is_ok_and(|a| a.status().is_success()) {
            assert!(Instant::now() < deadline, "the web server is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Does a job and gives its result.
    async fn job(&self, path: &str, body: Value) -> Value {
        let job = self.post(path, body.to_string().into_bytes()).await;
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let done = self.until(&path, "the job ends", |j| j["ended_at"].is_string()).await;
        assert_eq!(done["status"], "succeeded", "{done}");
        done["result"].clone()
    }

    /// Registers the tiny model, imports samples and launches runs that take long enough to be interrupted.
    async fn fill(&self) -> Launcher {
        let path = self.folder.path().join("models/tiny");
        let model = self.job("/models", json!({ "origin": { "from": "path", "path": path } })).await;
        let lines: Vec<_> = tiny::samples(60).iter().map(|s| serde_json::to_string(s).unwrap()).collect();
        let upload = self.post("/uploads?file_name=vowels.jsonl", lines.join("\n").into_bytes()).await;
        let version = self.job("/imports", json!({ "upload_id": upload["id"], "name": "vowels" })).await;
        Launcher { model: model["model_id"].clone(), version: version["version_id"].clone() }
    }
}

struct Launcher {
    model: Value,
    version: Value,
}

impl Launcher {
    /// The path of a new run.
    async fn launch(&self, place: &Place) -> String {
        let recipe = json!({
            "schedule": { "max_steps": STEPS }, "lora": { "rank": 4 }, "batch": { "micro_batch": 4, "accumulation": 1, "max_length": 64 },
            "evaluation": { "every_steps": 500, "previews": 0, "max_new_tokens": 4 },
        });
        let request = json!({ "model_id": self.model, "version_id": self.version, "recipe": recipe });
        let run = place.post("/runs", request.to_string().into_bytes()).await;
        format!("/runs/{}", run["id"].as_str().unwrap())
    }
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["state"]["status"] == status
}

fn has_trained(run: &Value) -> bool {
    run["state"]["step"].as_u64().is_some_and(|step| step >= 20)
}

/// The (attempt, step) pairs of the training loss, as stored.
async fn losses(place: &Place, run: &str) -> Vec<(u64, u64)> {
    let points = place.get(&format!("{run}/points?keys=train_loss")).await;
    let number = |p: &Value, key: &str| p[key].as_u64().unwrap();
    points.as_array().unwrap().iter().map(|p| (number(p, "attempt"), number(p, "step"))).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_worker_apart_trains_and_can_be_killed_and_replaced(db: PgPool) {
    let program = Path::new(env!("CARGO_BIN_EXE_server")).with_file_name("trainer");
    assert!(program.exists(), "{} is missing: cargo build --package trainer", program.display());
    let place = Place::new(db).await;
    let web = place.start("web", &["serve"]);
    place.ready().await;
    let launcher = place.fill().await;

    // Nobody but a worker trains.
    let run = launcher.launch(&place).await;
    place.until(&run, "the queue says so", |r| r["state"]["queue"]["reason"] == "just_queued").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is("queued")(&place.get(&run).await) && web.trainers().is_empty());

    // A killed worker's trainer goes on; the next worker on its data folder takes it up.
    let mut first = place.work("worker");
    place.until(&run, "it trains", has_trained).await;
    first.kill();
    let second = place.work("worker");
    let done = place.until(&run, "it succeeds", is("succeeded")).await;
    assert_eq!(done["state"]["attempt"], 1);
    assert!(web.trainers().is_empty());
    let steps: Vec<_> = losses(&place, &run).await;
    assert!(steps.is_sorted() && steps.windows(2).all(|w| w[0] < w[1]), "no point twice: {steps:?}");
    assert_eq!(steps.last(), Some(&(1, STEPS)));
    // The web server has what the worker stored.
    assert!(place.get(&format!("{run}/evaluation")).await.is_object());
    let (status, weights) = place.call("GET", &format!("{run}/adapter/adapter_model.safetensors"), None).await;
    assert!(status == 200 && weights.len() > 1000, "{status}, {} bytes", weights.len());

    // A machine that is lost with all that was on it: after its lease another begins the run anew.
    let run = launcher.launch(&place).await;
    place.until(&run, "it trains", has_trained).await;
    let mut lost = second;
    lost.kill();
    lost.kill_trainers();
    sqlx::query("update runs set lease_until = now() - interval '1 second' where lease_until is not null")
        .execute(&place.db)
        .await
        .unwrap();
    let _third = place.work("another worker");
    let done = place.until(&run, "it succeeds", is("succeeded")).await;
    assert_eq!(done["state"]["attempt"], 2);
    assert_eq!(losses(&place, &run).await.last(), Some(&(2, STEPS)));
}
