//! Server functions of review and adjudication.

use crate::{annotate::answers::AnswerForm, error::AppError};
use domain::{
    annotation::{
        Verdict,
        view::{Item, Task},
    },
    id::{ItemId, JudgementId, ProjectId, TaskId},
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
    },
    store::{
        PgPool,
        annotation::{adjudication, reviews, tasks},
    },
};

/// An item that waits for a reviewer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewView {
    pub task: Task,
    /// `None` when nothing waits.
    pub item: Option<Item>,
    /// Whether the reader leads the task, and so sees names.
    pub is_lead: bool,
}

/// The first item behind a rank that waits for the person who asks.
#[server]
pub async fn get_review(project: ProjectId, task: TaskId, after: Option<u32>) -> Result<ReviewView, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let is_lead = reviewer(&db, project, task, &caller).await?;
    let found = find(&db, project, task).await?;
    let queue = reviews::queue(&db, project, task, caller.user_id, after).await?.ok_or(AppError::NotFound)?;
    Ok(ReviewView { task: found, item: queue.into_iter().next(), is_lead })
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

/// An item on which people differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdjudicateView {
    pub task: Task,
    /// `None` when nothing waits.
    pub item: Option<Item>,
    /// Whether the reader leads the task, and so sees names.
    pub is_lead: bool,
}

/// The first item behind a rank on which people differ.
#[server]
pub async fn get_adjudication(
    project: ProjectId,
    task: TaskId,
    after: Option<u32>,
) -> Result<AdjudicateView, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let is_lead = reviewer(&db, project, task, &caller).await?;
    let found = find(&db, project, task).await?;
    let waiting = adjudication::waiting(&db, project, task, after).await?.ok_or(AppError::NotFound)?;
    Ok(AdjudicateView { task: found, item: waiting.into_iter().next(), is_lead })
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
