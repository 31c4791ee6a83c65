//! Data that runs say they have read.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Done, Json, KeyValue, run_id},
};
use axum::extract::State;
use domain::tracking::{
    Input, Pair,
    limits::{INPUTS, at_most, within},
};
use serde::Deserialize;
use store::{
    PgPool,
    tracking::{inputs, runs},
};

/// Longest name of a dataset, in characters; the other limits are MLflow's too.
const NAME: usize = 500;
const DIGEST: usize = 36;
const SOURCE: usize = 65_535;
const SCHEMA: usize = 1_048_575;
const PROFILE: usize = 16_777_215;
const TAG_KEY: usize = 255;
const TAG_VALUE: usize = 500;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post("/mlflow/runs/log-inputs", log_inputs)]
}

#[derive(Deserialize)]
struct InputsIn {
    run_id: Option<String>,
    #[serde(default)]
    datasets: Vec<DatasetInputIn>,
}

#[derive(Deserialize)]
struct DatasetInputIn {
    #[serde(default)]
    tags: Vec<KeyValue>,
    dataset: DatasetIn,
}

#[derive(Deserialize)]
struct DatasetIn {
    name: String,
    digest: String,
    #[serde(default)]
    source_type: String,
    #[serde(default)]
    source: String,
    schema: Option<String>,
    profile: Option<String>,
}

fn check(input: DatasetInputIn) -> Result<Input, Refusal> {
    let DatasetInputIn { tags, dataset: d } = input;
    let texts = [
        ("Dataset name", d.name.as_str(), NAME),
        ("Dataset digest", d.digest.as_str(), DIGEST),
        ("Dataset source type", d.source_type.as_str(), NAME),
        ("Dataset source", d.source.as_str(), SOURCE),
        ("Dataset schema", d.schema.as_deref().unwrap_or_default(), SCHEMA),
        ("Dataset profile", d.profile.as_deref().unwrap_or_default(), PROFILE),
    ];
    for (what, text, limit) in texts {
        within(what, text, limit)?;
    }
    for tag in &tags {
        within("Input tag key", &tag.key, TAG_KEY)?;
        within("Input tag value", &tag.value, TAG_VALUE)?;
    }
    Ok(Input {
        tags: tags.into_iter().map(Pair::from).collect(),
        name: d.name,
        digest: d.digest,
        source_type: d.source_type,
        source: d.source,
        schema: d.schema,
        profile: d.profile,
    })
}

async fn log_inputs(State(db): State<PgPool>, place: Place, Json(log): Json<InputsIn>) -> Result<Json<Done>, Refusal> {
    let run = run_id(log.run_id.as_deref(), None)?;
    at_most("datasets", log.datasets.len(), INPUTS)?;
    let found = log.datasets.into_iter().map(check).collect::<Result<Vec<_>, _>>()?;
    runs::must_be_active(&db, place.project, run).await?;
    inputs::log(&db, run, &found).await?;
    Ok(Json(Done {}))
}
