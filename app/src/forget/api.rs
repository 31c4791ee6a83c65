//! Server functions of forgetting rows.

use crate::error::AppError;
use domain::{
    forget::{ForgetFound, Forgetting},
    id::{ProjectId, UploadId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{access::Action, forget::parse_texts},
    store::{Stale, StoreError, forget::EraseError},
};

/// What the page shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForgetView {
    /// `None` before something is looked for.
    pub found: Option<ForgetFound>,
    /// Why it cannot be looked for.
    pub problem: Option<String>,
    pub before: Vec<Forgetting>,
}

/// What holds these texts, one a line. Only an owner may look for them.
#[server]
pub async fn look_for(project: ProjectId, texts: String) -> Result<ForgetView, AppError> {
    let action = if texts.trim().is_empty() { Action::Read } else { Action::Administer };
    let (db, _) = api::authorise(project, action).await?;
    let before = store::forget::list(&db, project).await?;
    if texts.trim().is_empty() {
        return Ok(ForgetView { before, ..ForgetView::default() });
    }
    Ok(match parse_texts(texts.lines()) {
        Ok(texts) => {
            ForgetView { found: Some(store::forget::find(&db, project, &texts).await?), problem: None, before }
        }
        Err(e) => ForgetView { found: None, problem: Some(text::problem(lang(), e)), before },
    })
}

/// Erases what holds these texts, once the person has typed how many samples do.
#[server]
pub async fn forget_rows(project: ProjectId, secret_texts: String, confirm: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let texts =
        parse_texts(secret_texts.lines()).map_err(|e| AppError::invalid("confirm", text::problem(lang(), e)))?;
    let digits: String = confirm.chars().filter(char::is_ascii_digit).collect();
    let samples = digits.parse().map_err(|_| AppError::invalid("confirm", text::not_a_number(lang())))?;
    store::forget::erase(&db, project, caller.user_id, &texts, samples).await.map_err(|e| match e {
        EraseError::Store(StoreError::Stale(Stale::FoundOthers)) => {
            AppError::invalid("confirm", text::found_others(lang()))
        }
        EraseError::Store(e) => e.into(),
        EraseError::Busy(busy) => AppError::Conflict(text::busy(lang(), &busy)),
    })?;
    leptos_axum::redirect(&routes::forget(project));
    Ok(())
}

/// Deletes an uploaded file.
#[server]
pub async fn delete_file(project: ProjectId, upload: UploadId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let found = store::uploads::get(&db, project, upload).await?.ok_or(AppError::NotFound)?;
    let request = serde_json::json!({ "upload_id": found.id, "sha256": found.sha256 });
    store::jobs::enqueue(&db, project, "delete_upload", &request, caller.user_id).await?;
    leptos_axum::redirect(&routes::forget(project));
    Ok(())
}
