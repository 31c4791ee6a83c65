//! Server functions of what a task came to: agreement, items, gold, labels.

use crate::{error::AppError, ui::form::Values};
use domain::{
    annotation::{
        ItemStatus,
        agreement_view::Agreement,
        exchange::ImportKind,
        view::{ConsensusMethod, Item, Task},
    },
    id::{DatasetId, ItemId, ProjectId, TaskId, UploadId},
    import::Upload,
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::{Action, Caller},
        annotation::{
            answer::Answer,
            exchange::ImportJudgements,
            publish::{Publish, PublishTask},
        },
        page::DEFAULT_LIMIT,
    },
    std::collections::BTreeMap,
    store::{
        PgPool,
        annotation::{
            consensus, exchange, gold,
            items::{self, ItemFilter, Sees},
            publish, quality, tasks,
        },
    },
};

/// How far the people of a task agree, with its name. Annotators see it when the task is closed.
#[server]
pub async fn get_agreement(project: ProjectId, task: TaskId) -> Result<(String, Agreement), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    if sees(&db, project, task, &caller).await? != Sees::All {
        return Err(AppError::Forbidden);
    }
    let agreement = quality::agreement(&db, project, task).await?.ok_or(AppError::NotFound)?;
    Ok((found.summary.name, agreement))
}

#[cfg(feature = "ssr")]
async fn sees(db: &PgPool, project: ProjectId, task: TaskId, caller: &Caller) -> Result<Sees, AppError> {
    let role = store::access::authorise(db, caller, project, Action::Read).await?;
    items::sees(db, project, task, caller.user_id, role).await?.ok_or(AppError::NotFound)
}

/// A task around its items: how far others are is not for whoever judges blind.
#[cfg(feature = "ssr")]
fn as_seen(mut task: Task, sees: Sees) -> Task {
    if sees != Sees::All {
        task.summary.counts = task.summary.counts.own(0);
    }
    task
}

/// Items with the questions that they are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemsView {
    pub task: Task,
    pub page: Page<Item>,
}

/// Items of a task, as far as the reader may see what was said of them.
#[server]
pub async fn get_items(
    project: ProjectId,
    task: TaskId,
    status: Option<ItemStatus>,
    gold: bool,
    cursor: Option<String>,
) -> Result<ItemsView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let sees = sees(&db, project, task, &caller).await?;
    let found = as_seen(found, sees);
    let filter = ItemFilter { status, gold: gold.then_some(true), ..ItemFilter::default() };
    let after = cursor.and_then(|cursor| cursor.parse().ok());
    let page = items::page(&db, project, task, &filter, sees, after, DEFAULT_LIMIT).await?.ok_or(AppError::NotFound)?;
    Ok(ItemsView { task: found, page })
}

/// One item, with its task.
#[server]
pub async fn get_item(project: ProjectId, task: TaskId, item: ItemId) -> Result<(Task, Item), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let sees = sees(&db, project, task, &caller).await?;
    let found = as_seen(found, sees);
    Ok((found, items::get(&db, project, task, item, sees).await?.ok_or(AppError::NotFound)?))
}

/// Makes an item a gold item with the answers of its consensus or of one of its judgements, or an ordinary one again.
#[server]
pub async fn set_gold(project: ProjectId, task: TaskId, item: ItemId, from: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let answers = match from.as_str() {
        "none" => None,
        _ => Some(answers_of(&db, project, task, item, &from).await?),
    };
    if !gold::set_gold(&db, project, task, item, answers.as_ref(), caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::annotation_item(project, task, item));
    Ok(())
}

#[cfg(feature = "ssr")]
async fn answers_of(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    item: ItemId,
    from: &str,
) -> Result<BTreeMap<String, Answer>, AppError> {
    let item = items::get(db, project, task, item, Sees::All).await?.ok_or(AppError::NotFound)?;
    let of_judgement = item.judgements.iter().find(|j| j.id.to_string() == from).map(|j| j.judgement.answers.clone());
    let of_consensus = item.consensus.filter(|_| from == "consensus").map(|c| c.answers);
    of_judgement
        .or(of_consensus)
        .filter(|answers| !answers.is_empty())
        .ok_or_else(|| AppError::invalid("from", text::no_such_answers(lang())))
}

/// A task whose labels can be taken, and the versions made of them before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelsView {
    pub task: Task,
    /// Dataset, its name and number of each.
    pub versions: Vec<(DatasetId, String, u32)>,
    /// The project's latest uploads, newest first: files that judgements can be read from.
    pub uploads: Vec<Upload>,
}

/// Uploads to choose from.
#[cfg(feature = "ssr")]
const UPLOADS: u32 = 20;

/// A task whose labels can be taken.
#[server]
pub async fn get_labels(project: ProjectId, task: TaskId) -> Result<LabelsView, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let mut versions = Vec::new();
    for id in publish::versions(&db, project, task).await? {
        if let Some(v) = store::versions::get(&db, project, id).await? {
            versions.push((v.dataset_id, v.dataset_name, v.number));
        }
    }
    let uploads = store::uploads::latest(&db, project, UPLOADS).await?;
    Ok(LabelsView { task: found, versions, uploads })
}

/// Reads judgements from an uploaded file.
#[server]
pub async fn take_judgements(
    project: ProjectId,
    task: TaskId,
    upload: UploadId,
    kind: ImportKind,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    exchange::design(&db, project, task).await?.ok_or(AppError::NotFound)?;
    if store::uploads::get(&db, project, upload).await?.is_none() {
        return Err(AppError::NotFound);
    }
    let request = ImportJudgements { task_id: task, upload_id: upload, kind };
    let job = store::jobs::enqueue(&db, project, publish::IMPORT_KIND, &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?import={job}", routes::annotation_labels(project, task)));
    Ok(())
}

/// Makes one answer of the several that an item has.
#[server]
pub async fn compute_consensus(project: ProjectId, task: TaskId, method: ConsensusMethod) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    consensus::compute(&db, project, task, method).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::annotation_task(project, task));
    Ok(())
}

/// Makes the next version of the dataset from the labels. Of the form, `use.QUESTION` is what its answers become, empty
/// for nothing.
#[server]
pub async fn publish_labels(project: ProjectId, task: TaskId, #[server(flatten)] form: Values) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let l = lang();
    let found = tasks::get(&db, project, task).await?.ok_or(AppError::NotFound)?;
    let chosen = form.beginning("use.").filter_map(|(question, v)| Some((question.to_owned(), v.parse().ok()?)));
    let min_confidence = match form.get("min_confidence") {
        "" => 0.0,
        typed => typed.parse().map_err(|_| AppError::invalid("min_confidence", text::no_number(l)))?,
    };
    let publish = Publish {
        questions: chosen.collect(),
        min_confidence,
        only_judged: form.is_checked("only_judged"),
        with_slices: true,
    };
    publish.check(&found.design).map_err(|e| AppError::invalid("min_confidence", text::publish_problem(l, &e)))?;
    let request = PublishTask { task_id: task, publish };
    let job = store::jobs::enqueue(&db, project, publish::KIND, &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::annotation_labels(project, task)));
    Ok(())
}
