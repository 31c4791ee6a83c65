//! What the runs of a sweep look like together: parallel coordinates of settings and goal.

use super::text;
use crate::{
    routes,
    ui::{
        metric,
        parallel::{Dimension, Item, Parallel},
    },
};
use domain::{
    id::ProjectId,
    lang::Lang,
    recipe::setting_text,
    sweep::{Axis, AxisValues, Scale, SweepPlan, TrialRun},
};
use leptos::prelude::*;
use serde_json::Value;

/// The runs that have a goal, one line each.
pub(super) fn parallel(project: ProjectId, plan: &SweepPlan, runs: &[TrialRun], l: Lang) -> Option<AnyView> {
    let mut measured: Vec<(&TrialRun, f64)> = runs.iter().filter_map(|r| Some((r, r.goal?))).collect();
    if measured.len() < 2 || plan.axes.is_empty() {
        return None;
    }
    // The best are drawn last, on top.
    measured.sort_by(|a, b| plan.goal.goodness(a.1).total_cmp(&plan.goal.goodness(b.1)));
    let columns: Vec<(Dimension, Vec<f64>)> = plan.axes.iter().map(|axis| column(axis, &measured)).collect();
    let key = plan.goal.as_str();
    let objectives: Vec<f64> = measured.iter().map(|m| m.1).collect();
    let (heights, ends) = scaled(&objectives, false);
    let marks = ends.map(|(h, v)| (h, metric::value(key, v))).to_vec();
    let last = (Dimension { name: metric::name(l, key), marks }, heights);
    let columns: Vec<_> = columns.into_iter().chain([last]).collect();
    let items = measured.iter().enumerate().map(|(i, (run, value))| Item {
        heights: columns.iter().map(|c| c.1[i]).collect(),
        tone: i * 5 / measured.len(),
        href: routes::run(project, run.run_id),
        title: format!("#{} · {}", run.run_number, metric::value(key, *value)),
    });
    let items = items.collect();
    let dimensions = columns.iter().map(|c| c.0.clone()).collect();
    Some(view! { <Parallel title=text::parallel(l) dimensions items/> }.into_any())
}

/// An axis with the height of each run on it: numbers by size, other values evenly apart.
fn column(axis: &Axis, runs: &[(&TrialRun, f64)]) -> (Dimension, Vec<f64>) {
    let values: Vec<Value> = runs.iter().map(|(r, _)| r.value(&axis.field).cloned().unwrap_or_default()).collect();
    let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let name = axis.field.rsplit('.').next().unwrap_or(&axis.field).to_owned();
    if let Some(numbers) = numbers {
        let (low, high) = bounds(&numbers);
        let wide = low > 0.0 && high / low >= 30.0;
        let is_log = wide || matches!(axis.values, AxisValues::Range(r) if r.scale == Scale::Log);
        let (heights, ends) = scaled(&numbers, is_log && low > 0.0);
        return (Dimension { name, marks: ends.map(|(h, v)| (h, short(v))).to_vec() }, heights);
    }
    let mut distinct: Vec<&Value> = Vec::new();
    for value in &values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let height = |i: usize| if distinct.len() < 2 { 0.5 } else { i as f64 / (distinct.len() - 1) as f64 };
    let marks = distinct.iter().enumerate().map(|(i, v)| (height(i), setting_text(v))).collect();
    let heights = values.iter().map(|v| height(distinct.iter().position(|d| *d == v).unwrap_or(0))).collect();
    (Dimension { name, marks }, heights)
}

fn bounds(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)))
}

/// Heights in [0, 1], and the two ends with their values.
fn scaled(values: &[f64], is_log: bool) -> (Vec<f64>, [(f64, f64); 2]) {
    let (low, high) = bounds(values);
    let on = |v: f64| if is_log { v.ln() } else { v };
    let height = |v: f64| if high > low { (on(v) - on(low)) / (on(high) - on(low)) } else { 0.5 };
    (values.iter().map(|v| height(*v)).collect(), [(height(low), low), (height(high), high)])
}

/// A setting's number, as short as it is exact.
fn short(x: f64) -> String {
    if x != 0.0 && !(1e-3..1e6).contains(&x.abs()) { format!("{x:e}") } else { x.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_follow_the_scale() {
        assert_eq!(scaled(&[1.0, 3.0, 2.0], false).0, [0.0, 1.0, 0.5]);
        let log = scaled(&[1e-5, 1e-4, 1e-3], true).0;
        assert!((log[1] - 0.5).abs() < 1e-9, "{log:?}");
        assert_eq!(scaled(&[2.0, 2.0], true).0, [0.5, 0.5]);
        assert_eq!([1e-5, 0.05, 8.0].map(short), ["1e-5", "0.05", "8"]);
    }
}
