//! What the page's address says, and the addresses of the same picture as data.

use crate::routes;
use domain::{
    id::ProjectId,
    overlay::{Axis, MAX_RUNS},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

/// The metric when none is named.
const METRIC: &str = "train_loss";
/// Most weight of the moving average.
pub(super) const SMOOTHEST: f64 = 0.999;

/// Which curves, and how they are looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Ids of runs and of tracked runs.
    pub runs: Vec<String>,
    pub metric: String,
    pub axis: Axis,
    pub from: Option<f64>,
    pub to: Option<f64>,
    pub smooth: f64,
    pub log: bool,
    /// Places of curves that are not shown.
    pub hidden: Vec<usize>,
}

impl Chosen {
    pub(super) fn of_address() -> Self {
        let map = use_query_map().get_untracked();
        let mut runs = routes::chosen_runs();
        runs.truncate(MAX_RUNS);
        let number = |name: &str| map.get(name).and_then(|t| t.trim().parse::<f64>().ok()).filter(|x| x.is_finite());
        Self {
            runs,
            metric: map.get("metric").filter(|m| !m.is_empty()).unwrap_or_else(|| METRIC.to_owned()),
            axis: map.get("x").and_then(|x| x.parse().ok()).unwrap_or_default(),
            from: number("from"),
            to: number("to"),
            smooth: number("smooth").unwrap_or(0.0).clamp(0.0, SMOOTHEST),
            log: map.get("log").is_some_and(|log| log == "1"),
            hidden: map.get("hide").unwrap_or_default().split(',').filter_map(|place| place.parse().ok()).collect(),
        }
    }

    /// The data behind the picture, as a query.
    pub(super) fn data(&self) -> String {
        let mut query =
            format!("?runs={}&metric={}&x={}", self.runs.join(","), routes::encode(&self.metric), self.axis.as_str());
        for (name, end) in [("from", self.from), ("to", self.to)] {
            if let Some(x) = end {
                query.push_str(&format!("&{name}={x}"));
            }
        }
        if self.smooth > 0.0 {
            query.push_str(&format!("&smooth={}", self.smooth));
        }
        query
    }

    /// The picture, as a query.
    pub(super) fn query(&self) -> String {
        let mut query = self.data();
        if self.log {
            query.push_str("&log=1");
        }
        if !self.hidden.is_empty() {
            let places: Vec<String> = self.hidden.iter().map(ToString::to_string).collect();
            query.push_str(&format!("&hide={}", places.join(",")));
        }
        query
    }

    /// Where the REST API has the data.
    pub(super) fn rest(&self, project: ProjectId) -> String {
        format!("/api/v1/projects/{project}/overlay{}", self.data())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_no_more_than_it_must() {
        let plain = Chosen { runs: vec!["a".into(), "b".into()], metric: "eval loss".into(), ..Chosen::default() };
        assert_eq!(plain.query(), "?runs=a,b&metric=eval%20loss&x=step");
        let much = Chosen { from: Some(1.5), smooth: 0.9, log: true, hidden: vec![0, 3], ..plain };
        assert!(much.query().ends_with("&x=step&from=1.5&smooth=0.9&log=1&hide=0,3"), "{}", much.query());
        assert!(much.data().ends_with("&smooth=0.9"));
    }
}
