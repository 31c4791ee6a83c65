//! The server function of the lineage.

use crate::error::AppError;
use domain::{
    id::ProjectId,
    lineage::{Lineage, NodeId},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::api, domain::access::Action};

/// What something came from and what it led to.
#[server]
pub async fn get_lineage(project: ProjectId, item: NodeId) -> Result<Lineage, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    store::lineage::of(&db, project, &item).await?.ok_or(AppError::NotFound)
}
