//! Searching runs.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    runs::RunOut,
    wire::{Int, Json, experiment_id, next_token, page},
};
use axum::extract::State;
use domain::tracking::{Among, filter, order};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::search::{self, Search},
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::ask("/mlflow/runs/search", search_runs)]
}

#[derive(Deserialize)]
struct SearchIn {
    #[serde(default)]
    experiment_ids: Vec<String>,
    filter: Option<String>,
    run_view_type: Option<Among>,
    max_results: Option<Int>,
    #[serde(default)]
    order_by: Vec<String>,
    page_token: Option<String>,
}

#[derive(Serialize)]
struct Many {
    runs: Vec<RunOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

async fn search_runs(
    State(db): State<PgPool>,
    place: Place,
    Json(asked): Json<SearchIn>,
) -> Result<Json<Many>, Refusal> {
    let (limit, offset) = page(asked.max_results, asked.page_token.as_deref())?;
    let search = Search {
        experiments: asked.experiment_ids.iter().map(|id| experiment_id(id)).collect::<Result<_, _>>()?,
        conditions: filter::of_runs(asked.filter.as_deref().unwrap_or_default())?,
        order: order::of_runs(&asked.order_by)?,
        among: asked.run_view_type.unwrap_or_default(),
        limit,
        offset,
    };
    let (found, has_more) = search::runs(&db, place.project, &search).await?;
    let runs = found.into_iter().map(|run| RunOut::new(place.project, run)).collect();
    Ok(Json(Many { runs, next_page_token: next_token(has_more, limit, offset) }))
}
