//! The server function of the data card.

use crate::error::AppError;
use domain::{
    card::DataCard,
    id::{DatasetId, ProjectId},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {crate::api, domain::access::Action};

/// The card of a version.
#[server]
pub async fn get_card(project: ProjectId, dataset: DatasetId, number: u32) -> Result<DataCard, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    Ok(store::cards::get(&db, project, &version).await?)
}
