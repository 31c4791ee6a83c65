//! Every address of the site, so that no page spells a path by hand.

mod annotation;
mod evaluation;

pub use annotation::*;
pub use evaluation::*;

use crate::error::AppError;
use domain::{
    id::{DatasetId, ModelId, ProjectId, RunId, SampleId, SweepId, TrackedRunId},
    lineage::NodeId,
};
use leptos::prelude::{GetUntracked, ReadUntracked};
use std::str::FromStr;

/// A part of this page's path, such as the project's id. One that does not parse leads nowhere.
pub fn param<T: FromStr>(name: &str) -> Result<T, AppError> {
    leptos_router::hooks::use_params_map()
        .read_untracked()
        .get(name)
        .and_then(|text| text.parse().ok())
        .ok_or(AppError::NotFound)
}

/// A value of this page's query; `None` when absent, empty or not to be parsed.
#[must_use]
pub fn query<T: FromStr>(name: &str) -> Option<T> {
    leptos_router::hooks::use_query_map().read_untracked().get(name).filter(|text| !text.is_empty())?.parse().ok()
}

/// Ids of runs and of tracked runs in this page's query, each once: `runs` with commas (links) or several times (check boxes), and
/// the check boxes of a form that can also be posted, whose name is `ids[]`.
#[must_use]
pub fn chosen_runs() -> Vec<String> {
    let map = leptos_router::hooks::use_query_map().get_untracked();
    let texts = ["runs", "ids[]"].into_iter().filter_map(|name| map.get_all(name)).flatten().collect::<Vec<_>>();
    let mut runs: Vec<String> = Vec::new();
    for id in texts.iter().flat_map(|text| text.split(',')).filter_map(|id| id.parse::<RunId>().ok()) {
        let id = id.to_string();
        if !runs.contains(&id) {
            runs.push(id);
        }
    }
    runs
}

/// An address without its query, for forms that bring one of their own.
#[must_use]
pub fn without_query(address: &str) -> &str {
    address.split_once('?').map_or(address, |(path, _)| path)
}

/// The same for the parts of an address that have to be there to be wrong, such as a version's number.
pub fn optional_param<T: FromStr>(name: &str) -> Result<Option<T>, AppError> {
    let text = leptos_router::hooks::use_params_map().read_untracked().get(name);
    text.map(|text| text.parse().map_err(|_| AppError::NotFound)).transpose()
}

/// A value of this page's query that is there but cannot be parsed, as `name=value`.
#[must_use]
pub fn misread<T: FromStr>(name: &str) -> Option<String> {
    let text = leptos_router::hooks::use_query_map().read_untracked().get(name).filter(|text| !text.is_empty())?;
    text.parse::<T>().is_err().then(|| format!("{name}={text}"))
}

pub const SIGN_IN: &str = "/sign-in";
pub const ACCOUNT: &str = "/account";
pub const PROJECTS: &str = "/";

/// Sign in, then go on to `next`.
#[must_use]
pub fn sign_in_then(next: &str) -> String {
    format!("{SIGN_IN}?next={}", encode(next))
}

/// Percent-encodes a query value (RFC 3986 unreserved characters stay).
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// This page with a query of those pairs that have a value.
#[must_use]
pub fn with_query(page: &str, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let given: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("{page}?{}", given.join("&"))
}

/// A `next` that stays on this site, or the start page.
#[must_use]
pub fn safe_next(next: &str) -> &str {
    let inside =
        next.starts_with('/') && !next.starts_with("//") && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if inside { next } else { PROJECTS }
}

/// Path and query of an absolute URL.
#[must_use]
pub fn path_of(url: &str) -> &str {
    url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|i| &rest[i..])).unwrap_or(PROJECTS)
}

#[must_use]
pub fn invitation(secret: &str) -> String {
    format!("/invite/{secret}")
}

#[must_use]
pub fn project(p: ProjectId) -> String {
    format!("/p/{p}")
}

#[must_use]
pub fn settings(p: ProjectId) -> String {
    format!("/p/{p}/settings")
}

#[must_use]
pub fn models(p: ProjectId) -> String {
    format!("/p/{p}/models")
}

#[must_use]
pub fn new_model(p: ProjectId) -> String {
    format!("/p/{p}/models/new")
}

#[must_use]
pub fn model(p: ProjectId, m: ModelId) -> String {
    format!("/p/{p}/models/{m}")
}

#[must_use]
pub fn datasets(p: ProjectId) -> String {
    format!("/p/{p}/datasets")
}

#[must_use]
pub fn merge_datasets(p: ProjectId) -> String {
    format!("/p/{p}/datasets/merge")
}

/// Erasing what somebody wrote, or what was written about somebody.
#[must_use]
pub fn forget(p: ProjectId) -> String {
    format!("/p/{p}/datasets/forget")
}

#[must_use]
pub fn new_dataset(p: ProjectId) -> String {
    format!("/p/{p}/datasets/new")
}

/// The newest version of a dataset.
#[must_use]
pub fn dataset(p: ProjectId, d: DatasetId) -> String {
    format!("/p/{p}/datasets/{d}")
}

#[must_use]
pub fn version(p: ProjectId, d: DatasetId, number: i32) -> String {
    format!("/p/{p}/datasets/{d}/v/{number}")
}

/// How a version is divided, and what leaks.
#[must_use]
pub fn splits(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/splits", version(p, d, number.cast_signed()))
}

/// Cleaning a version.
#[must_use]
pub fn augment(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/augment", version(p, d, number.cast_signed()))
}

#[must_use]
pub fn clean(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/clean", version(p, d, number.cast_signed()))
}

/// What differs between a version and another of its dataset; without `from`, the one that it was made from.
#[must_use]
pub fn diff(p: ProjectId, d: DatasetId, number: u32, from: Option<u32>) -> String {
    let from = from.map(|from| format!("?from={from}")).unwrap_or_default();
    format!("{}/diff{from}", version(p, d, number.cast_signed()))
}

/// Editing many samples of a version at once.
#[must_use]
pub fn bulk_edit(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/edit", version(p, d, number.cast_signed()))
}

/// What is known of a version, to be read by people who use it.
#[must_use]
pub fn card(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/card", version(p, d, number.cast_signed()))
}

/// All samples of a version, to search, filter and count.
#[must_use]
pub fn explore(p: ProjectId, d: DatasetId, number: u32) -> String {
    format!("{}/explore", version(p, d, number.cast_signed()))
}

/// One sample of a version.
#[must_use]
pub fn explored_sample(p: ProjectId, d: DatasetId, number: u32, s: SampleId) -> String {
    format!("{}/samples/{s}", version(p, d, number.cast_signed()))
}

/// The samples of a version from this position (counted from 0) on.
#[must_use]
pub fn sample(p: ProjectId, d: DatasetId, number: i32, position: u32) -> String {
    let after = position.checked_sub(1).map(|before| format!("?after={before}")).unwrap_or_default();
    format!("{}{after}#samples", version(p, d, number))
}

/// What one thing came from and what it led to.
#[must_use]
pub fn lineage_of(p: ProjectId, node: &NodeId) -> String {
    format!("/p/{p}/lineage?of={node}")
}

#[must_use]
pub fn runs(p: ProjectId) -> String {
    format!("/p/{p}/runs")
}

#[must_use]
pub fn new_run(p: ProjectId) -> String {
    format!("/p/{p}/runs/new")
}

#[must_use]
pub fn run(p: ProjectId, r: RunId) -> String {
    format!("/p/{p}/runs/{r}")
}

/// What a run learnt of its training samples.
#[must_use]
pub fn learning(p: ProjectId, r: RunId) -> String {
    format!("/p/{p}/runs/{r}/learning")
}

/// Whether a run learns its samples by heart.
#[must_use]
pub fn fit(p: ProjectId, r: RunId) -> String {
    format!("/p/{p}/runs/{r}/fit")
}

/// What a run's model answered at each validation; at one of them with `step`.
#[must_use]
pub fn answers(p: ProjectId, r: RunId, step: Option<u32>) -> String {
    let step = step.map(|step| format!("?step={step}")).unwrap_or_default();
    format!("/p/{p}/runs/{r}/answers{step}")
}

/// Curves of many runs over each other.
#[must_use]
pub fn overlay(p: ProjectId, runs: &[String]) -> String {
    format!("/p/{p}/overlay?runs={}", runs.join(","))
}

/// What was found when a run was tried out.
#[must_use]
pub fn preflight(p: ProjectId, r: RunId) -> String {
    format!("/p/{p}/runs/{r}/preflight")
}

/// The evaluation table of a run.
#[must_use]
pub fn evaluation(p: ProjectId, r: RunId) -> String {
    format!("/p/{p}/runs/{r}/evaluation")
}

#[must_use]
pub fn sweeps(p: ProjectId) -> String {
    format!("/p/{p}/sweeps")
}

#[must_use]
pub fn new_sweep(p: ProjectId) -> String {
    format!("/p/{p}/sweeps/new")
}

#[must_use]
pub fn sweep(p: ProjectId, s: SweepId) -> String {
    format!("/p/{p}/sweeps/{s}")
}

/// Every run of a project as a table.
#[must_use]
pub fn table(p: ProjectId) -> String {
    format!("/p/{p}/table")
}

/// Runs that programs outside track.
#[must_use]
pub fn tracked_runs(p: ProjectId) -> String {
    format!("/p/{p}/tracked")
}

#[must_use]
pub fn tracked_run(p: ProjectId, r: TrackedRunId) -> String {
    format!("/p/{p}/tracked/{r}")
}

/// A file of a tracked run, as MLflow's API gives it.
#[must_use]
pub fn tracked_file(p: ProjectId, r: TrackedRunId, path: &str) -> String {
    let path: Vec<_> = path.split('/').map(encode).collect();
    format!("/mlflow/{p}/api/2.0/mlflow-artifacts/artifacts/{p}/{r}/artifacts/{}", path.join("/"))
}

#[must_use]
pub fn compare(p: ProjectId, runs: &[RunId]) -> String {
    let ids: Vec<_> = runs.iter().map(ToString::to_string).collect();
    format!("/p/{p}/compare?runs={}", ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referer_becomes_a_path() {
        assert_eq!(path_of("http://a.b:3000/p/1?x=2"), "/p/1?x=2");
        assert_eq!(path_of("http://a.b"), "/");
    }

    #[test]
    fn a_query_names_what_has_a_value() {
        assert_eq!(
            with_query("/p", &[("q", "a&b 好"), ("label", ""), ("cursor", "50")]),
            "/p?q=a%26b%20%E5%A5%BD&cursor=50"
        );
        assert_eq!(with_query("", &[("q", "")]), "?");
    }

    #[test]
    fn next_never_leaves_the_site() {
        for bad in
            ["https://evil.example", "//evil.example", "/\\evil.example", "", "evil", "/a\r\nSet-Cookie: x", "/项目"]
        {
            assert_eq!(safe_next(bad), PROJECTS, "{bad}");
        }
        assert_eq!(safe_next("/p/1?x=2"), "/p/1?x=2");
    }
}
