//! What runs log: metrics, parameters and tags, one by one or many at once. An answer means that it is committed.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Done, Int, Json, KeyValue, Real, run_id},
};
use axum::extract::State;
use domain::{
    id::TrackedRunId,
    tracking::{
        MetricPoint, Pair,
        limits::{BATCH, BATCH_PAIRS, PARAM_CHARS, Refused, TAG_CHARS, at_most, key, within},
    },
};
use serde::Deserialize;
use store::{
    PgPool,
    tracking::{
        TrackError,
        log::{self, Batch},
        runs,
    },
};

/// The tag in which clients list the models that a run has logged.
const MODELS_TAG: &str = "mlflow.log-model.history";
/// Longest list of them, in bytes.
const MODELS_BYTES: usize = 1 << 20;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/mlflow/runs/log-metric", log_metric),
        Endpoint::post("/mlflow/runs/log-parameter", log_param),
        Endpoint::post("/mlflow/runs/log-batch", log_batch),
        Endpoint::post("/mlflow/runs/set-tag", set_tag),
        Endpoint::post("/mlflow/runs/delete-tag", delete_tag),
        Endpoint::post("/mlflow/runs/log-model", log_model),
    ]
}

/// A metric in a batch.
#[derive(Deserialize)]
struct MetricIn {
    key: String,
    value: Real,
    timestamp: Int,
    step: Option<Int>,
}

impl MetricIn {
    fn check(self) -> Result<MetricPoint, Refusal> {
        key("metric", &self.key)?;
        let Int(timestamp_ms) = self.timestamp;
        if timestamp_ms < 0 {
            return Err(Refused::BadTime(timestamp_ms).into());
        }
        let step = self.step.map_or(0, |Int(step)| step);
        Ok(MetricPoint { key: self.key, value: self.value.0, timestamp_ms, step })
    }
}

fn check_param(pair: KeyValue) -> Result<Pair, Refusal> {
    key("param", &pair.key)?;
    within("Param value", &pair.value, PARAM_CHARS)?;
    Ok(pair.into())
}

fn check_tag(pair: KeyValue) -> Result<Pair, Refusal> {
    key("tag", &pair.key)?;
    within("Tag value", &pair.value, TAG_CHARS)?;
    Ok(pair.into())
}

async fn keep(db: &PgPool, place: Place, run: TrackedRunId, batch: Batch) -> Result<Json<Done>, Refusal> {
    log::batch(db, place.project, run, &batch).await?;
    Ok(Json(Done {}))
}

#[derive(Deserialize)]
struct MetricLog {
    run_id: Option<String>,
    run_uuid: Option<String>,
    key: Option<String>,
    value: Option<Real>,
    timestamp: Option<Int>,
    step: Option<Int>,
}

async fn log_metric(State(db): State<PgPool>, place: Place, Json(log): Json<MetricLog>) -> Result<Json<Done>, Refusal> {
    let run = run_id(log.run_id.as_deref(), log.run_uuid.as_deref())?;
    let metric = MetricIn {
        key: log.key.ok_or_else(|| Refusal::missing("key"))?,
        value: log.value.ok_or_else(|| Refusal::missing("value"))?,
        timestamp: log.timestamp.ok_or_else(|| Refusal::missing("timestamp"))?,
        step: log.step,
    };
    keep(&db, place, run, Batch { metrics: vec![metric.check()?], ..Batch::default() }).await
}

/// A parameter or tag of a run.
#[derive(Deserialize)]
struct PairLog {
    run_id: Option<String>,
    run_uuid: Option<String>,
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

impl PairLog {
    fn split(self) -> Result<(TrackedRunId, KeyValue), Refusal> {
        let run = run_id(self.run_id.as_deref(), self.run_uuid.as_deref())?;
        Ok((run, KeyValue { key: self.key, value: self.value }))
    }
}

async fn log_param(State(db): State<PgPool>, place: Place, Json(log): Json<PairLog>) -> Result<Json<Done>, Refusal> {
    let (run, pair) = log.split()?;
    keep(&db, place, run, Batch { params: vec![check_param(pair)?], ..Batch::default() }).await
}

async fn set_tag(State(db): State<PgPool>, place: Place, Json(log): Json<PairLog>) -> Result<Json<Done>, Refusal> {
    let (run, pair) = log.split()?;
    keep(&db, place, run, Batch { tags: vec![check_tag(pair)?], ..Batch::default() }).await
}

async fn delete_tag(State(db): State<PgPool>, place: Place, Json(log): Json<PairLog>) -> Result<Json<Done>, Refusal> {
    let (run, pair) = log.split()?;
    runs::must_be_active(&db, place.project, run).await?;
    log::delete_tag(&db, run, &pair.key).await?;
    Ok(Json(Done {}))
}

#[derive(Deserialize)]
struct BatchLog {
    run_id: Option<String>,
    #[serde(default)]
    metrics: Vec<MetricIn>,
    #[serde(default)]
    params: Vec<KeyValue>,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

async fn log_batch(State(db): State<PgPool>, place: Place, Json(log): Json<BatchLog>) -> Result<Json<Done>, Refusal> {
    let run = run_id(log.run_id.as_deref(), None)?;
    at_most("metrics", log.metrics.len(), BATCH)?;
    at_most("params", log.params.len(), BATCH_PAIRS)?;
    at_most("tags", log.tags.len(), BATCH_PAIRS)?;
    at_most("metrics, params, and tags", log.metrics.len() + log.params.len() + log.tags.len(), BATCH)?;
    let batch = Batch {
        metrics: log.metrics.into_iter().map(MetricIn::check).collect::<Result<_, _>>()?,
        params: log.params.into_iter().map(check_param).collect::<Result<_, _>>()?,
        tags: log.tags.into_iter().map(check_tag).collect::<Result<_, _>>()?,
    };
    keep(&db, place, run, batch).await
}

#[derive(Deserialize)]
struct ModelLog {
    run_id: Option<String>,
    model_json: Option<String>,
}

/// Notes a model's description with the run, as MLflow does: in a tag that lists them.
async fn log_model(State(db): State<PgPool>, place: Place, Json(log): Json<ModelLog>) -> Result<Json<Done>, Refusal> {
    let id = run_id(log.run_id.as_deref(), None)?;
    let text = log.model_json.ok_or_else(|| Refusal::missing("model_json"))?;
    let model: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Refusal::invalid(format!("model_json: {e}")))?;
    let run = runs::get(&db, place.project, id).await?.ok_or_else(|| TrackError::NoRun(runs::simple(id)))?;
    let listed = run.tags.iter().find(|tag| tag.key == MODELS_TAG);
    let mut models: Vec<serde_json::Value> =
        listed.and_then(|tag| serde_json::from_str(&tag.value).ok()).unwrap_or_default();
    if !models.contains(&model) {
        models.push(model);
    }
    let value = serde_json::Value::from(models).to_string();
    if value.len() > MODELS_BYTES {
        return Err(Refusal::invalid("the run has logged too many models"));
    }
    let tag = Pair { key: MODELS_TAG.to_owned(), value };
    keep(&db, place, id, Batch { tags: vec![tag], ..Batch::default() }).await
}
