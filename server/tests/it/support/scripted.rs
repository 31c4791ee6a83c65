//! A run, its worker as a process, and a trainer that is a script.

use domain::{
    id::{DatasetId, ModelId, ProjectId, RunId, UserId, VersionId},
    recipe::Recipe,
    run::{RunDetail, RunStatus},
};
use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use store::PgPool;
use tempfile::TempDir;

/// What every scripted trainer begins with: it learns what to do, its out folder, whether it resumes, and its micro-batch.
const PRELUDE: &str = r#"#!/bin/sh
verb=$1; out=; resume=; samples=
while [ $# -gt 0 ]; do
    case $1 in --out) out=$2; shift ;; --resume) resume=yes ;; --micro-batch) samples=$2; shift ;; esac
    shift
done
say() { printf '%s\n' "$1" >>"$out/events.jsonl"; }
point() { say "{\"event\":\"point\",\"key\":\"train_loss\",\"step\":$1,\"value\":$2,\"elapsed_ms\":$1}"; }
started() { say "{\"event\":\"started\",\"total_steps\":4,\"resumed_from_step\":$1,\"train_samples\":1,\"validation_samples\":0,\"trainable_parameters\":1,\"total_parameters\":2,\"device\":\"cpu\"}"; }
finish() {
    mkdir -p "$out/adapter"
    echo weights >"$out/adapter/adapter_model.safetensors"
    echo '{"steps": 4}' >"$out/summary.json"
    say '{"event":"finished","steps":4,"adapter_folder":"adapter","elapsed_ms":9}'
}
"#;

/// A project with one queued run, and a folder for its worker.
pub(crate) struct Place {
    pub(crate) db: PgPool,
    pub(crate) project: ProjectId,
    pub(crate) run: RunId,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) async fn new(db: PgPool, trainer: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("trainer");
        std::fs::write(&program, format!("{PRELUDE}{trainer}")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let sha256 = "ab".repeat(32);
        let artifact = folder.path().join("artifacts/ab");
        std::fs::create_dir_all(&artifact).unwrap();
        std::fs::write(artifact.join(&sha256), "model").unwrap();
        let (project, run) = fill(&db, &sha256).await;
        Self { db, project, run, folder }
    }

    /// `server work` on this database and folder.
    pub(crate) fn work(&self) -> Worker {
        let options = self.db.connect_options();
        let url = sqlx::ConnectOptions::to_url_lossy(options.as_ref());
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["work", "--device", "cpu"])
            .env("DATABASE_URL", url.as_str())
            .env("LATHE_DATA", self.folder.path())
            .env("LATHE_TRAINER", self.folder.path().join("trainer"))
            .env_remove("LATHE_ARTIFACT_URL")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Worker { child, folder: self.folder.path().to_owned() }
    }

    pub(crate) async fn detail(&self) -> RunDetail {
        store::runs::get(&self.db, self.project, self.run).await.unwrap().unwrap()
    }

    /// Waits until the run satisfies `condition`.
    pub(crate) async fn until(&self, what: &str, condition: impl Fn(&RunDetail) -> bool) -> RunDetail {
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            let run = self.detail().await;
            if condition(&run) {
                return run;
            }
            assert!(Instant::now() < deadline, "not within 40 s: {what}; the run is {:?}", run.summary.state);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn until_status(&self, status: RunStatus) -> RunDetail {
        self.until(status.as_str(), |run| run.summary.state.status == status).await
    }

    /// Has the run tried out before it is queued.
    pub(crate) async fn check_first(&self) {
        let user: uuid::Uuid = sqlx::query_scalar("select id from users").fetch_one(&self.db).await.unwrap();
        let payload = store::preflights::PreflightJob { run_id: self.run };
        let job = store::jobs::enqueue(&self.db, self.project, store::preflights::KIND, &payload, UserId(user));
        sqlx::query("update runs set status = 'checking', preflight_job = $1")
            .bind(job.await.unwrap().0)
            .execute(&self.db)
            .await
            .unwrap();
    }

    /// (attempt, step) of the stored training losses.
    pub(crate) async fn steps(&self) -> Vec<(u32, u32)> {
        let points = store::points::since(&self.db, self.run, 0, 1000).await.unwrap();
        points.iter().map(|p| (p.attempt, p.step)).collect()
    }
}

/// A worker process that a test may kill; a trainer it leaves behind ends with the test.
pub(crate) struct Worker {
    child: Child,
    folder: PathBuf,
}

impl Worker {
    /// As the kernel or a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks to stop, and waits for it.
    pub(crate) fn terminate(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A scripted trainer that was left behind waits for this file to go.
        let _ = std::fs::remove_file(self.folder.join("hold"));
    }
}

/// One of everything that a run needs.
async fn fill(db: &PgPool, sha256: &str) -> (ProjectId, RunId) {
    let email = domain::account::Email::parse("ada@lathe.test").unwrap();
    let mut connection = db.acquire().await.unwrap();
    let user: UserId = store::users::create(&mut connection, &email, "Ada", "-", false).await.unwrap();
    drop(connection);
    let project = store::projects::create(db, user, "P", "").await.unwrap();
    store::artifacts::record(db, sha256, 5).await.unwrap();
    let (model, dataset, version, run) = (ModelId::new(), DatasetId::new(), VersionId::new(), RunId::new());
    let card = serde_json::json!({
        "architecture": "LlamaForCausalLM", "family": "llama", "format": "gguf", "parameters": 1, "layers": 1, "hidden_size": 1,
        "intermediate_size": 1, "attention_heads": 1, "key_value_heads": 1, "head_dim": 1, "context_length": 8, "vocabulary": 8,
        "quantization": "F32", "licence": null, "chat_template": null, "tied_embeddings": true, "size_bytes": 5,
    });
    let recipe = serde_json::to_value(Recipe::default()).unwrap();
    // The held-out sample says something else, so that nothing leaks.
    let messages = |question: &str| serde_json::json!([{"role": "user", "content": question}, {"role": "assistant", "content": "answer"}]);
    sqlx::query(
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'm', '{}', $3, $4)",
    )
    .bind(model.0)
    .bind(project.0)
    .bind(card)
    .bind(user.0)
    .execute(db)
    .await
    .unwrap();
    sqlx::query("insert into model_files (model_id, path, sha256) values ($1, 'model.gguf', $2)")
        .bind(model.0)
        .bind(sha256)
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'd', $3)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', '{}', $3)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    for (position, split, question) in [(0, 0i16, "question"), (1, 2, "something else")] {
        sqlx::query(
            "with s as (insert into samples (dataset_id, messages, content_hash, search_text) values ($1, $2, $3, '') returning id) \
             insert into version_samples (version_id, position, sample_id, split) select $4, $5, id, $6 from s",
        )
        .bind(dataset.0)
        .bind(messages(question))
        .bind([u8::try_from(position).unwrap(); 32].as_slice())
        .bind(version.0)
        .bind(position)
        .bind(split)
        .execute(db)
        .await
        .unwrap();
    }
    sqlx::query(
        "insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) values ($1, $2, 1, 'r', $3, $4, $5, $6)",
    )
    .bind(run.0)
    .bind(project.0)
    .bind(model.0)
    .bind(version.0)
    .bind(recipe)
    .bind(user.0)
    .execute(db)
    .await
    .unwrap();
    (project, run)
}
