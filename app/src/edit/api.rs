//! Server functions of editing many samples.

use super::form::EditForm;
use crate::error::AppError;
use domain::{
    dataset::Version,
    edit::EditPreview,
    id::{DatasetId, ProjectId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        edit::{BulkEdit, Selection},
        explore::parse_tag,
    },
    store::explore::Editor,
};

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EditView {
    pub version: Version,
    /// How many samples are selected; `None` while there is no index.
    pub selected: Option<u64>,
    /// What the edit would do, or why it cannot be done; `None` where nobody has asked.
    pub preview: Option<Result<EditPreview, String>>,
}

/// The samples that the form selects, and what its edit would do.
#[server]
pub async fn get_edit(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    form: EditForm,
) -> Result<EditView, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let selection = selection(&form)?;
    let selected = store::explore::select(&db, version.id, &selection).await?.map(|rows| rows.len() as u64);
    if form.preview.is_empty() || selected.is_none() {
        return Ok(EditView { version, selected, preview: None });
    }
    let preview = match form.edit().and_then(|action| Editor::new(&action)) {
        Ok(editor) => store::explore::preview_edit(&db, version.id, &selection, &editor).await?.map(Ok),
        Err(e) => Some(Err(EditForm::problem(lang(), &e).1)),
    };
    Ok(EditView { version, selected, preview })
}

/// Makes the next version and goes on to the progress.
#[server]
pub async fn edit_samples(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(flatten)] form: EditForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let refused = |e: domain::edit::EditError| {
        let (field, problem) = EditForm::problem(lang(), &e);
        AppError::invalid(field, problem)
    };
    let action = form.edit().map_err(refused)?;
    Editor::new(&action).map_err(refused)?;
    let edit = BulkEdit { selection: selection(&form)?, action };
    let request = serde_json::json!({ "version_id": version.id, "edit": edit });
    let job = store::jobs::enqueue(&db, project, "edit_version", &request, caller.user_id).await?;
    let here = routes::bulk_edit(project, dataset, number);
    leptos_axum::redirect(&format!("{here}?{}&job={job}", form.query()));
    Ok(())
}

/// Puts a tag on all selected samples, or takes it off.
#[server]
pub async fn tag_samples(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    tag: String,
    op: String,
    #[server(flatten)] form: EditForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let tag = parse_tag(&tag).ok_or_else(|| AppError::invalid("tag", text::bad_tag(lang())))?;
    let rows = store::explore::select(&db, version.id, &selection(&form)?).await?;
    let rows = rows.ok_or_else(|| AppError::Conflict(text::not_indexed(lang()).to_owned()))?;
    match op.as_str() {
        "remove" => store::explore::tags::remove_from_all(&db, version.id, &rows, &tag).await?,
        _ => store::explore::tags::add_to_all(&db, version.id, &rows, &tag, caller.user_id).await?,
    }
    leptos_axum::redirect(&format!("{}?{}", routes::explore(project, dataset, number), form.selection_query()));
    Ok(())
}

#[cfg(feature = "ssr")]
fn selection(form: &EditForm) -> Result<Selection, AppError> {
    form.selection().map_err(|e| AppError::Conflict(text::bad_filter(lang(), e.0)))
}
