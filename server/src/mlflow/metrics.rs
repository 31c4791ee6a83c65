//! Histories of metrics, by pages.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    runs::MetricOut,
    wire::{Int, Json, Query, run_id},
};
use axum::extract::State;
use domain::tracking::cursor::HistoryCursor;
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::{TrackError, metrics, runs},
};

/// Most values that a client may ask for, and what it gets where it does not say: MLflow's page.
const MOST: u32 = 25_000;
/// Most values of a page for a client that asks for pages; it follows the token.
const PAGE: u32 = 10_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get("/mlflow/metrics/get-history", get_history)]
}

#[derive(Deserialize)]
struct HistoryIn {
    run_id: Option<String>,
    run_uuid: Option<String>,
    metric_key: Option<String>,
    max_results: Option<Int>,
    page_token: Option<String>,
}

#[derive(Serialize)]
struct HistoryOut {
    metrics: Vec<MetricOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn get_history(
    State(db): State<PgPool>,
    place: Place,
    Query(asked): Query<HistoryIn>,
) -> Result<Json<HistoryOut>, Refusal> {
    let id = run_id(asked.run_id.as_deref(), asked.run_uuid.as_deref())?;
    let key = asked.metric_key.ok_or_else(|| Refusal::missing("metric_key"))?;
    let limit = match asked.max_results {
        None => MOST,
        Some(Int(n)) => u32::try_from(n).ok().filter(|n| *n > 0).map(|n| n.min(PAGE)).ok_or_else(|| {
            Refusal::invalid(format!("invalid value {n} for parameter 'max_results': expected 1 to {MOST}"))
        })?,
    };
    let after = match asked.page_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => token.parse()?,
        None => HistoryCursor::START,
    };
    let (points, has_more) = metrics::history(&db, place.project, id, &key, after, limit).await?;
    if points.is_empty() && runs::get(&db, place.project, id).await?.is_none() {
        return Err(TrackError::NoRun(runs::simple(id)).into());
    }
    let next_page_token = points.last().filter(|_| has_more).map(|p| HistoryCursor::behind(p).to_string());
    Ok(Json(HistoryOut { metrics: points.into_iter().map(MetricOut::from).collect(), next_page_token }))
}
