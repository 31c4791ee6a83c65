//! Server functions of comparing versions.

use crate::error::AppError;
use domain::{
    dataset::Version,
    diff::{DiffKind, VersionDiff},
    id::{DatasetId, JobId, ProjectId},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::{api, routes},
    domain::{access::Action, explore::LookedBy, page::DEFAULT_LIMIT},
    store::{
        diffs::{Asker, Compared, DiffQuery, page_or_job},
        explore::looks,
    },
};

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiffView {
    pub version: Version,
    /// Numbers of the dataset's other versions, newest first.
    pub others: Vec<u32>,
    /// The version compared with.
    pub from: Option<u32>,
    /// `None` where there is nothing to compare with, and while a job compares.
    pub diff: Option<VersionDiff>,
    pub waiting: Option<Waiting>,
    /// Whether the address has a look that opens the test split to this person.
    pub looking: bool,
}

/// The job that compares two large versions.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub job: JobId,
    /// Over without success.
    pub failed: bool,
}

/// How a version differs from another of its dataset: the one it was made from where none is named.
#[server]
pub async fn get_diff(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    from: Option<u32>,
    kind: Option<DiffKind>,
    look: Option<String>,
    after: Option<u32>,
) -> Result<DiffView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let mut looking = match look.and_then(|look| look.parse().ok()) {
        Some(look) => looks::is_open(&db, version.id, caller.user_id, look).await?,
        None => false,
    };
    let versions = store::versions::of_dataset(&db, project, dataset).await?;
    let others: Vec<u32> = versions.into_iter().map(|v| v.number).filter(|n| *n != number).collect();
    let before = version.parent.map(|p| p.number).or_else(|| others.iter().copied().find(|n| *n < number));
    let from = from.or_else(|| before.filter(|n| others.contains(n)));
    let (diff, waiting) = match from {
        Some(from) => {
            let from = api::version(&db, project, dataset, from).await?;
            // Rows of either test split are shown: there has to be a look at both.
            looking = looking && looks::has_open(&db, from.id, caller.user_id).await?;
            let query = DiffQuery { kind, with_test: looking, after, limit: DEFAULT_LIMIT };
            let asker = Asker { project, user: caller.user_id, again: false };
            match page_or_job(&db, asker, &from, &version, query).await? {
                Compared::Made(diff) => (Some(*diff), None),
                Compared::By(job) => (None, Some(Waiting { job: job.id, failed: job.status.is_final() })),
            }
        }
        None => (None, None),
    };
    Ok(DiffView { version, others, from, diff, waiting, looking })
}

/// What the page's address says after the versions that are compared.
pub(super) fn rest_of_address(kind: Option<DiffKind>, look: Option<&str>) -> String {
    let kind = kind.map(|kind| format!("&kind={}", kind.as_str())).unwrap_or_default();
    let look = look.map(|look| format!("&look={}", crate::routes::encode(look))).unwrap_or_default();
    format!("{kind}{look}")
}

/// Begins a comparison again that failed or was cancelled, and goes back to the page as it was.
#[server]
pub async fn compare_again(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    from: u32,
    #[server(default)] kind: Option<DiffKind>,
    #[server(default)] look: Option<String>,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let other = api::version(&db, project, dataset, from).await?;
    let asker = Asker { project, user: caller.user_id, again: true };
    let query = DiffQuery { kind: None, with_test: false, after: None, limit: 1 };
    page_or_job(&db, asker, &other, &version, query).await?;
    let rest = rest_of_address(kind, look.as_deref());
    leptos_axum::redirect(&format!("{}{rest}", routes::diff(project, dataset, number, Some(from))));
    Ok(())
}

/// Puts a look at the test split of both versions on record and goes back to the page.
#[server]
pub async fn look_at_diff(project: ProjectId, dataset: DatasetId, number: u32, from: u32) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let other = api::version(&db, project, dataset, from).await?;
    looks::record(&db, other.id, caller.user_id, LookedBy::Page).await?;
    let look = looks::record(&db, version.id, caller.user_id, LookedBy::Page).await?;
    leptos_axum::redirect(&format!("{}&look={look}", routes::diff(project, dataset, number, Some(from))));
    Ok(())
}
