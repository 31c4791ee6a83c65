//! Experiments.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Done, Int, Json, KeyValue, Query, experiment_id, next_token, page},
};
use axum::extract::State;
use domain::tracking::{
    Among, filter,
    limits::{KEY_CHARS, NAME_CHARS, TAG_CHARS, at_most, key, within},
    order,
    view::Experiment,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{
    PgPool,
    tracking::{TrackError, experiments, experiments::Search},
};

/// Most tags of an experiment that come with it.
const MOST_TAGS: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/mlflow/experiments/create", create),
        Endpoint::get("/mlflow/experiments/get", get),
        Endpoint::get("/mlflow/experiments/get-by-name", get_by_name),
        Endpoint::ask("/mlflow/experiments/search", search),
        Endpoint::get("/mlflow/experiments/search", list),
        Endpoint::get("/mlflow/experiments/list", list),
        Endpoint::post("/mlflow/experiments/update", update),
        Endpoint::post("/mlflow/experiments/delete", delete),
        Endpoint::post("/mlflow/experiments/restore", restore),
        Endpoint::post("/mlflow/experiments/set-experiment-tag", set_tag),
        Endpoint::post("/mlflow/experiments/delete-experiment-tag", delete_tag),
    ]
}

/// An experiment as clients read it.
#[derive(Serialize)]
struct ExperimentOut {
    experiment_id: String,
    name: String,
    artifact_location: String,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    tags: Vec<domain::tracking::Pair>,
}

impl ExperimentOut {
    fn new(place: Place, found: Experiment) -> Self {
        let milliseconds =
            |at: time::OffsetDateTime| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        Self {
            experiment_id: found.number.to_string(),
            name: found.name,
            artifact_location: format!("mlflow-artifacts:/{}", place.project),
            lifecycle_stage: lifecycle(found.is_deleted),
            last_update_time: milliseconds(found.updated_at),
            creation_time: milliseconds(found.created_at),
            tags: found.tags,
        }
    }
}

/// MLflow's word for whether something is marked as deleted.
pub(super) fn lifecycle(is_deleted: bool) -> &'static str {
    if is_deleted { "deleted" } else { "active" }
}

#[derive(Deserialize)]
struct NewExperiment {
    #[serde(default)]
    name: String,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

#[derive(Serialize)]
struct ExperimentId {
    experiment_id: String,
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::missing("name"));
    }
    Ok(within("Experiment name", name, NAME_CHARS)?)
}

fn check_tag(tag: &KeyValue) -> Result<(), Refusal> {
    key("tag", &tag.key)?;
    Ok(within("Tag value", &tag.value, TAG_CHARS)?)
}

async fn create(
    State(db): State<PgPool>,
    place: Place,
    Json(new): Json<NewExperiment>,
) -> Result<Json<ExperimentId>, Refusal> {
    check_name(&new.name)?;
    at_most("tags", new.tags.len(), MOST_TAGS)?;
    new.tags.iter().try_for_each(check_tag)?;
    let tags: BTreeMap<String, String> = new.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let number = experiments::create(&db, place.project, &new.name, &tags).await?;
    Ok(Json(ExperimentId { experiment_id: number.to_string() }))
}

#[derive(Deserialize)]
struct ById {
    #[serde(default)]
    experiment_id: String,
}

#[derive(Serialize)]
struct One {
    experiment: ExperimentOut,
}

async fn get(State(db): State<PgPool>, place: Place, Query(asked): Query<ById>) -> Result<Json<One>, Refusal> {
    let number = experiment_id(&asked.experiment_id)?;
    let found = experiments::get(&db, place.project, number).await?;
    let found = found.ok_or_else(|| TrackError::NoExperiment(asked.experiment_id))?;
    Ok(Json(One { experiment: ExperimentOut::new(place, found) }))
}

#[derive(Deserialize)]
struct ByName {
    #[serde(default)]
    experiment_name: String,
}

async fn get_by_name(
    State(db): State<PgPool>,
    place: Place,
    Query(asked): Query<ByName>,
) -> Result<Json<One>, Refusal> {
    let found = experiments::by_name(&db, place.project, &asked.experiment_name).await?;
    let found = found.ok_or_else(|| {
        Refusal::not_found(format!("could not find experiment with name '{}'", asked.experiment_name))
    })?;
    Ok(Json(One { experiment: ExperimentOut::new(place, found) }))
}

#[derive(Deserialize)]
struct SearchIn {
    max_results: Option<Int>,
    page_token: Option<String>,
    filter: Option<String>,
    #[serde(default)]
    order_by: Vec<String>,
    view_type: Option<Among>,
}

/// A search whose order stands nowhere, as a query.
#[derive(Deserialize)]
struct ListIn {
    max_results: Option<Int>,
    page_token: Option<String>,
    filter: Option<String>,
    view_type: Option<Among>,
}

#[derive(Serialize)]
struct Many {
    experiments: Vec<ExperimentOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn search(State(db): State<PgPool>, place: Place, Json(asked): Json<SearchIn>) -> Result<Json<Many>, Refusal> {
    let (limit, offset) = page(asked.max_results, asked.page_token.as_deref())?;
    let search = Search {
        conditions: filter::of_experiments(asked.filter.as_deref().unwrap_or_default())?,
        order: order::of_experiments(&asked.order_by)?,
        among: asked.view_type.unwrap_or_default(),
        limit,
        offset,
    };
    let (found, has_more) = experiments::search(&db, place.project, &search).await?;
    let experiments = found.into_iter().map(|e| ExperimentOut::new(place, e)).collect();
    Ok(Json(Many { experiments, next_page_token: next_token(has_more, limit, offset) }))
}

async fn list(state: State<PgPool>, place: Place, Query(asked): Query<ListIn>) -> Result<Json<Many>, Refusal> {
    let ListIn { max_results, page_token, filter, view_type } = asked;
    search(state, place, Json(SearchIn { max_results, page_token, filter, order_by: Vec::new(), view_type })).await
}

#[derive(Deserialize)]
struct Rename {
    #[serde(default)]
    experiment_id: String,
    new_name: Option<String>,
}

async fn update(State(db): State<PgPool>, place: Place, Json(change): Json<Rename>) -> Result<Json<Done>, Refusal> {
    let number = experiment_id(&change.experiment_id)?;
    let name = change.new_name.unwrap_or_default();
    check_name(&name)?;
    experiments::rename(&db, place.project, number, &name).await?;
    Ok(Json(Done {}))
}

async fn delete(State(db): State<PgPool>, place: Place, Json(asked): Json<ById>) -> Result<Json<Done>, Refusal> {
    experiments::mark(&db, place.project, experiment_id(&asked.experiment_id)?, true).await?;
    Ok(Json(Done {}))
}

async fn restore(State(db): State<PgPool>, place: Place, Json(asked): Json<ById>) -> Result<Json<Done>, Refusal> {
    experiments::mark(&db, place.project, experiment_id(&asked.experiment_id)?, false).await?;
    Ok(Json(Done {}))
}

#[derive(Deserialize)]
struct TagIn {
    #[serde(default)]
    experiment_id: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

async fn set_tag(State(db): State<PgPool>, place: Place, Json(tag): Json<TagIn>) -> Result<Json<Done>, Refusal> {
    let number = experiment_id(&tag.experiment_id)?;
    check_tag(&KeyValue { key: tag.key.clone(), value: tag.value.clone() })?;
    experiments::set_tag(&db, place.project, number, &tag.key, Some(&tag.value)).await?;
    Ok(Json(Done {}))
}

async fn delete_tag(State(db): State<PgPool>, place: Place, Json(tag): Json<TagIn>) -> Result<Json<Done>, Refusal> {
    let number = experiment_id(&tag.experiment_id)?;
    within("Tag key", &tag.key, KEY_CHARS)?;
    experiments::set_tag(&db, place.project, number, &tag.key, None).await?;
    Ok(Json(Done {}))
}
