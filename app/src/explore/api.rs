//! Server functions of exploring a version.

use super::address::Asked;
use crate::error::AppError;
use domain::{
    dataset::Version,
    explore::{Found, FoundRow, SampleHistory, TestLooks},
    id::{DatasetId, JobId, ProjectId, SampleId, ScoringId},
    score::SampleScore,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{
        address::Place,
        rows::{self, Columns},
        text,
    },
    crate::{api, routes, text::lang},
    domain::{
        access::{Action, Caller},
        explore::{LookedBy, MAX_SEARCH_CHARS, Query, parse_tag},
        page::DEFAULT_LIMIT,
        sample::Split,
    },
    store::{
        PgPool,
        explore::{
            build::{self, IndexVersion, State},
            looks, tags,
        },
    },
};

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExploreView {
    pub version: Version,
    /// `None` while there is no index.
    pub found: Option<Found>,
    /// Models that have scored the version, latest first.
    pub scorings: Vec<(ScoringId, String)>,
    /// The one of them whose scores are shown.
    pub scoring: Option<ScoringId>,
    /// The job that builds the index, until it is there.
    pub job: Option<JobId>,
    /// Whether the address has a look that opens the test split to this person.
    pub looking: bool,
    pub looks: TestLooks,
}

/// A version's samples as asked for.
#[server]
pub async fn explore(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    asked: Asked,
) -> Result<ExploreView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let looking = is_looking(&db, &version, &caller, asked.look.as_deref()).await?;
    let scorings = store::scores::list(&db, project, version.id).await?;
    let known = asked.scoring.filter(|id| scorings.iter().any(|scoring| scoring.id == *id));
    let scoring = known.or_else(|| scorings.first().map(|scoring| scoring.id));
    let scorings = scorings.into_iter().map(|scoring| (scoring.id, scoring.model)).collect();
    let asked = Asked { scoring, ..asked };
    let found = store::explore::find(&db, version.id, &query_of(&asked, looking)).await?;
    let job = match found {
        Some(_) => None,
        None => match build::state(&db, version.id).await? {
            State::Job(job) => Some(job),
            State::Ready | State::Missing => None,
        },
    };
    let looks = looks::of_version(&db, version.id).await?;
    Ok(ExploreView { version, found, scorings, scoring, job, looking, looks })
}

/// The cells of lines of the table from `offset` on, [`DEFAULT_LIMIT`] lines at most, as HTML, for a window that scrolls over
/// all of them. `asked` is JSON of `Asked`.
#[server(input = GetUrl)]
pub async fn explore_lines(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    has_labels: bool,
    has_ticks: bool,
    asked: String,
    offset: u32,
) -> Result<Vec<String>, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let asked: Asked = serde_json::from_str(&asked).map_err(|e| AppError::invalid("asked", e.to_string()))?;
    let asked = asked.at(offset);
    let version = api::version(&db, project, dataset, number).await?;
    let looking = is_looking(&db, &version, &caller, asked.look.as_deref()).await?;
    let query = Query { without_facets: true, ..query_of(&asked, looking) };
    let found = store::explore::find(&db, version.id, &query).await?.ok_or(AppError::NotFound)?;
    let place = Place { project, dataset, number };
    let from = Asked { offset: 0, ..asked };
    let columns = Columns { has_labels, has_ticks };
    let line = |item: &FoundRow| rows::cells(place, &from, item, &found.terms, columns).to_html();
    Ok(found.items.iter().map(line).collect())
}

/// One sample with what is known of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SampleView {
    pub version: Version,
    /// `None` for a sample of the sealed test split.
    pub sample: Option<FoundRow>,
    pub history: SampleHistory,
    /// What models say of it; nothing of a sealed one.
    pub scores: Vec<SampleScore>,
}

/// One sample of a version.
#[server]
pub async fn get_sample(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    sample: SampleId,
    look: Option<String>,
) -> Result<SampleView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let row = store::samples::get(&db, version.id, sample).await?.ok_or(AppError::NotFound)?;
    let history = store::samples::history(&db, project, sample).await?;
    let is_open = row.split != Split::Test || is_looking(&db, &version, &caller, look.as_deref()).await?;
    let tags = tags::of_samples(&db, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    let scores = if is_open { store::scores::of_sample(&db, project, version.id, sample).await? } else { Vec::new() };
    Ok(SampleView { version, sample: is_open.then_some(FoundRow { row, tags }), history, scores })
}

/// Puts a look at the test split on record and goes back to where it was asked for.
#[server]
pub async fn look_at_test(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(default)] sample: Option<SampleId>,
    #[server(default)] query: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let look = looks::record(&db, version.id, caller.user_id, LookedBy::Page).await?;
    let page = match sample {
        Some(sample) => routes::explored_sample(project, dataset, number, sample),
        None => routes::explore(project, dataset, number),
    };
    // The query is the page's own, which ends in no look yet.
    let before = query.strip_prefix('?').filter(|q| !q.is_empty()).map(|q| format!("{q}&")).unwrap_or_default();
    leptos_axum::redirect(routes::safe_next(&format!("{page}?{before}look={look}")));
    Ok(())
}

/// Builds the index again after its job has failed.
#[server]
pub async fn build_index(project: ProjectId, dataset: DatasetId, number: u32) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let request = IndexVersion { version_id: version.id };
    store::jobs::enqueue(&db, project, build::KIND, &request, caller.user_id).await?;
    leptos_axum::redirect(&routes::explore(project, dataset, number));
    Ok(())
}

/// Puts a tag on a sample.
#[server]
pub async fn add_tag(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    sample: SampleId,
    tag: String,
    #[server(default)] query: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let tag = parse_tag(&tag).ok_or_else(|| AppError::invalid("tag", text::bad_tag(lang())))?;
    if !tags::add(&db, version.id, sample, &tag, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(routes::safe_next(&back_to_sample(project, dataset, number, sample, &query)));
    Ok(())
}

/// Takes a tag off a sample.
#[server]
pub async fn remove_tag(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    sample: SampleId,
    tag: String,
    #[server(default)] query: String,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Annotate).await?;
    let version = api::version(&db, project, dataset, number).await?;
    if !tags::remove(&db, version.id, sample, &tag).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(routes::safe_next(&back_to_sample(project, dataset, number, sample, &query)));
    Ok(())
}

#[cfg(feature = "ssr")]
fn back_to_sample(project: ProjectId, dataset: DatasetId, number: u32, sample: SampleId, query: &str) -> String {
    let query = if query.starts_with('?') { query } else { "" };
    format!("{}{query}", routes::explored_sample(project, dataset, number, sample))
}

#[cfg(feature = "ssr")]
fn query_of(asked: &Asked, with_test: bool) -> Query {
    Query {
        search: asked.search.chars().take(MAX_SEARCH_CHARS).collect(),
        filters: asked.filters.clone(),
        sort: asked.sort,
        descending: asked.descending,
        scoring: asked.scoring,
        with_test,
        without_facets: false,
        offset: asked.offset,
        limit: DEFAULT_LIMIT,
    }
}

#[cfg(feature = "ssr")]
async fn is_looking(db: &PgPool, version: &Version, caller: &Caller, look: Option<&str>) -> Result<bool, AppError> {
    match look.and_then(|look| look.parse().ok()) {
        Some(look) => Ok(looks::is_open(db, version.id, caller.user_id, look).await?),
        None => Ok(false),
    }
}
