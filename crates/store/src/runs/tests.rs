//! Runs against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use domain::{
    dataset::VersionStats,
    estimate::{Estimate, Misfit},
    id::{JobId, ProjectId, UserId},
    model::{ModelCard, ModelFormat},
    recipe::{Objective, Recipe},
    run::{Ancestry, FailureKind, RunCursor, RunFilter, RunSort},
};
use serde_json::json;
use sqlx::PgPool;

pub(crate) struct Place {
    pub(crate) db: PgPool,
    pub(crate) user: UserId,
    pub(crate) project: ProjectId,
    pub(crate) model: ModelId,
    pub(crate) version: VersionId,
}

/// A model that is small.
pub(crate) fn card() -> ModelCard {
    ModelCard {
        architecture: "LlamaForCausalLM".to_owned(),
        family: "llama".to_owned(),
        format: ModelFormat::Gguf,
        parameters: 1000,
        layers: 2,
        hidden_size: 8,
        intermediate_size: 16,
        attention_heads: 2,
        key_value_heads: 1,
        head_dim: 4,
        context_length: 512,
        vocabulary: 100,
        quantization: "F32".to_owned(),
        licence: None,
        chat_template: None,
        tied_embeddings: true,
        size_bytes: 4000,
    }
}

/// A project with one model and one dataset version.
pub(crate) async fn place(db: PgPool) -> Place {
    let (user, model, dataset, version) = (UserId::new(), ModelId::new(), DatasetId::new(), VersionId::new());
    sqlx::query("insert into users (id, email, name, password_hash) values ($1, 'ada@example.org', 'Ada', '')")
        .bind(user.0)
        .execute(&db)
        .await
        .unwrap();
    let project = crate::projects::create(&db, user, "Intents", "").await.unwrap();
    sqlx::query(
        "insert into models (id, project_id, name, source, card, created_by) values ($1, $2, 'Smol', '{}', $3, $4)",
    )
    .bind(model.0)
    .bind(project.0)
    .bind(serde_json::to_value(card()).unwrap())
    .bind(user.0)
    .execute(&db)
    .await
    .unwrap();
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'Home', $3)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(user.0)
        .execute(&db)
        .await
        .unwrap();
    sqlx::query(
        "insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', $3, $4)",
    )
    .bind(version.0)
    .bind(dataset.0)
    .bind(serde_json::to_value(VersionStats { samples: 10, train: 8, ..VersionStats::default() }).unwrap())
    .bind(user.0)
    .execute(&db)
    .await
    .unwrap();
    Place { db, user, project, model, version }
}

impl Place {
    async fn launch(&self, name: &str, key: Option<&str>) -> Launched {
        let recipe = Recipe::default();
        let data = VersionStats { samples: 10, train: 8, ..VersionStats::default() };
        let estimate: Estimate = domain::estimate::estimate(&recipe, &card(), &data, None, None);
        let new = NewRun {
            project: self.project,
            by: self.user,
            name,
            model: self.model,
            version: self.version,
            recipe: &recipe,
            estimate: &estimate,
            ancestry: Ancestry::default(),
            preflight: false,
            leak_reason: None,
            benchmarks: &[],
            idempotency_key: key,
        };
        create(&self.db, new).await.unwrap()
    }

    /// A run that is to be tried out, and the job that does it.
    pub(crate) async fn launch_checked(&self) -> (RunId, JobId) {
        let launch = Launch {
            project: self.project,
            by: self.user,
            name: String::new(),
            model: self.model,
            version: self.version,
            recipe: Recipe::default(),
            ancestry: Ancestry::default(),
            preflight: true,
            leak_reason: None,
            benchmarks: Vec::new(),
            idempotency_key: None,
        };
        let run = super::launch(&self.db, &launch).await.unwrap().id;
        let job: uuid::Uuid = sqlx::query_scalar("select preflight_job from runs where id = $1")
            .bind(run.0)
            .fetch_one(&self.db)
            .await
            .unwrap();
        (run, JobId(job))
    }

    async fn set(&self, run: RunId, change: &'static str) {
        sqlx::query(sqlx::AssertSqlSafe(format!("update runs set {change} where id = $1")))
            .bind(run.0)
            .execute(&self.db)
            .await
            .unwrap();
    }

    async fn list(&self, filter: RunFilter) -> domain::page::Page<RunSummary> {
        list(&self.db, self.project, &filter).await.unwrap()
    }
}

fn numbers(page: &domain::page::Page<RunSummary>) -> Vec<i32> {
    page.items.iter().map(|r| r.number).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn launches_are_numbered_and_idempotent(db: PgPool) {
    let p = place(db).await;
    let first = p.launch("one", Some("k")).await;
    let again = p.launch("one", Some("k")).await;
    let second = p.launch("two", None).await;
    assert_eq!((again.id, again.is_new, first.is_new), (first.id, false, true));
    let other = Launch {
        project: p.project,
        by: p.user,
        name: String::new(),
        model: p.model,
        version: p.version,
        recipe: Recipe { seed: 7, ..Recipe::default() },
        ancestry: Ancestry::default(),
        preflight: false,
        leak_reason: None,
        benchmarks: Vec::new(),
        idempotency_key: Some("k".to_owned()),
    };
    assert!(
        matches!(launch(&p.db, &other).await, Err(LaunchError::Store(StoreError::Stale(crate::Stale::KeyUsed)))),
        "the key is used"
    );
    let run = get(&p.db, p.project, second.id).await.unwrap().unwrap();
    assert_eq!(
        (run.summary.number, run.summary.model_name.as_str(), run.summary.dataset_name.as_str()),
        (2, "Smol", "Home")
    );
    assert_eq!(run.summary.state.queue, Some(QueueReason::RunsBefore { runs: 1 }));
    assert!(run.estimate.is_some());
    assert_eq!(
        crate::activity::latest(&p.db, p.project, 10)
            .await
            .unwrap()
            .iter()
            .filter(|a| a.verb == "run.launched")
            .count(),
        2
    );
    // Not of another project.
    assert!(get(&p.db, ProjectId::new(), second.id).await.unwrap().is_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn cancelling_ends_a_waiting_run_and_asks_a_working_one(db: PgPool) {
    let p = place(db).await;
    let (waiting, working) = (p.launch("a", None).await.id, p.launch("b", None).await.id);
    p.set(working, "status = 'running', lease_until = now() + interval '1 minute'").await;
    assert!(request_cancel(&p.db, p.project, waiting, p.user).await.unwrap());
    assert!(request_cancel(&p.db, p.project, working, p.user).await.unwrap());
    let waiting_state = state(&p.db, p.project, waiting).await.unwrap().unwrap();
    let working_state = state(&p.db, p.project, working).await.unwrap().unwrap();
    assert_eq!(waiting_state.status, RunStatus::Cancelled);
    assert_eq!((working_state.status, working_state.cancel_requested), (RunStatus::Running, true));
    assert!(!request_cancel(&p.db, p.project, waiting, p.user).await.unwrap(), "a final run cannot be cancelled");
    assert!(!request_cancel(&p.db, ProjectId::new(), working, p.user).await.unwrap(), "only in its project");
}

#[sqlx::test(migrations = "../../migrations")]
async fn lists_filter_sort_and_page(db: PgPool) {
    let p = place(db).await;
    let mut ids = Vec::new();
    for name in ["alpha", "beta", "gamma"] {
        ids.push(p.launch(name, None).await.id);
    }
    p.set(
        ids[1],
        "status = 'failed', failure_kind = 'disk_full', failure = '{\"code\": \"said\", \"text\": \"no space\"}'",
    )
    .await;
    for (run, accuracy) in [(ids[0], 0.9), (ids[2], 0.4)] {
        sqlx::query("insert into evals (id, project_id, run_id, subject, version_id, metrics) values ($1, $2, $3, 'tuned', $4, $5)")
            .bind(domain::id::EvalId::new().0)
            .bind(p.project.0)
            .bind(run.0)
            .bind(p.version.0)
            .bind(json!({"task": "classification", "samples": 10, "values": {"accuracy": accuracy}}))
            .execute(&p.db)
            .await
            .unwrap();
    }
    let all = p.list(RunFilter { limit: 2, ..RunFilter::default() }).await;
    assert_eq!(numbers(&all), [3, 2]);
    let cursor: RunCursor = all.next_cursor.unwrap().parse().unwrap();
    let rest = p.list(RunFilter { limit: 2, cursor: Some(cursor), ..RunFilter::default() }).await;
    assert_eq!((numbers(&rest), rest.next_cursor), (vec![1], None));

    let best = p.list(RunFilter { limit: 5, sort: RunSort::Score, ..RunFilter::default() }).await;
    assert_eq!(numbers(&best), [1, 3, 2]);
    assert_eq!(best.items[0].headline.as_ref().unwrap().tuned, Some(0.9));

    let failed = p.list(RunFilter { limit: 5, statuses: vec![RunStatus::Failed], ..RunFilter::default() }).await;
    assert_eq!(numbers(&failed), [2]);
    let failure = failed.items[0].state.failure.as_ref().unwrap();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::DiskFull, "no space"));
    let found = p.list(RunFilter { limit: 5, search: "GAM".to_owned(), ..RunFilter::default() }).await;
    assert_eq!(numbers(&found), [3]);
    assert_eq!(of_ids(&p.db, p.project, &[ids[2], ids[0]]).await.unwrap()[0].number, 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn choices_know_the_measured_speed(db: PgPool) {
    let p = place(db).await;
    assert_eq!(choices(&p.db, p.project).await.unwrap().measured_flops, None);
    let run = p.launch("a", None).await.id;
    p.set(run, "status = 'succeeded', ended_at = now(), estimate = '{\"flops_per_token\": 10}'").await;
    sqlx::query(
        "with s as (insert into series (run_id, attempt, key) values ($1, 1, 'tokens_per_second') returning id) \
         insert into points (series_id, step, value, elapsed_ms) select id, n, 100, n from s, generate_series(1, 3) n",
    )
    .bind(run.0)
    .execute(&p.db)
    .await
    .unwrap();
    let choices = choices(&p.db, p.project).await.unwrap();
    assert_eq!((choices.models.len(), choices.versions.len()), (1, 1));
    assert_eq!(choices.measured_flops, Some(1000.0));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_launch_that_cannot_work_is_refused(db: PgPool) {
    let p = place(db).await;
    let wanted = Launch {
        project: p.project,
        by: p.user,
        name: String::new(),
        model: p.model,
        version: p.version,
        recipe: Recipe::default(),
        ancestry: Ancestry::default(),
        preflight: false,
        leak_reason: None,
        benchmarks: Vec::new(),
        idempotency_key: None,
    };
    let made = launch(&p.db, &wanted).await.unwrap();
    assert_eq!(get(&p.db, p.project, made.id).await.unwrap().unwrap().summary.name, "Smol · Home v1");

    let mut long = wanted.clone();
    long.recipe.batch.max_length = 513;
    assert!(matches!(launch(&p.db, &long).await, Err(LaunchError::Misfits(_))));
    let mut dpo = wanted.clone();
    dpo.recipe.objective = Objective::Dpo;
    let Err(LaunchError::Misfits(misfits)) = launch(&p.db, &dpo).await else { panic!("no pairs, and launched") };
    assert_eq!(misfits, [Misfit::NoPairs]);
    let mut wrong = wanted.clone();
    wrong.recipe.lora.rank = 0;
    assert!(matches!(launch(&p.db, &wrong).await, Err(LaunchError::Recipe(_))));
    let elsewhere = Launch { benchmarks: vec![p.version, VersionId::new()], ..wanted.clone() };
    assert!(matches!(launch(&p.db, &elsewhere).await, Err(LaunchError::Benchmarks)));
    let foreign = Launch { model: ModelId::new(), ..wanted };
    assert!(matches!(launch(&p.db, &foreign).await, Err(LaunchError::Model)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn losses_are_compared_to_the_bit_where_they_are(db: PgPool) {
    use crate::points::{NewPoint, insert};
    let p = place(db).await;
    let (first, second) = (p.launch("one", None).await.id, p.launch("two", None).await.id);
    let files = r#"status = 'succeeded', adapter = '[{"path": "a.safetensors", "sha256": "x", "size_bytes": 1}]'"#;
    p.set(first, files).await;
    p.set(second, files).await;
    sqlx::query("update runs set repeats = $1 where id = $2")
        .bind(first.0)
        .bind(second.0)
        .execute(&p.db)
        .await
        .unwrap();
    let losses = async |run: RunId, attempt: i32, values: &[(u32, f64)]| {
        let point = |(step, value): &(u32, f64)| NewPoint {
            key: "train_loss".to_owned(),
            step: *step,
            value: *value,
            elapsed_ms: 1,
        };
        let points: Vec<NewPoint> = values.iter().map(point).collect();
        insert(&mut p.db.acquire().await.unwrap(), run, attempt, &points).await.unwrap();
    };
    let differences = async || {
        let run = get(&p.db, p.project, second).await.unwrap().unwrap();
        repetition(&p.db, &run).await.unwrap().unwrap().differences.unwrap()
    };
    losses(first, 1, &[(1, 2.5), (2, f64::NAN), (3, 1.5)]).await;
    // Of a step that two attempts took, the last one's counts.
    losses(second, 1, &[(1, 2.5), (2, 99.0)]).await;
    losses(second, 2, &[(2, f64::NAN), (3, 1.5)]).await;
    assert!(differences().await.is_same());
    losses(second, 2, &[(3, 1.5 + f64::EPSILON)]).await;
    let other = differences().await.first_loss.unwrap();
    assert_eq!((other.step, other.first, other.second), (3, Some(1.5), Some(1.5 + f64::EPSILON)));
    losses(second, 2, &[(3, 1.5), (4, -0.0)]).await;
    let more = differences().await.first_loss.unwrap();
    assert_eq!((more.step, more.first), (4, None), "a step that only one took");
    losses(first, 1, &[(4, 0.0)]).await;
    assert_eq!(differences().await.first_loss.map(|l| l.step), Some(4), "0 and -0 have other bits");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_that_saw_erased_rows_says_so_wherever_it_is_offered(db: PgPool) {
    let p = place(db).await;
    let (marked, other) = (p.launch("marked", None).await.id, p.launch("other", None).await.id);
    for run in [marked, other] {
        p.set(run, "adapter = '[{}]'").await;
    }
    let forgetting = uuid::Uuid::now_v7();
    sqlx::query("insert into forgettings (id, project_id, samples) values ($1, $2, 1)")
        .bind(forgetting)
        .bind(p.project.0)
        .execute(&p.db)
        .await
        .unwrap();
    sqlx::query("insert into run_forgettings (run_id, forgetting_id, samples) values ($1, $2, 1)")
        .bind(marked.0)
        .bind(forgetting)
        .execute(&p.db)
        .await
        .unwrap();
    let listed = p.list(RunFilter { limit: 10, ..RunFilter::default() }).await;
    assert_eq!(listed.items.iter().filter(|r| r.saw_erased).map(|r| r.id).collect::<Vec<_>>(), [marked]);
    let offered = crate::scores::scorers(&p.db, p.project).await.unwrap();
    assert_eq!(offered.iter().filter(|s| s.saw_erased).map(|s| s.run).collect::<Vec<_>>(), [Some(marked)]);
    for run in [marked, other] {
        let evaluated = crate::evals::of_run(&p.db, p.project, run).await.unwrap().unwrap();
        assert_eq!(evaluated.saw_erased, run == marked);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_run_was_held_against_keeps_its_name_when_it_is_archived(db: PgPool) {
    let p = place(db).await;
    let run = p.launch("one", None).await.id;
    sqlx::query("update runs set benchmarks = array[$2]::uuid[] where id = $1")
        .bind(run.0)
        .bind(p.version.0)
        .execute(&p.db)
        .await
        .unwrap();
    sqlx::query("update datasets set archived_at = now()").execute(&p.db).await.unwrap();
    assert!(choices(&p.db, p.project).await.unwrap().versions.is_empty());
    let named = crate::benchmarks::chosen_named(&p.db, run).await.unwrap();
    assert_eq!(
        named.iter().map(|b| (b.version_id, b.to_string())).collect::<Vec<_>>(),
        [(p.version, "Home v1".to_owned())]
    );
}
