//! Server functions of the annotator's screen. Each answers a plain form by leading back to the screen, and the screen's own
//! posts with what became of them; those say whom the page was shown to (`shown_to`).

use crate::{annotate::answers::AnswerForm, error::AppError};
use domain::{
    annotation::{
        design::Design,
        view::{Next, Submitted},
    },
    id::{ItemId, ProjectId, TaskId, UserId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "ssr")]
use {
    super::{Place, item, nothing, progress, text},
    crate::{
        annotate::answers::{answer_problem, judgement_of},
        api, routes,
        text::lang,
    },
    domain::{
        access::{Action, Caller},
        annotation::{
            answer::{AnswerProblem, Judgement},
            view::{Submit, Work},
        },
    },
    store::{
        PgPool,
        annotation::{
            tasks::{self, Asked},
            work,
            work::SubmitError,
        },
    },
};

/// Items that the screen has in advance, the one in view included.
#[cfg(feature = "ssr")]
const AHEAD: u32 = 3;

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkView {
    /// The task's name.
    pub name: String,
    pub design: Design,
    /// Markdown.
    pub guideline: String,
    pub next: Next,
    pub me: UserId,
}

/// The next item of the person who asks, or with `undo` the one they sent last, where it may still be changed.
#[server]
pub async fn get_work(project: ProjectId, task: TaskId, undo: bool) -> Result<WorkView, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let me = caller.user_id;
    let Asked { name, design, guideline } = find(&db, project, task).await?;
    let last = if undo { work::undo(&db, project, task, me).await? } else { None };
    let next = match last {
        Some(last) => Next::Work { items: vec![last], mine: work::mine(&db, project, task, me).await? },
        None => work::next(&db, project, task, me, 1).await?,
    };
    Ok(WorkView { name, design, guideline, next, me })
}

/// Items as HTML, for a screen that swaps them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    pub items: Vec<Sheet>,
    /// The person's progress; empty where there is none to show.
    pub progress: String,
    /// What is said when there are no items.
    pub nothing: String,
}

/// One item as HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub id: i64,
    pub html: String,
}

/// Gives the person items, those first that they have already.
#[server]
pub async fn take_items(
    project: ProjectId,
    task: TaskId,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<Taken, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    let found = find(&db, project, task).await?;
    let next = work::next(&db, project, task, caller.user_id, AHEAD).await?;
    let place = Place { project, task };
    let sheet = |work: &Work| sheet(place, &found.design, work);
    Ok(match &next {
        Next::Work { items, mine } => Taken {
            items: items.iter().map(sheet).collect(),
            progress: progress::bar(*mine).to_html(),
            nothing: nothing(place, &next).to_html(),
        },
        Next::NothingLeft { mine, .. } | Next::DeadlinePassed { mine } => Taken {
            progress: progress::bar(*mine).to_html(),
            nothing: nothing(place, &next).to_html(),
            ..Taken::default()
        },
        _ => Taken { nothing: nothing(place, &next).to_html(), ..Taken::default() },
    })
}

/// Takes a judgement.
#[server]
pub async fn submit_judgement(
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    key: Uuid,
    #[server(default)] duration_ms: String,
    #[server(default)] form: AnswerForm,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<Submitted, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    let design = find(&db, project, task).await?.design;
    let judgement = read(&design, &form)?;
    let sent = Submit { key, judgement, duration_ms: duration_ms.parse().ok() };
    let became = match work::submit(&db, project, task, item, caller.user_id, &sent).await {
        Ok(became) => became,
        Err(SubmitError::Store(e)) => return Err(e.into()),
        Err(SubmitError::NotFound) => return Err(AppError::Conflict(text::not_in_hands(lang()).to_owned())),
        Err(SubmitError::Answers(problems)) => return Err(refused(&design, &problems)),
    };
    match became {
        Submitted::Taken | Submitted::Again => {
            leptos_axum::redirect(&routes::annotation_work(project, task));
            Ok(became)
        }
        Submitted::TooLate => Err(AppError::Conflict(text::too_late(lang()).to_owned())),
        Submitted::Closed => Err(AppError::Conflict(text::task_closed(lang()).to_owned())),
        Submitted::Overdue => Err(AppError::Conflict(text::overdue(lang()).to_owned())),
    }
}

/// Keeps what has been entered so far; whether it is newer than what was kept.
#[server]
pub async fn save_draft(
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    number: i64,
    #[server(default)] form: AnswerForm,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<bool, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    let design = find(&db, project, task).await?.design;
    let draft = read(&design, &form)?;
    Ok(work::save_draft(&db, project, task, item, caller.user_id, number, &draft).await?)
}

/// Gives an item back unjudged.
#[server]
pub async fn skip_item(
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    if !work::skip(&db, project, task, item, caller.user_id).await? {
        return Err(AppError::Conflict(text::not_skipped(lang()).to_owned()));
    }
    leptos_axum::redirect(&routes::annotation_work(project, task));
    Ok(())
}

/// What the person sent last, to be changed; `None` where nothing may be changed.
#[server]
pub async fn undo_judgement(
    project: ProjectId,
    task: TaskId,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<Option<Sheet>, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    let design = find(&db, project, task).await?.design;
    let last = work::undo(&db, project, task, caller.user_id).await?;
    Ok(last.map(|work| sheet(Place { project, task }, &design, &work)))
}

/// Gives back what the person holds and has entered nothing for, as when they leave; how many items that are.
#[server]
pub async fn give_items_back(
    project: ProjectId,
    task: TaskId,
    #[server(default)] shown_to: Option<UserId>,
) -> Result<u64, AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    same_person(shown_to, &caller)?;
    Ok(work::give_back(&db, project, task, caller.user_id).await?)
}

/// Makes the items that the person has skipped come to them again.
#[server]
pub async fn ask_skipped_again(project: ProjectId, task: TaskId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    find(&db, project, task).await?;
    work::ask_skipped_again(&db, project, task, caller.user_id).await?;
    leptos_axum::redirect(&routes::annotation_work(project, task));
    Ok(())
}

/// Refuses what comes from a page that was shown to somebody else: another person may have signed in since, in another
/// tab.
#[cfg(feature = "ssr")]
fn same_person(shown_to: Option<UserId>, caller: &Caller) -> Result<(), AppError> {
    if shown_to.is_none_or(|user| user == caller.user_id) { Ok(()) } else { Err(AppError::SignIn) }
}

#[cfg(feature = "ssr")]
async fn find(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Asked, AppError> {
    tasks::asked(db, project, task).await?.ok_or(AppError::NotFound)
}

#[cfg(feature = "ssr")]
fn sheet(place: Place, design: &Design, work: &Work) -> Sheet {
    Sheet { id: work.item_id.0, html: item::item(place, design, work).to_html() }
}

#[cfg(feature = "ssr")]
fn read(design: &Design, form: &AnswerForm) -> Result<Judgement, AppError> {
    judgement_of(design, form).map_err(|problem| refused(design, &[problem]))
}

/// What is wrong with the answers, above the form: a reason may be about several fields.
#[cfg(feature = "ssr")]
fn refused(design: &Design, problems: &[AnswerProblem]) -> AppError {
    let l = lang();
    let reasons: Vec<String> = problems.iter().map(|problem| answer_problem(l, design, problem)).collect();
    AppError::invalid("answers", reasons.join(" "))
}
