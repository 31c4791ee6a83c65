//! What of a task decides what people are given and what becomes of what they send.

use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    annotation::{TaskStatus, design::Design, distribution::Distribution, view::Source},
    id::{EvalId, ProjectId, TaskId},
};
use sqlx::{PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

/// A task as the work on it needs it.
pub(super) struct Setting {
    pub(super) id: TaskId,
    pub(super) status: TaskStatus,
    pub(super) source: Source,
    pub(super) design: Design,
    pub(super) distribution: Distribution,
    /// What the last user turns of all samples begin with.
    pub(super) lead: String,
    pub(super) guideline_revision: i32,
    pub(super) deadline: Option<OffsetDateTime>,
    /// The deadline has passed: nobody is given anything new.
    pub(super) is_over: bool,
    /// How often batches or groups were changed: what was freed is looked at once more after each time.
    pub(super) look_again: i32,
}

/// Its columns, of a table `t`.
pub(super) const COLUMNS: &str = "t.id as task_id, t.status as task_status, t.source, t.design, t.distribution, t.lead, t.guideline_revision, t.deadline, t.look_again, \
     coalesce(t.deadline <= now(), false) as is_over";

impl Setting {
    pub(super) fn of(row: &PgRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TaskId(row.try_get("task_id")?),
            status: word(row.try_get("task_status")?)?,
            source: json(row.try_get("source")?)?,
            design: json(row.try_get("design")?)?,
            distribution: json(row.try_get("distribution")?)?,
            lead: row.try_get("lead")?,
            guideline_revision: row.try_get("guideline_revision")?,
            deadline: row.try_get("deadline")?,
            is_over: row.try_get("is_over")?,
            look_again: row.try_get("look_again")?,
        })
    }

    /// A task that is not made yet.
    pub(super) fn drafted(source: Source, design: Design) -> Self {
        Self {
            id: TaskId::default(),
            status: TaskStatus::Draft,
            source,
            design,
            distribution: Distribution::default(),
            lead: String::new(),
            guideline_revision: 1,
            deadline: None,
            is_over: false,
            look_again: 0,
        }
    }

    /// A task of a project.
    pub(super) async fn find<'e>(
        db: impl PgExecutor<'e>,
        project: ProjectId,
        task: TaskId,
    ) -> Result<Option<Self>, StoreError> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "select {COLUMNS} from annotation_tasks t where t.id = $1 and t.project_id = $2"
        )))
        .bind(task.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(Self::of)
        .transpose()
    }

    /// The evaluations whose predictions are shown or suggested, in the task's order.
    pub(super) fn evals(&self) -> Vec<EvalId> {
        match &self.source {
            Source::Version { suggestions, .. } => suggestions.iter().copied().collect(),
            Source::Evaluations { eval_ids, .. } => eval_ids.clone(),
        }
    }

    /// Whether the items are what models answered.
    pub(super) fn is_of_models(&self) -> bool {
        matches!(self.source, Source::Evaluations { .. })
    }
}
