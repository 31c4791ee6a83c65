//! Runs: made, read, changed, marked as deleted; and how clients read them.

use super::{
    Endpoint,
    access::Place,
    experiments::lifecycle,
    refusal::Refusal,
    wire::{Done, Int, Json, KeyValue, Query, Real, experiment_id, run_id},
};
use axum::extract::State;
use domain::{
    id::ProjectId,
    tracking::{
        DEFAULT_EXPERIMENT, Input, MetricPoint, Pair, TrackedStatus,
        limits::{BATCH_PAIRS, NAME_CHARS, TAG_CHARS, at_most, key, within},
        view::TrackedRun,
    },
};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::{
        TrackError,
        runs::{self, NewTrackedRun, RunChange},
    },
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/mlflow/runs/create", create),
        Endpoint::get("/mlflow/runs/get", get),
        Endpoint::post("/mlflow/runs/update", update),
        Endpoint::post("/mlflow/runs/delete", delete),
        Endpoint::post("/mlflow/runs/restore", restore),
    ]
}

/// A run as clients read it.
#[derive(Serialize)]
pub(super) struct RunOut {
    info: InfoOut,
    data: DataOut,
    inputs: InputsOut,
}

#[derive(Serialize)]
struct InfoOut {
    run_uuid: String,
    run_id: String,
    run_name: String,
    experiment_id: String,
    user_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

#[derive(Serialize)]
struct DataOut {
    metrics: Vec<MetricOut>,
    params: Vec<Pair>,
    tags: Vec<Pair>,
}

/// A value of a metric as clients read it.
#[derive(Serialize)]
struct MetricOut {
    key: String,
    value: Real,
    timestamp: i64,
    step: i64,
}

impl From<MetricPoint> for MetricOut {
    fn from(point: MetricPoint) -> Self {
        Self { key: point.key, value: Real(point.value), timestamp: point.timestamp_ms, step: point.step }
    }
}

#[derive(Serialize)]
struct InputsOut {
    dataset_inputs: Vec<DatasetInputOut>,
}

#[derive(Serialize)]
struct DatasetInputOut {
    tags: Vec<Pair>,
    dataset: DatasetOut,
}

#[derive(Serialize)]
struct DatasetOut {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

impl From<Input> for DatasetInputOut {
    fn from(input: Input) -> Self {
        let Input { name, digest, source_type, source, schema, profile, tags } = input;
        Self { tags, dataset: DatasetOut { name, digest, source_type, source, schema, profile } }
    }
}

impl RunOut {
    pub(super) fn new(project: ProjectId, run: TrackedRun) -> Self {
        let id = runs::simple(run.id);
        let artifact_uri = format!("mlflow-artifacts:/{project}/{id}/artifacts");
        Self {
            info: InfoOut {
                run_uuid: id.clone(),
                run_id: id,
                run_name: run.name,
                experiment_id: run.experiment.to_string(),
                user_id: run.user_name,
                status: run.status.as_str(),
                start_time: run.started_ms,
                end_time: run.ended_ms,
                artifact_uri,
                lifecycle_stage: lifecycle(run.is_deleted),
            },
            data: DataOut {
                metrics: run.metrics.into_iter().map(MetricOut::from).collect(),
                params: run.params,
                tags: run.tags,
            },
            inputs: InputsOut { dataset_inputs: run.inputs.into_iter().map(DatasetInputOut::from).collect() },
        }
    }
}

#[derive(Serialize)]
struct One {
    run: RunOut,
}

#[derive(Deserialize)]
struct NewRun {
    #[serde(default)]
    experiment_id: String,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    run_name: String,
    start_time: Option<Int>,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

async fn create(State(db): State<PgPool>, place: Place, Json(new): Json<NewRun>) -> Result<Json<One>, Refusal> {
    let experiment = match new.experiment_id.as_str() {
        "" => DEFAULT_EXPERIMENT,
        text => experiment_id(text)?,
    };
    within("Run name", &new.run_name, NAME_CHARS)?;
    within("User id", &new.user_id, NAME_CHARS)?;
    at_most("tags", new.tags.len(), BATCH_PAIRS)?;
    for tag in &new.tags {
        key("tag", &tag.key)?;
        within("Tag value", &tag.value, TAG_CHARS)?;
    }
    let new = NewTrackedRun {
        experiment,
        name: new.run_name,
        user_name: new.user_id,
        started_ms: new.start_time.map(|Int(ms)| ms),
        tags: new.tags.into_iter().map(Pair::from).collect(),
    };
    let run = runs::create(&db, place.project, place.user, new).await?;
    Ok(Json(One { run: RunOut::new(place.project, run) }))
}

#[derive(Deserialize)]
struct ById {
    run_id: Option<String>,
    run_uuid: Option<String>,
}

impl ById {
    fn id(&self) -> Result<domain::id::TrackedRunId, Refusal> {
        run_id(self.run_id.as_deref(), self.run_uuid.as_deref())
    }
}

async fn get(State(db): State<PgPool>, place: Place, Query(asked): Query<ById>) -> Result<Json<One>, Refusal> {
    let id = asked.id()?;
    let run = runs::get(&db, place.project, id).await?.ok_or_else(|| TrackError::NoRun(runs::simple(id)))?;
    Ok(Json(One { run: RunOut::new(place.project, run) }))
}

#[derive(Deserialize)]
struct Change {
    run_id: Option<String>,
    run_uuid: Option<String>,
    status: Option<String>,
    end_time: Option<Int>,
    run_name: Option<String>,
}

#[derive(Serialize)]
struct Changed {
    run_info: InfoOut,
}

async fn update(State(db): State<PgPool>, place: Place, Json(change): Json<Change>) -> Result<Json<Changed>, Refusal> {
    let id = run_id(change.run_id.as_deref(), change.run_uuid.as_deref())?;
    let name = change.run_name.filter(|name| !name.is_empty());
    within("Run name", name.as_deref().unwrap_or_default(), NAME_CHARS)?;
    let status = change.status.as_deref().map(str::parse::<TrackedStatus>).transpose()?;
    let change = RunChange { status, ended_ms: change.end_time.map(|Int(ms)| ms), name };
    let run = runs::update(&db, place.project, id, &change).await?;
    Ok(Json(Changed { run_info: RunOut::new(place.project, run).info }))
}

async fn delete(State(db): State<PgPool>, place: Place, Json(asked): Json<ById>) -> Result<Json<Done>, Refusal> {
    runs::mark(&db, place.project, asked.id()?, true).await?;
    Ok(Json(Done {}))
}

async fn restore(State(db): State<PgPool>, place: Place, Json(asked): Json<ById>) -> Result<Json<Done>, Refusal> {
    runs::mark(&db, place.project, asked.id()?, false).await?;
    Ok(Json(Done {}))
}
