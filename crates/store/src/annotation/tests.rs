//! Giving out items and taking judgements, against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod counts;
mod gold;
mod many;
mod models;
mod overlap;
mod shared;
mod slots;
mod texts;

use super::{fill, tasks, work};
use crate::error::to_json;
use domain::{
    annotation::{
        ItemStatus, TaskStatus,
        answer::{Answer, Judgement},
        distribution::Distribution,
        view::{NewTask, Next, Source, Submit, Submitted, Work},
    },
    dataset::VersionStats,
    id::{DatasetId, ItemId, ProjectId, TaskId, UserId, VersionId},
    sample::Split,
};
use sqlx::PgPool;
use uuid::Uuid;

/// A project with a version of questions about reviews, and an open task on it.
pub(crate) struct Place {
    pub(crate) db: PgPool,
    pub(crate) lead: UserId,
    pub(crate) project: ProjectId,
    pub(crate) version: VersionId,
    pub(crate) task: TaskId,
}

async fn person(db: &PgPool, name: &str) -> UserId {
    let user = UserId::new();
    sqlx::query("insert into users (id, email, name, password_hash) values ($1, $2 || '@example.org', $2, '')")
        .bind(user.0)
        .bind(name)
        .execute(db)
        .await
        .unwrap();
    user
}

async fn version(db: &PgPool, project: ProjectId, user: UserId, samples: i32) -> VersionId {
    let (dataset, version) = (DatasetId::new(), VersionId::new());
    sqlx::query("insert into datasets (id, project_id, name, created_by) values ($1, $2, 'D', $3)")
        .bind(dataset.0)
        .bind(project.0)
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($1, $2, 1, '{}', $3, $4)")
        .bind(version.0)
        .bind(dataset.0)
        .bind(to_json(&VersionStats::default()).unwrap())
        .bind(user.0)
        .execute(db)
        .await
        .unwrap();
    sqlx::query(
        "with made as (insert into samples (dataset_id, messages, label, content_hash, search_text) \
            select $1, jsonb_build_array(jsonb_build_object('role', 'user', 'content', E'Is it good?\n\nreview ' || n), \
                jsonb_build_object('role', 'assistant', 'content', 'yes')), 'yes', sha256(n::text::bytea), '' from generate_series(0, $3 - 1) n returning id) \
         insert into version_samples (version_id, position, sample_id, split) \
         select $2, row_number() over (order by id) - 1, id, 0 from made",
    )
    .bind(dataset.0)
    .bind(version.0)
    .bind(samples)
    .execute(db)
    .await
    .unwrap();
    version
}

/// A task of `samples` items that is filled and open.
pub(crate) async fn place(db: PgPool, samples: i32, distribution: Distribution) -> Place {
    let lead = person(&db, "lead").await;
    let project = crate::projects::create(&db, lead, "P", "").await.unwrap();
    let version = version(&db, project, lead, samples).await;
    let design = serde_json::from_str(
        r#"{"questions": [{"name": "tone", "title": "Tone?", "kind": "choice", "options": [{"value": "yes"}, {"value": "no"}]},
            {"name": "why", "title": "Why?", "kind": "text", "required": false}]}"#,
    )
    .unwrap();
    let new = NewTask {
        name: "tones".to_owned(),
        source: Source::Version { version_id: version, splits: vec![Split::Train], limit: 0, suggestions: None },
        design,
        distribution,
        guideline: "# yes\nPraise.".to_owned(),
        deadline: None,
        annotators: Vec::new(),
        groups: Vec::new(),
        reviewers: Vec::new(),
    };
    let task = tasks::create(&db, project, &new, lead).await.unwrap().task_id;
    let open = async || tasks::set_status(&db, project, task, TaskStatus::Open, lead).await;
    assert!(open().await.is_err(), "its items are still to be made");
    assert_eq!(fill::fill(&db, task).await.unwrap(), u64::try_from(samples).unwrap());
    assert!(open().await.unwrap());
    Place { db, lead, project, version, task }
}

/// A judgement under a new key.
pub(crate) fn said(tone: &str) -> Submit {
    let answers = [("tone".to_owned(), Answer::Choice { value: tone.to_owned() })].into();
    Submit { key: Uuid::new_v4(), judgement: Judgement { answers, ..Judgement::default() }, duration_ms: Some(1200) }
}

impl Place {
    pub(crate) async fn person(&self, name: &str) -> UserId {
        person(&self.db, name).await
    }

    async fn ask(&self, user: UserId, count: u32) -> Next {
        work::next(&self.db, self.project, self.task, user, count).await.unwrap()
    }

    /// What somebody is given; empty when nothing is left.
    pub(crate) async fn next(&self, user: UserId, count: u32) -> Vec<Work> {
        match self.ask(user, count).await {
            Next::Work { items, .. } => items,
            Next::NothingLeft { .. } => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn submit(&self, user: UserId, item: ItemId, sent: &Submit) -> Submitted {
        work::submit(&self.db, self.project, self.task, item, user, sent).await.unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.db).await.unwrap();
    }

    async fn status(&self, item: ItemId) -> ItemStatus {
        let status: String = sqlx::query_scalar("select status from annotation_items where id = $1")
            .bind(item.0)
            .fetch_one(&self.db)
            .await
            .unwrap();
        status.parse().unwrap()
    }

    /// The books of every ordinary item must balance: slots wanted are free, held or judged, and judgements are counted.
    async fn assert_balanced(&self) {
        let wrong: i64 = sqlx::query_scalar(
            "select count(*) from annotation_items i where gold is null and (judged <> (select count(*) from judgements j where j.item_id = i.id and superseded_at is null) \
             or free <> greatest(0, wanted - judged - (select count(*) from annotation_assignments a where a.item_id = i.id and a.status in ('held', 'returned') \
                and not exists (select from judgements j where j.item_id = i.id and j.user_id = a.user_id and superseded_at is null))))",
        )
        .fetch_one(&self.db)
        .await
        .unwrap();
        assert_eq!(wrong, 0, "slots of some items do not add up");
    }
}
