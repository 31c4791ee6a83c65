//! Server functions of review and adjudication.

use crate::{annotate::answers::AnswerForm, error::AppError};
use domain::{
    annotation::{
        Verdict,
        review_view::{Queue, ReviewDecided},
        view::{Item, Task},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId},
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{
        annotate::answers::{answer_problem, judgement_of},
        api, routes,
        text::lang,
    },
    domain::{
        access::{Action, Caller, permits},
        annotation::{
            answer::{AnswerProblem, Judgement},
            design::Design,
            view::Decide,
        },
        id::UserId,
        page::DEFAULT_LIMIT,
    },
    store::{
        PgPool,
        annotation::{adjudication, reviews, tasks},
    },
};

/// An item of a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueView {
    pub task: Task,
    /// `None` when nothing waits.
    pub item: Option<Item>,
    /// The nearest ones on both sides that wait.
    pub before: Option<ItemId>,
    pub behind: Option<ItemId>,
    /// Whether the reader leads the task, and so sees names.
    pub is_lead: bool,
}

/// An item by its id, whatever became of it; else the first one behind a rank that waits for the person who asks, or where
/// none does, the first of all.
#[server]
pub async fn get_queue(
    project: ProjectId,
    task: TaskId,
    queue: Queue,
    after: Option<u32>,
    item: Option<ItemId>,
) -> Result<QueueView, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let is_lead = reviewer(&db, project, task, &caller).await?;
    let found = find(&db, project, task).await?;
    let me = caller.user_id;
    let item = match item {
        Some(id) => Some(item_before(&db, project, task, id).await?),
        None => match waiting(&db, (project, task, queue), me, after).await? {
            None if after.is_some() => waiting(&db, (project, task, queue), me, None).await?,
            first => first,
        },
    };
    // What gold items are for would be void if people decided on them.
    if item.as_ref().is_some_and(|item| item.is_gold) {
        return Err(AppError::NotFound);
    }
    let (before, behind) = match &item {
        Some(item) => reviews::around(&db, project, task, me, queue, item.rank).await?,
        None => (None, None),
    };
    Ok(QueueView { task: found, item, before, behind, is_lead })
}

/// The first item behind a rank that waits for somebody.
#[cfg(feature = "ssr")]
async fn waiting(
    db: &PgPool,
    (project, task, queue): (ProjectId, TaskId, Queue),
    me: UserId,
    after: Option<u32>,
) -> Result<Option<Item>, AppError> {
    let found = match queue {
        Queue::Review => reviews::queue(db, project, task, me, after).await?,
        Queue::Adjudication => adjudication::waiting(db, project, task, after).await?,
    };
    Ok(found.ok_or(AppError::NotFound)?.into_iter().next())
}

/// What the person who asks has decided in a task, newest first, with the task's name.
#[server]
pub async fn get_decided(
    project: ProjectId,
    task: TaskId,
    cursor: Option<String>,
) -> Result<(String, Page<ReviewDecided>), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    reviewer(&db, project, task, &caller).await?;
    let name = tasks::asked(&db, project, task).await?.ok_or(AppError::NotFound)?.name;
    let before = cursor.and_then(|cursor| cursor.parse().ok());
    let found = reviews::decided(&db, project, task, caller.user_id, before, DEFAULT_LIMIT).await?;
    Ok((name, found.ok_or(AppError::NotFound)?))
}

/// What a reviewer says of a judgement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ruling {
    pub judgement: JudgementId,
    pub verdict: Verdict,
    #[serde(default)]
    pub reason: String,
}

/// Decides on a judgement and goes on to the next item. With `fix` the form says what is right.
#[server]
pub async fn decide_judgement(
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    ruling: Ruling,
    #[server(default)] after: Option<u32>,
    #[server(default)] form: AnswerForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    reviewer(&db, project, task, &caller).await?;
    let Ruling { judgement, verdict, reason } = ruling;
    if verdict == Verdict::Return && reason.trim().is_empty() {
        return Err(AppError::invalid("reason", text::needs_reason(lang())));
    }
    let fixed = match verdict {
        Verdict::Fix => Some(own_answers(&db, (project, task, item), &form).await?),
        Verdict::Accept | Verdict::Return => None,
    };
    let decide = Decide { judgement_id: judgement, verdict, reason: reason.trim().to_owned(), fixed };
    if !reviews::decide(&db, project, task, item, &decide, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&behind(routes::annotation_review(project, task), after));
    Ok(())
}

/// Decides an item by one of its judgements (`take`), or by answers of one's own.
#[server]
pub async fn adjudicate_item(
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    #[server(default)] take: Option<JudgementId>,
    #[server(default)] after: Option<u32>,
    #[server(default)] form: AnswerForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    reviewer(&db, project, task, &caller).await?;
    let judgement = match take {
        Some(taken) => {
            let before = item_before(&db, project, task, item).await?;
            let found = before.judgements.into_iter().find(|j| j.id == taken && !j.superseded);
            let said = found.ok_or(AppError::NotFound)?.judgement;
            let comment = form.comment.trim();
            let comment = if comment.is_empty() { said.comment.clone() } else { comment.to_owned() };
            Judgement { comment, ..said }
        }
        None => own_answers(&db, (project, task, item), &form).await?,
    };
    if !adjudication::adjudicate(&db, project, task, item, &judgement, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&behind(routes::annotation_adjudicate(project, task), after));
    Ok(())
}

/// An item by its id, for who may see all of it.
#[cfg(feature = "ssr")]
async fn item_before(db: &PgPool, project: ProjectId, task: TaskId, item: ItemId) -> Result<Item, AppError> {
    let all = store::annotation::items::Sees::All;
    store::annotation::items::get(db, project, task, item, all).await?.ok_or(AppError::NotFound)
}

/// Refuses whoever does not review the task; whether they lead it too.
#[cfg(feature = "ssr")]
async fn reviewer(db: &PgPool, project: ProjectId, task: TaskId, caller: &Caller) -> Result<bool, AppError> {
    let role = store::users::role(db, caller.user_id, project).await?.ok_or(AppError::NotFound)?;
    if !reviews::may_review(db, project, task, caller.user_id, role).await? {
        return Err(AppError::Forbidden);
    }
    Ok(permits(Some(role), caller.scope, Action::EditDatasets))
}

/// The answers of a form, if they can be taken for this item.
#[cfg(feature = "ssr")]
async fn own_answers(
    db: &PgPool,
    (project, task, item): (ProjectId, TaskId, ItemId),
    form: &AnswerForm,
) -> Result<Judgement, AppError> {
    let design = tasks::asked(db, project, task).await?.ok_or(AppError::NotFound)?.design;
    let refuse = |problems: &[AnswerProblem]| refused(&design, problems);
    let judgement = judgement_of(&design, form).map_err(|problem| refuse(&[problem]))?;
    let problems = adjudication::problems(db, project, task, item, &judgement).await?.ok_or(AppError::NotFound)?;
    if problems.is_empty() { Ok(judgement) } else { Err(refuse(&problems)) }
}

#[cfg(feature = "ssr")]
fn refused(design: &Design, problems: &[AnswerProblem]) -> AppError {
    let reasons: Vec<String> = problems.iter().map(|problem| answer_problem(lang(), design, problem)).collect();
    AppError::invalid("answers", reasons.join(" "))
}

#[cfg(feature = "ssr")]
async fn find(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Task, AppError> {
    tasks::get(db, project, task).await?.ok_or(AppError::NotFound)
}

/// A list from behind a rank on.
#[cfg(feature = "ssr")]
fn behind(list: String, after: Option<u32>) -> String {
    after.map_or_else(|| list.clone(), |after| format!("{list}?after={after}"))
}
