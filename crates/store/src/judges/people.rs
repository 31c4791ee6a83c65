//! What people said of the items of an annotation task, for whoever holds a judge or models against it.

use crate::{StoreError, error::json};
use domain::{
    annotation::{
        answer::Answer,
        consensus::of_answers,
        design::{Design, Question},
        view::Source,
    },
    id::{EvalId, ProjectId, SampleId, TaskId},
};
use sqlx::{PgPool, Row};

/// A task about answers of models.
pub(super) struct Task {
    pub(super) evals: Vec<EvalId>,
    pub(super) design: Design,
}

impl Task {
    pub(super) fn question(&self, name: &str) -> Option<&Question> {
        self.design.questions.iter().find(|q| q.name == name)
    }
}

/// A task of the project; `None` where it has none such, or it is about samples alone.
pub(super) async fn task(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Task>, StoreError> {
    let row = sqlx::query("select source, design from annotation_tasks where id = $1 and project_id = $2")
        .bind(task.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    match json(row.try_get("source")?)? {
        Source::Evaluations { eval_ids, .. } => {
            Ok(Some(Task { evals: eval_ids, design: json(row.try_get("design")?)? }))
        }
        Source::Version { .. } => Ok(None),
    }
}

/// What people said of an item.
pub(super) struct Said {
    pub(super) sample: SampleId,
    /// The evaluations whose answers were shown, in the item's own order.
    pub(super) evals: Vec<EvalId>,
    /// What it comes to: the decision of a person or a model of raters, else the majority; `None` where people differ.
    pub(super) agreed: Option<Answer>,
    /// What each annotator said.
    pub(super) answers: Vec<Answer>,
}

/// What was said to a question, of items that somebody has judged and that are in the result.
pub(super) async fn said(db: &PgPool, id: TaskId, task: &Task, question: &str) -> Result<Vec<Said>, StoreError> {
    let Some(asked) = task.question(question) else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "select i.sample_id, i.pair, i.consensus->'answers'->$2::text as agreed, \
         (select coalesce(jsonb_agg(j.answers->$2::text order by j.created_at, j.id), '[]') from judgements j \
            where j.item_id = i.id and j.superseded_at is null and j.origin in ('annotator', 'import') \
            and not j.cannot_judge and j.answers ? $2) as answers \
         from annotation_items i where i.task_id = $1 and i.gold is null and i.status <> 'excluded' order by i.rank",
    )
    .bind(id.0)
    .bind(question)
    .fetch_all(db)
    .await?;
    let mut found = Vec::new();
    for row in &rows {
        let answers: Vec<Answer> = json(row.try_get("answers")?)?;
        let decided: Option<Answer> = row.try_get::<Option<serde_json::Value>, _>("agreed")?.map(json).transpose()?;
        if answers.is_empty() && decided.is_none() {
            continue;
        }
        let majority = || {
            let given: Vec<&Answer> = answers.iter().collect();
            if given.is_empty() { None } else { of_answers(asked, &given).map(|agreed| agreed.answer) }
        };
        let pair: Option<Vec<i16>> = row.try_get("pair")?;
        let evals = match pair {
            Some(places) => {
                places.iter().filter_map(|place| task.evals.get(usize::try_from(*place).ok()?).copied()).collect()
            }
            None => task.evals.clone(),
        };
        let agreed = decided.or_else(majority);
        found.push(Said { sample: SampleId(row.try_get("sample_id")?), evals, agreed, answers });
    }
    Ok(found)
}
