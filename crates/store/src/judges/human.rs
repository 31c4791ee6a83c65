//! Several models compared by people: a blind annotation task over pairs of their answers, and the ranking that follows.

use super::{JudgingError, LISTED, people};
use crate::{
    Stale, StoreError,
    annotation::tasks,
    error::{json, to_json},
    evals,
};
use domain::{
    annotation::{
        answer::{Answer, Better},
        design::{Design, Question, QuestionKind, Show},
        distribution::{Distribution, Order, Review},
        view::{NewTask, Source, TaskMade},
    },
    id::{EvalId, HumanEvaluationId, ProjectId, SampleId, TaskId, UserId},
    judge::{
        pairing::pairs,
        ranking::{Ranking, ranked},
        view::{
            ALL_PAIRS_UP_TO, HumanEvaluation, HumanEvaluationSummary, JudgedEvaluation, JudgingProblem,
            NewHumanEvaluation,
        },
    },
    statistics::bradley_terry::{Game, Winner},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The question that people are asked.
const QUESTION: &str = "better";

/// Makes a comparison with its task. The caller has checked the numbers.
pub async fn create(
    db: &PgPool,
    project: ProjectId,
    new: &NewHumanEvaluation,
    by: UserId,
) -> Result<(HumanEvaluationId, TaskMade), JudgingError> {
    let task = new_task(new);
    let version = match tasks::placed(db, project, &task.source, by).await {
        Err(StoreError::Stale(Stale::SourceElsewhere)) => return Err(JudgingProblem::Evaluations.into()),
        placed => placed?,
    };
    let pairs = pairs(new.eval_ids.len(), ALL_PAIRS_UP_TO, new.seed);
    let per_sample = (new.pairs_per_sample.max(1) as usize).min(pairs.len());
    let id = HumanEvaluationId::new();
    let mut tx = db.begin().await?;
    let made = tasks::insert(&mut tx, project, version, &task, by).await?;
    sqlx::query("update annotation_tasks set pairs = $2, pairs_per_sample = $3 where id = $1")
        .bind(made.task_id.0)
        .bind(to_json(&pairs)?)
        .bind(i16::try_from(per_sample).unwrap_or(1))
        .execute(&mut *tx)
        .await?;
    sqlx::query("insert into human_evaluations (id, project_id, task_id, created_by) values ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(project.0)
        .bind(made.task_id.0)
        .bind(by.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok((id, made))
}

/// A task that asks which of two answers is better. Which one stands first, the seed, item and person decide.
fn new_task(new: &NewHumanEvaluation) -> NewTask {
    let title = new.question.trim();
    let question = Question {
        name: QUESTION.to_owned(),
        title: if title.is_empty() {
            "Which answer is better? / 哪个回答更好？".to_owned()
        } else {
            title.to_owned()
        },
        help: String::new(),
        kind: QuestionKind::Preference { tie: true },
        required: true,
        when: None,
    };
    NewTask {
        name: new.name.trim().to_owned(),
        source: Source::Evaluations { eval_ids: new.eval_ids.clone(), only_wrong: false, limit: new.samples },
        design: Design { show: Show::Answers, questions: vec![question] },
        distribution: Distribution {
            overlap: new.overlap.max(1),
            order: Order::Random,
            seed: new.seed,
            hide_model: true,
            // A tie is an answer: nobody needs to decide where people differ.
            review: Review::Nothing,
            ..Distribution::default()
        },
        guideline: String::new(),
        deadline: None,
        annotators: Vec::new(),
        groups: Vec::new(),
        reviewers: Vec::new(),
    }
}

const SUMMARY: &str = "select h.id, h.task_id, t.name, t.source, t.distribution, t.status, h.created_at, u.name as creator, c.* \
     from human_evaluations h join annotation_tasks t on t.id = h.task_id join users u on u.id = h.created_by, \
     lateral (select coalesce(sum(i.wanted), 0)::bigint as wanted, coalesce(sum(least(i.judged, i.wanted)), 0)::bigint as given \
        from annotation_items i where i.task_id = h.task_id and i.gold is null) c";

fn summary(row: &PgRow) -> Result<HumanEvaluationSummary, StoreError> {
    Ok(HumanEvaluationSummary {
        id: HumanEvaluationId(row.try_get("id")?),
        task_id: TaskId(row.try_get("task_id")?),
        name: row.try_get("name")?,
        models: compared(row)?.len() as u32,
        wanted: row.try_get::<i64, _>("wanted")?.cast_unsigned(),
        given: row.try_get::<i64, _>("given")?.cast_unsigned(),
        created_by: row.try_get("creator")?,
        created_at: row.try_get("created_at")?,
    })
}

fn compared(row: &PgRow) -> Result<Vec<EvalId>, StoreError> {
    Ok(match json(row.try_get("source")?)? {
        Source::Evaluations { eval_ids, .. } => eval_ids,
        Source::Version { .. } => Vec::new(),
    })
}

/// A project's comparisons by people, newest first.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<HumanEvaluationSummary>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SUMMARY} where h.project_id = $1 order by h.created_at desc, h.id limit $2"
    )))
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?
    .iter()
    .map(summary)
    .collect()
}

/// A comparison whole, with its ranking unless `is_blind` says that the reader judges still; `None` where the project has none
/// such.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    id: HumanEvaluationId,
    is_blind: bool,
) -> Result<Option<HumanEvaluation>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SUMMARY} where h.id = $1 and h.project_id = $2")))
        .bind(id.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let summary = summary(&row)?;
    let ids = compared(&row)?;
    let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let names: HashMap<EvalId, String> = evals::names(db, project, &plain).await?.into_iter().collect();
    let named: Vec<(EvalId, String)> = ids.iter().map(|id| (*id, names.get(id).cloned().unwrap_or_default())).collect();
    let distribution: Distribution = json(row.try_get("distribution")?)?;
    let ranking = if is_blind { None } else { ranking(db, project, summary.task_id, named.clone()).await? };
    Ok(Some(HumanEvaluation {
        summary,
        evaluations: named
            .into_iter()
            .map(|(id, name)| JudgedEvaluation { id: Some(id), name, result: None })
            .collect(),
        seed: distribution.seed,
        ranking,
        is_blind,
    }))
}

/// The task of a comparison.
pub async fn task(db: &PgPool, project: ProjectId, id: HumanEvaluationId) -> Result<Option<TaskId>, StoreError> {
    let task: Option<Uuid> =
        sqlx::query_scalar("select task_id from human_evaluations where id = $1 and project_id = $2")
            .bind(id.0)
            .bind(project.0)
            .fetch_optional(db)
            .await?;
    Ok(task.map(TaskId))
}

async fn ranking(
    db: &PgPool,
    project: ProjectId,
    id: TaskId,
    models: Vec<(EvalId, String)>,
) -> Result<Option<Ranking>, StoreError> {
    let Some(task) = people::task(db, project, id).await? else { return Ok(None) };
    let place = |eval: &EvalId| models.iter().position(|(id, _)| id == eval);
    let mut games: BTreeMap<SampleId, Vec<Game>> = BTreeMap::new();
    for said in people::said(db, id, &task, QUESTION).await? {
        let winner = match said.agreed {
            Some(Answer::Preference { value: Better::First }) => Winner::First,
            Some(Answer::Preference { value: Better::Second }) => Winner::Second,
            // People differ, or call both equal.
            _ => Winner::Tie,
        };
        if let [a, b] = said.evals.as_slice()
            && let (Some(first), Some(second)) = (place(a), place(b))
        {
            games.entry(said.sample).or_default().push(Game { first, second, winner });
        }
    }
    // Hundreds of resamples, each fitted anew.
    let games: Vec<Vec<Game>> = games.into_values().collect();
    let found = tokio::task::spawn_blocking(move || ranked(&models, &games));
    found.await.map_err(|e| StoreError::Corrupt(e.to_string()))
}
