//! Labels on their way into a dataset version, and which versions were made of them.

use super::{content, head::head, loaded};
use crate::{StoreError, error::json};
use domain::{
    annotation::{
        answer::{ItemContent, Judgement},
        design::Design,
        publish::Publish,
        quality::of_item,
        view::Consensus,
    },
    id::{ItemId, ProjectId, SampleId, TaskId, VersionId},
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// Kind of the job that makes a version.
pub const KIND: &str = "publish_annotation";
/// Kind of the job that reads judgements from a file.
pub const IMPORT_KIND: &str = "import_judgements";

/// A task whose labels are published.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub design: Design,
    /// The version whose samples were judged.
    pub version: VersionId,
}

/// What to publish from; `None` where the project has no such task.
pub async fn source(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Source>, StoreError> {
    let head = head(db, project, task).await?;
    Ok(head.map(|head| Source { name: head.name, design: head.design, version: head.version }))
}

/// What a sample's item comes to.
#[derive(Clone, Debug)]
pub struct Label {
    pub content: ItemContent,
    pub consensus: Consensus,
    /// How alike the judgements are on what is published, 0 to 1; `None` where there is one alone.
    pub agreement: Option<f64>,
    pub annotators: u32,
    /// The item is decided, and is left out of versions because nobody could judge it.
    pub is_excluded: bool,
}

/// The labels of some samples: of items that are decided or excluded. Of a sample's items the first decides.
pub async fn labels(
    db: &PgPool,
    task: TaskId,
    design: &Design,
    publish: &Publish,
    samples: &[SampleId],
) -> Result<HashMap<SampleId, Label>, StoreError> {
    let rows = sqlx::query(
        "select distinct on (sample_id) id, sample_id, status, consensus from annotation_items \
         where task_id = $1 and sample_id = any($2) and gold is null and (status = 'excluded' or (status in ('judged', 'accepted') and consensus is not null)) \
         order by sample_id, rank",
    )
    .bind(task.0)
    .bind(samples.iter().map(|s| s.0).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<i64>, _>>()?;
    let mut judged = loaded::counted(db, task, &ids).await?;
    let items: Vec<ItemId> = ids.iter().copied().map(ItemId).collect();
    let mut contents = content::of_items(db, task, &items).await?;
    let mut labels = HashMap::with_capacity(rows.len());
    for row in &rows {
        let id = ItemId(row.try_get("id")?);
        let counted = judged.remove(&id).unwrap_or_default();
        let said: Vec<&Judgement> = counted.iter().map(|c| &c.judgement).collect();
        let asked = design.questions.iter().filter(|q| publish.questions.contains_key(&q.name));
        let consensus: Option<Consensus> =
            row.try_get::<Option<serde_json::Value>, _>("consensus")?.map(json).transpose()?;
        let is_excluded = row.try_get::<String, _>("status")? == "excluded";
        let Some(consensus) = consensus.or_else(|| is_excluded.then(nothing)) else { continue };
        let label = Label {
            content: contents.remove(&id).unwrap_or_default(),
            consensus,
            agreement: of_item(asked, &said),
            annotators: counted.len() as u32,
            is_excluded,
        };
        labels.insert(SampleId(row.try_get("sample_id")?), label);
    }
    Ok(labels)
}

/// What an item comes to that nobody could judge.
fn nothing() -> Consensus {
    Consensus {
        answers: std::collections::BTreeMap::new(),
        confidence: std::collections::BTreeMap::new(),
        method: domain::annotation::view::ConsensusMethod::Expert,
    }
}

/// Notes that a version was made of a task's labels.
pub async fn record(db: &PgPool, task: TaskId, version: VersionId) -> Result<(), StoreError> {
    sqlx::query("insert into annotation_versions (task_id, version_id) values ($1, $2) on conflict do nothing")
        .bind(task.0)
        .bind(version.0)
        .execute(db)
        .await?;
    Ok(())
}

/// The versions made of a task's labels, newest first, at most 100.
pub async fn versions(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Vec<VersionId>, StoreError> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select v.version_id from annotation_versions v join annotation_tasks t on t.id = v.task_id \
         where v.task_id = $1 and t.project_id = $2 order by v.created_at desc limit 100",
    )
    .bind(task.0)
    .bind(project.0)
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(VersionId).collect())
}
