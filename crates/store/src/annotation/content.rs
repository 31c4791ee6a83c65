//! What an item shows, and what a model would say of it: read from its sample and from the predictions of the task's
//! evaluations, never copied.

use super::setting::{COLUMNS, Setting};
use crate::{
    StoreError,
    error::json,
    samples::{content, split_code},
};
use domain::{
    annotation::{
        answer::{Answer, ItemContent, Judgement},
        design::{Design, Question, QuestionKind, Show, TextFrom},
        suggest::answer_of,
        view::{Source, Suggestion},
    },
    id::{EvalId, ItemId, ProjectId, TaskId},
    sample::{Message, Sample, Speaker},
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::{BTreeMap, HashMap};

/// An item as somebody sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) content: ItemContent,
    pub(super) suggestion: Option<Suggestion>,
}

/// What a model answered to a sample.
struct Predicted {
    output: String,
    scores: BTreeMap<String, f64>,
    from: String,
}

/// What some items of a task show; items of other tasks are left out.
pub async fn of_items(db: &PgPool, task: TaskId, items: &[ItemId]) -> Result<HashMap<ItemId, ItemContent>, StoreError> {
    let mut connection = db.acquire().await?;
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("select {COLUMNS} from annotation_tasks t where t.id = $1")))
        .bind(task.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(HashMap::new()) };
    let shown = show(&mut connection, &Setting::of(&row)?, items).await?;
    Ok(shown.into_iter().map(|(id, shown)| (id, shown.content)).collect())
}

/// What the first item of a task like this would show; `None` where its source has no sample. Nothing of the sealed test
/// split is shown but what the source names.
pub async fn first(
    db: &PgPool,
    project: ProjectId,
    source: &Source,
    design: &Design,
) -> Result<Option<ItemContent>, StoreError> {
    let (version, splits, eval) = match source {
        Source::Version { version_id, splits, .. } => (Some(version_id.0), splits.clone(), None),
        Source::Evaluations { eval_ids, .. } => (None, Vec::new(), eval_ids.first().map(|id| id.0)),
    };
    let row = sqlx::query(
        "select s.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from samples s join datasets d on d.id = s.dataset_id \
         where d.project_id = $1 and s.forgotten_at is null and s.id = coalesce( \
         (select sample_id from version_samples where version_id = $2 and split = any($3) order by position limit 1), \
         (select sample_id from predictions where eval_id = $4 order by position limit 1))",
    )
    .bind(project.0)
    .bind(version)
    .bind(splits.into_iter().map(split_code).collect::<Vec<_>>())
    .bind(eval)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let task = Setting::drafted(source.clone(), design.clone());
    let id: i64 = row.try_get("id")?;
    let mut connection = db.acquire().await?;
    let predicted = predictions(&mut connection, &task, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(Some(content_of(&task, &content(&row)?, &of_pair(&predicted, None))))
}

/// What some items of a task show, with what a model would say of them.
pub(super) async fn show(
    db: &mut PgConnection,
    task: &Setting,
    items: &[ItemId],
) -> Result<HashMap<ItemId, Shown>, StoreError> {
    let rows = sqlx::query(
        "select i.id, i.sample_id, i.pair, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from annotation_items i join samples s on s.id = i.sample_id where i.task_id = $1 and i.id = any($2)",
    )
    .bind(task.id.0)
    .bind(items.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(&mut *db)
    .await?;
    let ids = rows.iter().map(|row| row.try_get("sample_id")).collect::<Result<Vec<i64>, _>>()?;
    let predictions = predictions(db, task, &ids).await?;
    rows.iter()
        .zip(ids)
        .map(|(row, sample_id)| {
            let sample = content(row)?;
            let predicted = of_pair(predictions.get(&sample_id).map_or(&[][..], Vec::as_slice), row.try_get("pair")?);
            let content = content_of(task, &sample, &predicted);
            let suggestion = suggestion(task, &sample, &content, &predicted);
            Ok((ItemId(row.try_get("id")?), Shown { content, suggestion }))
        })
        .collect()
}

/// What the task's evaluations have of samples, in the order of the evaluations.
async fn predictions(
    db: &mut PgConnection,
    task: &Setting,
    samples: &[i64],
) -> Result<HashMap<i64, Vec<Predicted>>, StoreError> {
    let evals = task.evals();
    if evals.is_empty() || samples.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "select distinct on (p.sample_id, array_position($1::uuid[], p.eval_id)) p.sample_id, p.output, p.scores, \
         m.name || ' · #' || r.number || case when e.subject = 'base' then ' (base)' else '' end as model \
         from predictions p join evals e on e.id = p.eval_id join runs r on r.id = e.run_id join models m on m.id = r.model_id \
         where p.eval_id = any($1) and p.sample_id = any($2) order by p.sample_id, array_position($1::uuid[], p.eval_id), p.position",
    )
    .bind(evals.iter().map(|id: &EvalId| id.0).collect::<Vec<_>>())
    .bind(samples)
    .fetch_all(db)
    .await?;
    let mut by_sample: HashMap<i64, Vec<Predicted>> = HashMap::new();
    for row in rows {
        let predicted = Predicted {
            output: row.try_get("output")?,
            scores: json(row.try_get("scores")?)?,
            from: row.try_get("model")?,
        };
        by_sample.entry(row.try_get("sample_id")?).or_default().push(predicted);
    }
    Ok(by_sample)
}

/// What an item compares: the answers of its pair of evaluations, of all where it has none.
fn of_pair(all: &[Predicted], pair: Option<Vec<i16>>) -> Vec<&Predicted> {
    match pair {
        Some(places) => places.iter().filter_map(|place| all.get(usize::try_from(*place).ok()?)).collect(),
        None => all.iter().collect(),
    }
}

fn content_of(task: &Setting, sample: &Sample, predicted: &[&Predicted]) -> ItemContent {
    let (mut messages, mut answers) = (sample.prompt().to_vec(), Vec::new());
    match (task.design.show, task.is_of_models()) {
        (Show::Prompt, _) => {}
        (Show::Conversation, false) => messages.clone_from(&sample.messages),
        (Show::Conversation, true) => {
            messages.extend(predicted.first().map(|p| Message::new(Speaker::Assistant, p.output.clone())));
        }
        (Show::Answers, false) => {
            answers = [sample.answer(), sample.rejected.as_deref()].into_iter().flatten().map(str::to_owned).collect();
        }
        (Show::Answers, true) => answers = predicted.iter().map(|p| p.output.clone()).collect(),
    }
    let marks = |q: &Question| matches!(q.kind, QuestionKind::Spans { .. });
    let span_text =
        if task.design.questions.iter().any(marks) { span_text(&task.lead, sample).to_owned() } else { String::new() };
    ItemContent { messages, answers, span_text }
}

/// The last user turn, behind what all samples' begin with.
fn span_text<'a>(lead: &str, sample: &'a Sample) -> &'a str {
    let turn = sample.messages.iter().rev().find(|m| m.role == Speaker::User).map_or("", |m| m.content.as_str());
    turn.strip_prefix(lead).unwrap_or(turn)
}

/// What stands in the fields at first: the sample's own answer or a model's where a question begins with it, and what the
/// model of `suggestions` says.
fn suggestion(task: &Setting, sample: &Sample, content: &ItemContent, predicted: &[&Predicted]) -> Option<Suggestion> {
    let model = predicted.first().filter(|_| !task.distribution.hide_model);
    let guess = model.filter(|_| !task.is_of_models());
    let text = |text: &str| Answer::Text { text: text.to_owned() };
    let answer = |q: &Question| match &q.kind {
        QuestionKind::Text { from: TextFrom::Nothing, .. } => None,
        QuestionKind::Text { from: TextFrom::Answer, .. } => sample.answer().map(text),
        QuestionKind::Text { from: TextFrom::Model, .. } => model.map(|m| text(&m.output)),
        kind => guess.and_then(|m| answer_of(kind, &m.output, &content.span_text)),
    };
    let answers: BTreeMap<_, _> =
        task.design.questions.iter().filter_map(|q| Some((q.name.clone(), answer(q)?))).collect();
    (!answers.is_empty()).then(|| Suggestion {
        judgement: Judgement { answers, ..Judgement::default() },
        confidence: guess.and_then(|m| m.scores.get("label_probability").copied()),
        from: model.map(|m| m.from.clone()).unwrap_or_default(),
    })
}
