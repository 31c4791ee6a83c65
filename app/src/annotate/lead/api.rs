//! Server functions of the lead's pages of annotation.

pub mod results;

use super::design::TaskForm;
use crate::error::AppError;
use domain::{
    annotation::{
        TaskStatus,
        batch::Due,
        view::{Board, Guideline, Task, TaskSummary},
    },
    id::{EvalId, GroupId, ItemId, JobId, ProjectId, TaskId, UserId, VersionId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        annotation::{
            design::Design,
            distribution::Distribution,
            view::{NewTask, Source},
        },
        lang::Lang,
        sample::Split,
    },
    store::{
        PgPool,
        annotation::{blind, board, content, guidelines, items, people, tasks},
    },
};

/// The project's tasks, newest first.
#[server]
pub async fn list_tasks(project: ProjectId) -> Result<Vec<TaskSummary>, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    Ok(blind::as_seen(&db, caller.user_id, role, tasks::list(&db, project).await?).await?)
}

/// Somebody who may be given a part in a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub id: UserId,
    pub name: String,
    pub may_annotate: bool,
}

/// What a new task can be about, who can work on it, and how it would look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewTaskView {
    pub versions: Vec<(VersionId, String)>,
    /// Evaluations with a name that says model, data and split.
    pub evaluations: Vec<(EvalId, String)>,
    pub people: Vec<Candidate>,
    pub groups: Vec<(GroupId, String)>,
    /// The fields as an annotator sees them, as HTML.
    pub preview: Option<String>,
    /// Why there is no preview.
    pub problem: Option<String>,
}

/// What the page of a new task shows beside the form.
#[server]
pub async fn get_new_task(project: ProjectId, form: TaskForm) -> Result<NewTaskView, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let l = lang();
    let versions = store::versions::of_project(&db, project).await?.into_iter();
    let versions = versions.map(|v| (v.id, text::version_name(l, &v.dataset_name, v.number)));
    let evaluations = store::evals::of_project(&db, project).await?;
    let people = candidates(&db, project).await?;
    let groups = store::groups::list(&db, project).await?.into_iter().map(|g| (g.id, g.name)).collect();
    let versions: Vec<_> = versions.collect();
    let (preview, problem) = match form.checked_design(l) {
        Ok(design) => (Some(preview(&db, project, &form, design, versions.first().map(|(id, _)| *id)).await?), None),
        Err(error) => (None, Some(error.text(l))),
    };
    Ok(NewTaskView { versions, evaluations, people, groups, preview, problem })
}

/// The members of a project, with whether they may annotate.
#[cfg(feature = "ssr")]
pub(super) async fn candidates(db: &PgPool, project: ProjectId) -> Result<Vec<Candidate>, AppError> {
    let members = store::projects::members(db, project).await?.into_iter();
    let candidate = |m: domain::people::Member| Candidate {
        id: m.user_id,
        name: m.name,
        may_annotate: domain::access::permits(Some(m.role), None, Action::Annotate),
    };
    Ok(members.map(candidate).collect())
}

/// The fields over the first sample of what the form names, or of this version.
#[cfg(feature = "ssr")]
async fn preview(
    db: &PgPool,
    project: ProjectId,
    form: &TaskForm,
    design: Design,
    newest: Option<VersionId>,
) -> Result<String, AppError> {
    let source = source(lang(), form).ok();
    // The seal of the test split is not broken for a preview.
    let source = match source {
        Some(Source::Version { version_id, mut splits, limit, suggestions }) => {
            splits.retain(|split| *split != Split::Test);
            Some(Source::Version { version_id, splits, limit, suggestions })
        }
        Some(of_models @ Source::Evaluations { .. }) => Some(of_models),
        None => newest.map(|version_id| Source::Version {
            version_id,
            splits: vec![Split::Train, Split::Validation],
            limit: 0,
            suggestions: None,
        }),
    };
    let content = match source {
        Some(source) => content::first(db, project, &source, &design).await?,
        None => None,
    };
    Ok(super::preview::html(&design, &content.unwrap_or_default()))
}

/// Makes the task, then shows it.
#[server]
pub async fn create_task(project: ProjectId, #[server(flatten)] form: TaskForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let l = lang();
    let name = form.get("name").to_owned();
    if !(1..=200).contains(&name.chars().count()) {
        return Err(AppError::invalid("name", crate::words::name_problem(l)));
    }
    let new = NewTask {
        name,
        source: source(l, &form)?,
        design: form.checked_design(l)?,
        distribution: distribution(l, &form)?,
        guideline: form.get("guideline").to_owned(),
        deadline: end_of_day(l, form.get("deadline"))?,
        annotators: form.checked("annotator.").filter_map(|id| id.parse().ok()).collect(),
        groups: form.checked("group.").filter_map(|id| id.parse().ok()).collect(),
        reviewers: form.checked("reviewer.").filter_map(|id| id.parse().ok()).collect(),
    };
    let made = tasks::create(&db, project, &new, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={}", routes::annotation_task(project, made.task_id), made.job_id));
    Ok(())
}

#[cfg(feature = "ssr")]
fn source(l: Lang, form: &TaskForm) -> Result<Source, AppError> {
    let missing = || AppError::invalid("source", text::no_source(l));
    let limit = form.number(l, "limit", 0)?;
    match form.get("source").split_once(':') {
        Some(("version", id)) => {
            let splits: Vec<Split> =
                Split::ALL.into_iter().filter(|s| form.is_checked(&format!("split.{}", s.as_str()))).collect();
            if splits.is_empty() {
                return Err(AppError::invalid("source", text::no_split(l)));
            }
            let suggestions = form.get("suggestions").parse().ok();
            Ok(Source::Version { version_id: id.parse().map_err(|_| missing())?, splits, limit, suggestions })
        }
        Some(("eval", id)) => {
            let first: EvalId = id.parse().map_err(|_| missing())?;
            let second = form.get("against").parse::<EvalId>().ok().filter(|second| *second != first);
            let eval_ids = std::iter::once(first).chain(second).collect();
            Ok(Source::Evaluations { eval_ids, only_wrong: form.is_checked("only_wrong"), limit })
        }
        _ => Err(missing()),
    }
}

#[cfg(feature = "ssr")]
fn distribution(l: Lang, form: &TaskForm) -> Result<Distribution, AppError> {
    let usual = Distribution::default();
    let distribution = Distribution {
        overlap: form.number(l, "overlap", usual.overlap)?,
        overlap_share: form.number(l, "overlap_share", usual.overlap_share)?,
        order: form.get("order").parse().unwrap_or(usual.order),
        seed: form.number(l, "seed", usual.seed)?,
        hide_model: form.is_checked("hide_model"),
        lock_minutes: form.number(l, "lock_minutes", usual.lock_minutes)?,
        gold_share: form.number(l, "gold_share", usual.gold_share)?,
        qualification_items: form.number(l, "qualification_items", usual.qualification_items)?,
        qualification_pass: form.number(l, "qualification_pass", usual.qualification_pass)?,
        batch_size: form.number(l, "batch_size", usual.batch_size)?,
        batch_opening: form.get("batch_opening").parse().unwrap_or(usual.batch_opening),
        review: form.get("review").parse().unwrap_or(usual.review),
        review_share: form.number(l, "review_share", usual.review_share)?,
    };
    match distribution.problems().into_iter().next() {
        Some(problem) => Err(AppError::invalid(problem.field, text::problem_range(l, problem.min, problem.max))),
        None => Ok(distribution),
    }
}

/// The end of the day that was typed as a deadline.
#[cfg(feature = "ssr")]
pub(super) fn end_of_day(l: Lang, typed: &str) -> Result<Option<time::OffsetDateTime>, AppError> {
    if typed.is_empty() {
        return Ok(None);
    }
    let end = format!("{typed}T23:59:59Z");
    let end = time::OffsetDateTime::parse(&end, &time::format_description::well_known::Rfc3339);
    end.map(Some).map_err(|_| AppError::invalid("deadline", text::no_day(l)))
}

/// A task with its board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    pub task: Task,
    pub board: Board,
    /// The job that makes its items, while it does.
    pub job: Option<JobId>,
    /// Whether the reader may review.
    pub may_review: bool,
    /// What is missing until the deadline of the task.
    pub due: Option<Due>,
    /// Whether the reader sees how all others are at it, or judges blind.
    pub sees_all: bool,
}

/// A task with its board.
#[server]
pub async fn get_task(project: ProjectId, task: TaskId) -> Result<TaskView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let mut found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let board = board::board(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or(AppError::NotFound)?;
    let board = board::as_seen(board, sees);
    let job = if found.summary.filled { None } else { tasks::filling(&db, project, task).await? };
    let may_review = tasks::may_review(&db, task, caller.user_id, role).await?;
    found.summary.counts = board.counts;
    let due = found.summary.deadline.map(|at| Due {
        at,
        seconds_left: (at - time::OffsetDateTime::now_utc()).whole_seconds(),
        missing: board.counts.wanted.saturating_sub(board.counts.given),
    });
    Ok(TaskView { task: found, board, job, may_review, due, sees_all: sees == items::Sees::All })
}

/// Opens, pauses or closes a task.
#[server]
pub async fn set_task_status(project: ProjectId, task: TaskId, status: TaskStatus) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if !tasks::set_status(&db, project, task, status, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_task(project, task));
    Ok(())
}

/// Lets somebody who failed the entry test try it again.
#[server]
pub async fn let_try_again(project: ProjectId, task: TaskId, user: UserId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if !people::let_try_again(&db, project, task, user, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_task(project, task));
    Ok(())
}

/// The guidelines of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuidelinesView {
    /// The task's name.
    pub name: String,
    /// Newest first, each with the first items whose judgements it touches; none for whoever judges blind.
    pub history: Vec<(Guideline, Vec<ItemId>)>,
}

/// Items that are listed of a revision.
#[cfg(feature = "ssr")]
const TOUCHED: u32 = 50;

/// All guidelines of a task.
#[server]
pub async fn get_guidelines(project: ProjectId, task: TaskId) -> Result<GuidelinesView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?.ok_or(AppError::NotFound)?;
    let mut all = blind::guidelines(guidelines::history(&db, project, task).await?, sees);
    all.sort_by_key(|g| std::cmp::Reverse(g.revision));
    let mut history = Vec::with_capacity(all.len());
    for guideline in all {
        let touched = if guideline.judgements_touched > 0 {
            guidelines::touched_items(&db, project, task, guideline.revision, TOUCHED).await?
        } else {
            Vec::new()
        };
        history.push((guideline, touched));
    }
    Ok(GuidelinesView { name: found.summary.name, history })
}

/// Makes the next revision of a task's guideline.
#[server]
pub async fn revise_guideline(project: ProjectId, task: TaskId, text: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if text.chars().count() > domain::annotation::MAX_GUIDELINE_CHARS {
        return Err(AppError::invalid("text", self::text::too_long(lang())));
    }
    guidelines::revise(&db, project, task, &text, caller.user_id).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::annotation_guideline(project, task));
    Ok(())
}
