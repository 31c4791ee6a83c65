//! Making a task.

use crate::{
    Stale, StoreError, activity,
    annotation::{
        fill,
        people::{self, Part},
    },
    error::{to_json, word},
    explore::looks,
    jobs,
};
use domain::{
    annotation::view::{NewTask, Source, TaskMade},
    explore::LookedBy,
    id::{EvalId, ProjectId, TaskId, UserId, VersionId},
    sample::Split,
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::BTreeSet;

/// Makes a task in draft and queues the job that makes its items. [`Stale::SourceElsewhere`] where its source is not the
/// project's. A task of the sealed test split is a look at it, and on record. The caller has checked design and distribution.
pub async fn create(db: &PgPool, project: ProjectId, new: &NewTask, by: UserId) -> Result<TaskMade, StoreError> {
    let version = placed(db, project, &new.source, by).await?;
    let mut tx = db.begin().await?;
    let made = insert(&mut tx, project, version, new, by).await?;
    tx.commit().await?;
    Ok(made)
}

/// The version that a source is of, with the look at its test split on record where it is one. [`Stale::SourceElsewhere`] where
/// the source is not the project's.
pub(crate) async fn placed(
    db: &PgPool,
    project: ProjectId,
    asked: &Source,
    by: UserId,
) -> Result<VersionId, StoreError> {
    let Some((version, splits)) = source(db, project, asked).await? else {
        return Err(Stale::SourceElsewhere.into());
    };
    if splits.contains(&Split::Test) {
        looks::record(db, version, by, LookedBy::Page).await?;
    }
    Ok(version)
}

/// [`create`] as part of the caller's transaction, of a source that is [`placed`].
pub(crate) async fn insert(
    tx: &mut PgConnection,
    project: ProjectId,
    version: VersionId,
    new: &NewTask,
    by: UserId,
) -> Result<TaskMade, StoreError> {
    let task = TaskId::new();
    sqlx::query(
        "insert into annotation_tasks (id, project_id, name, source, version_id, design, distribution, deadline, created_by) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(task.0)
    .bind(project.0)
    .bind(new.name.trim())
    .bind(to_json(&new.source)?)
    .bind(version.0)
    .bind(to_json(&new.design)?)
    .bind(to_json(&new.distribution)?)
    .bind(new.deadline)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query("insert into annotation_guidelines (task_id, revision, text, created_by) values ($1, 1, $2, $3)")
        .bind(task.0)
        .bind(&new.guideline)
        .bind(by.0)
        .execute(&mut *tx)
        .await?;
    people::replace(tx, project, task, Part::Annotator, &new.annotators).await?;
    people::replace(tx, project, task, Part::Reviewer, &new.reviewers).await?;
    people::replace_groups(tx, project, task, &new.groups).await?;
    let job = jobs::create(tx, project, fill::KIND, &fill::FillAnnotation { task_id: task }, by).await?;
    activity::record(&mut *tx, project, Some(by), "annotation.created", &task.to_string(), new.name.trim()).await?;
    Ok(TaskMade { task_id: task, job_id: job })
}

/// The version whose samples are judged, and the splits; `None` where the source is not the project's.
async fn source(
    db: &PgPool,
    project: ProjectId,
    source: &Source,
) -> Result<Option<(VersionId, Vec<Split>)>, StoreError> {
    match source {
        Source::Version { version_id, splits, suggestions, .. } => {
            let is_ours: bool = sqlx::query_scalar(
                "select exists(select from dataset_versions v join datasets d on d.id = v.dataset_id where v.id = $1 and d.project_id = $2)",
            )
            .bind(version_id.0)
            .bind(project.0)
            .fetch_one(db)
            .await?;
            let suggests = match suggestions {
                Some(eval) => !evaluated(db, project, &[*eval]).await?.is_empty(),
                None => true,
            };
            Ok((is_ours && suggests && !splits.is_empty()).then(|| (*version_id, splits.clone())))
        }
        Source::Evaluations { eval_ids, .. } => {
            let found = evaluated(db, project, eval_ids).await?;
            let asked: BTreeSet<_> = eval_ids.iter().collect();
            let of_one = found.first().filter(|first| found.iter().all(|other| other == *first));
            let all = !eval_ids.is_empty() && asked.len() == eval_ids.len() && found.len() == eval_ids.len();
            Ok(of_one.filter(|_| all).map(|(version, split)| (*version, vec![*split])))
        }
    }
}

/// Version and split of those of these evaluations that are the project's.
async fn evaluated(db: &PgPool, project: ProjectId, evals: &[EvalId]) -> Result<Vec<(VersionId, Split)>, StoreError> {
    sqlx::query("select version_id, split from evals where project_id = $1 and id = any($2)")
        .bind(project.0)
        .bind(evals.iter().map(|id| id.0).collect::<Vec<_>>())
        .fetch_all(db)
        .await?
        .iter()
        .map(|row| Ok((VersionId(row.try_get("version_id")?), word(row.try_get("split")?)?)))
        .collect()
}
