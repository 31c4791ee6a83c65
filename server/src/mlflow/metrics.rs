//! Histories of metrics, by pages. Those are long, so their JSON is written from the values as they come.

use super::{
    Endpoint,
    access::Place,
    refusal::Refusal,
    wire::{Int, Query, Real, run_id},
};
use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use domain::tracking::{HistoryPoint, cursor::HistoryCursor};
use serde::{Deserialize, Serialize};
use store::{
    PgPool,
    tracking::{TrackError, metrics, runs},
};

/// Most values that a client may ask for, and what it gets where it does not say: MLflow's page.
const MOST: u32 = 25_000;
/// Most values of the first page for a client that asks for pages: it can begin to draw, and follows the token to the rest.
const FIRST: u32 = 3_500;

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

async fn get_history(
    State(db): State<PgPool>,
    place: Place,
    Query(asked): Query<HistoryIn>,
) -> Result<Response, Refusal> {
    let id = run_id(asked.run_id.as_deref(), asked.run_uuid.as_deref())?;
    let key = asked.metric_key.ok_or_else(|| Refusal::missing("metric_key"))?;
    let after =
        asked.page_token.filter(|token| !token.is_empty()).map(|token| token.parse::<HistoryCursor>()).transpose()?;
    let limit = page_size(asked.max_results, after.is_none())?;
    let after = after.unwrap_or(HistoryCursor::START);
    let mut page = Page::new();
    let next = metrics::history(&db, place.project, id, &key, after, limit, |points| page.append(&key, points)).await?;
    if page.is_empty() && runs::get(&db, place.project, id).await?.is_none() {
        return Err(TrackError::NoRun(runs::simple(id)).into());
    }
    page.end(next)
}

fn page_size(asked: Option<Int>, is_first: bool) -> Result<u32, Refusal> {
    let Some(Int(n)) = asked else { return Ok(MOST) };
    let most = if is_first { FIRST } else { MOST };
    u32::try_from(n)
        .ok()
        .filter(|n| *n > 0)
        .map(|n| n.min(most))
        .ok_or_else(|| Refusal::invalid(format!("invalid value {n} for parameter 'max_results': expected 1 to {MOST}")))
}

/// A value as clients read it.
#[derive(Serialize)]
struct PointOut<'a> {
    key: &'a str,
    value: Real,
    timestamp: i64,
    step: i64,
}

/// The answer while it is written.
struct Page {
    json: Vec<u8>,
    written: serde_json::Result<()>,
}

impl Page {
    const BEGIN: &'static [u8] = br#"{"metrics":["#;

    fn new() -> Self {
        Self { json: Self::BEGIN.to_vec(), written: Ok(()) }
    }

    fn is_empty(&self) -> bool {
        self.json.len() == Self::BEGIN.len()
    }

    fn append(&mut self, key: &str, points: &[HistoryPoint]) {
        if self.written.is_ok() {
            self.written = points.iter().try_for_each(|point| self.push(key, point));
        }
    }

    fn push(&mut self, key: &str, point: &HistoryPoint) -> serde_json::Result<()> {
        if !self.is_empty() {
            self.json.push(b',');
        }
        let HistoryPoint { step, timestamp_ms: timestamp, value } = *point;
        serde_json::to_writer(&mut self.json, &PointOut { key, value: Real(value), timestamp, step })
    }

    fn end(mut self, next: Option<HistoryCursor>) -> Result<Response, Refusal> {
        self.written.map_err(Refusal::internal)?;
        self.json.push(b']');
        if let Some(next) = next {
            // A cursor has no letter that JSON would escape.
            self.json.extend_from_slice(format!(r#","next_page_token":"{next}""#).as_bytes());
        }
        self.json.push(b'}');
        Ok(([(CONTENT_TYPE, "application/json")], self.json).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_json_that_ends_with_its_token() -> Result<(), Box<dyn std::error::Error>> {
        let mut page = Page::new();
        page.append("a", &[]);
        assert!(page.is_empty());
        let point = |step, value| HistoryPoint { step, timestamp_ms: 5, value };
        page.append("val/\"loss\"", &[point(-1, 0.1), point(2, f64::NAN)]);
        page.append("b", &[point(3, f64::NEG_INFINITY)]);
        page.written?;
        let text = String::from_utf8(page.json)?;
        let expected = concat!(
            r#"{"metrics":[{"key":"val/\"loss\"","value":0.1,"timestamp":5,"step":-1},"#,
            r#"{"key":"val/\"loss\"","value":"NaN","timestamp":5,"step":2},"#,
            r#"{"key":"b","value":"-Infinity","timestamp":5,"step":3}"#
        );
        assert_eq!(text, expected);
        Ok(())
    }

    #[test]
    fn the_first_page_is_short() {
        let size = |asked, is_first| page_size(asked, is_first).ok();
        assert_eq!(size(Some(Int(25_000)), true), Some(FIRST));
        assert_eq!(size(Some(Int(90_000)), false), Some(MOST));
        assert_eq!((size(Some(Int(7)), true), size(None, true)), (Some(7), Some(MOST)));
        assert_eq!([0, -1].map(|n| size(Some(Int(n)), true)), [None; 2]);
    }
}
