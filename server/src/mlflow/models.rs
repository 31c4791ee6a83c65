//! Models that runs log, as MLflow 3 does it: the model is named, its files come as artifacts of its run, then it is declared
//! ready. A model without a run has no place here.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Done, Int, Json, KeyValue, experiment_id, next_token, page, run_id},
};
use axum::extract::{RawPathParams, State};
use domain::{
    id::{LoggedModelId, ProjectId},
    tracking::{
        ModelStatus, Pair, filter,
        limits::{BATCH_PAIRS, NAME_CHARS, PARAM_CHARS, TAG_CHARS, at_most, key, within},
        order,
        view::LoggedModel,
    },
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::{
        TrackError,
        models::{self, ModelChange, NewModel},
        runs,
        search::{self, ModelSearch},
    },
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/mlflow/logged-models", create),
        Endpoint::ask("/mlflow/logged-models/search", search_models),
        Endpoint::get("/mlflow/logged-models/{model}", get),
        Endpoint::patch("/mlflow/logged-models/{model}", finalize),
        Endpoint::post("/mlflow/logged-models/{model}/params", log_params),
        Endpoint::patch("/mlflow/logged-models/{model}/tags", set_tags),
        Endpoint::post("/mlflow/runs/outputs", log_outputs),
    ]
}

/// A model as clients read it.
#[derive(Serialize)]
struct One {
    model: ModelOut,
}

#[derive(Serialize)]
struct ModelOut {
    info: InfoOut,
    data: DataOut,
}

#[derive(Serialize)]
struct InfoOut {
    model_id: String,
    experiment_id: String,
    name: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: String,
    status: &'static str,
    model_type: String,
    source_run_id: String,
    tags: Vec<Pair>,
}

#[derive(Serialize)]
struct DataOut {
    params: Vec<Pair>,
}

impl ModelOut {
    fn new(project: ProjectId, model: LoggedModel) -> Self {
        let milliseconds =
            |at: time::OffsetDateTime| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let (id, run) = (models::name_of(model.id), runs::simple(model.run));
        let info = InfoOut {
            artifact_uri: format!("mlflow-artifacts:/{project}/{run}/artifacts/models/{id}"),
            model_id: id,
            experiment_id: model.experiment.to_string(),
            name: model.name,
            creation_timestamp_ms: milliseconds(model.created_at),
            last_updated_timestamp_ms: milliseconds(model.updated_at),
            status: model.status.as_str(),
            model_type: model.model_type,
            source_run_id: run,
            tags: model.tags,
        };
        Self { info, data: DataOut { params: model.params } }
    }
}

impl One {
    fn new(project: ProjectId, model: LoggedModel) -> Json<Self> {
        Json(Self { model: ModelOut::new(project, model) })
    }
}

/// The model that the path names.
fn named(params: &RawPathParams) -> Result<LoggedModelId, Refusal> {
    let text = params.iter().find(|(name, _)| *name == "model").map(|(_, text)| text).unwrap_or_default();
    parse(text)
}

fn parse(text: &str) -> Result<LoggedModelId, Refusal> {
    let id = text.strip_prefix("m-").and_then(|id| id.parse().ok());
    id.ok_or_else(|| TrackError::NoModel(text.to_owned()).into())
}

fn check(what: &'static str, pairs: Vec<KeyValue>, limit: usize) -> Result<Vec<Pair>, Refusal> {
    at_most(what, pairs.len(), BATCH_PAIRS)?;
    for pair in &pairs {
        key(what, &pair.key)?;
        within(what, &pair.value, limit)?;
    }
    Ok(pairs.into_iter().map(Pair::from).collect())
}

#[derive(Deserialize)]
struct ModelIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    model_type: String,
    source_run_id: Option<String>,
    #[serde(default)]
    params: Vec<KeyValue>,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

async fn create(State(db): State<PgPool>, place: Place, Json(new): Json<ModelIn>) -> Result<Json<One>, Refusal> {
    if new.source_run_id.as_deref().unwrap_or_default().is_empty() {
        return Err(Refusal::invalid("Lathe keeps models with the run that logged them: log the model within a run"));
    }
    let run = run_id(new.source_run_id.as_deref(), None)?;
    within("Model name", &new.name, NAME_CHARS)?;
    within("Model type", &new.model_type, NAME_CHARS)?;
    let params = check("params", new.params, PARAM_CHARS)?;
    let tags = check("tags", new.tags, TAG_CHARS)?;
    runs::must_be_active(&db, place.project, run).await?;
    let new = NewModel { run, name: new.name, model_type: new.model_type, params, tags };
    Ok(One::new(place.project, models::create(&db, place.project, &new).await?))
}

async fn get(State(db): State<PgPool>, place: Place, params: RawPathParams) -> Result<Json<One>, Refusal> {
    Ok(One::new(place.project, models::get(&db, place.project, named(&params)?).await?))
}

#[derive(Deserialize)]
struct OrderIn {
    field_name: String,
    ascending: Option<bool>,
}

#[derive(Deserialize)]
struct SearchIn {
    #[serde(default)]
    experiment_ids: Vec<String>,
    filter: Option<String>,
    max_results: Option<Int>,
    #[serde(default)]
    order_by: Vec<OrderIn>,
    page_token: Option<String>,
}

#[derive(Serialize)]
struct Many {
    models: Vec<ModelOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn search_models(
    State(db): State<PgPool>,
    place: Place,
    Json(asked): Json<SearchIn>,
) -> Result<Json<Many>, Refusal> {
    let (limit, offset) = page(asked.max_results, asked.page_token.as_deref())?;
    let fields: Vec<_> = asked.order_by.into_iter().map(|by| (by.field_name, !by.ascending.unwrap_or(true))).collect();
    let search = ModelSearch {
        experiments: asked.experiment_ids.iter().map(|id| experiment_id(id)).collect::<Result<_, _>>()?,
        conditions: filter::of_models(asked.filter.as_deref().unwrap_or_default())?,
        order: order::of_models(&fields)?,
        limit,
        offset,
    };
    let (found, has_more) = search::models(&db, place.project, &search).await?;
    let models = found.into_iter().map(|model| ModelOut::new(place.project, model)).collect();
    Ok(Json(Many { models, next_page_token: next_token(has_more, limit, offset) }))
}

#[derive(Deserialize)]
struct Finalized {
    status: Option<String>,
}

async fn finalize(
    State(db): State<PgPool>,
    place: Place,
    params: RawPathParams,
    Json(asked): Json<Finalized>,
) -> Result<Json<One>, Refusal> {
    let id = named(&params)?;
    let status = asked.status.ok_or_else(|| Refusal::missing("status"))?.parse::<ModelStatus>()?;
    let change = ModelChange { status: Some(status), ..ModelChange::default() };
    Ok(One::new(place.project, models::update(&db, place.project, id, &change).await?))
}

#[derive(Deserialize)]
struct ParamsIn {
    #[serde(default)]
    params: Vec<KeyValue>,
}

async fn log_params(
    State(db): State<PgPool>,
    place: Place,
    params: RawPathParams,
    Json(asked): Json<ParamsIn>,
) -> Result<Json<Done>, Refusal> {
    let id = named(&params)?;
    let change = ModelChange { params: check("params", asked.params, PARAM_CHARS)?, ..ModelChange::default() };
    models::update(&db, place.project, id, &change).await?;
    Ok(Json(Done {}))
}

#[derive(Deserialize)]
struct TagsIn {
    #[serde(default)]
    tags: Vec<KeyValue>,
}

async fn set_tags(
    State(db): State<PgPool>,
    place: Place,
    params: RawPathParams,
    Json(asked): Json<TagsIn>,
) -> Result<Json<One>, Refusal> {
    let id = named(&params)?;
    let change = ModelChange { tags: check("tags", asked.tags, TAG_CHARS)?, ..ModelChange::default() };
    Ok(One::new(place.project, models::update(&db, place.project, id, &change).await?))
}

#[derive(Deserialize)]
struct OutputsIn {
    run_id: Option<String>,
    #[serde(default)]
    models: Vec<OutputIn>,
}

#[derive(Deserialize)]
struct OutputIn {
    model_id: String,
    step: Option<Int>,
}

/// At which step of its run each model was logged.
async fn log_outputs(
    State(db): State<PgPool>,
    place: Place,
    Json(log): Json<OutputsIn>,
) -> Result<Json<Done>, Refusal> {
    let run = run_id(log.run_id.as_deref(), None)?;
    at_most("models", log.models.len(), BATCH_PAIRS)?;
    runs::must_be_active(&db, place.project, run).await?;
    for output in log.models {
        let change = ModelChange { step: output.step.map(|Int(step)| step), ..ModelChange::default() };
        models::update(&db, place.project, parse(&output.model_id)?, &change).await?;
    }
    Ok(Json(Done {}))
}
