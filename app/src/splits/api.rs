//! Server functions of the page on splits.

use super::form::DivisionForm;
use crate::error::AppError;
use domain::{
    dataset::Version,
    id::{DatasetId, ProjectId},
    split::{Benchmark, BenchmarkReport, LeakReport, SplitReport},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::{api, routes, text::lang, words},
    domain::{
        access::Action,
        id::{JobId, VersionId},
        split::LeakCheck,
    },
    std::collections::BTreeSet,
    store::samples::SampleFilter,
};

/// Samples that are looked at for the names of their fields.
#[cfg(feature = "ssr")]
const LOOKED_AT: u32 = 100;

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SplitsView {
    pub version: Version,
    /// `None` before the splits were checked.
    pub found: Option<(SplitReport, LeakReport)>,
    /// What of each benchmark that it was held against training has seen.
    pub benchmarks: Vec<BenchmarkReport>,
    /// The versions that every run of the project is held against.
    pub chosen: Vec<Benchmark>,
    /// Versions that can become one: an id, and its name.
    pub others: Vec<(String, String)>,
    /// Slice fields that some of the first samples have.
    pub fields: Vec<String>,
}

/// A version's splits.
#[server]
pub async fn get_splits(project: ProjectId, dataset: DatasetId, number: u32) -> Result<SplitsView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let found = store::split_checks::get(&db, version.id, &LeakCheck::default()).await?;
    let first = store::samples::page(&db, version.id, &SampleFilter::default(), None, LOOKED_AT).await?;
    let fields: BTreeSet<String> = first.items.into_iter().flat_map(|row| row.sample.slices.into_keys()).collect();
    let benchmarks = store::benchmarks::checks(&db, version.id, &LeakCheck::default()).await?;
    let chosen = store::benchmarks::list(&db, project).await?;
    let others = store::runs::choices(&db, project).await?.versions.into_iter();
    let others = others.filter(|v| chosen.iter().all(|benchmark| benchmark.version_id != v.id));
    let others = others.map(|v| (v.id.to_string(), format!("{} v{}", v.dataset_name, v.number))).collect();
    Ok(SplitsView { version, found, benchmarks, chosen, others, fields: fields.into_iter().collect() })
}

/// Makes a version a benchmark of the project, and looks for it in this version's training split.
#[server]
pub async fn add_benchmark(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    benchmark: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let unknown = || AppError::invalid("benchmark", super::text::no_benchmark(lang()).to_owned());
    let benchmark: VersionId = benchmark.parse().map_err(|_| unknown())?;
    if !store::benchmarks::add(&db, project, benchmark, caller.user_id).await? {
        return Err(unknown());
    }
    start_split_check(project, dataset, number).await
}

/// Takes a version out of the project's benchmarks.
#[server]
pub async fn remove_benchmark(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    benchmark: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let version = api::version(&db, project, dataset, number).await?;
    if let Ok(benchmark) = benchmark.parse() {
        store::benchmarks::remove(&db, project, benchmark, caller.user_id).await?;
    }
    leptos_axum::redirect(&routes::splits(project, version.dataset_id, version.number));
    Ok(())
}

/// Compares the splits and looks for leaks, then comes back.
#[server]
pub async fn start_split_check(project: ProjectId, dataset: DatasetId, number: u32) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let request = serde_json::json!({ "version_id": version.id, "check": LeakCheck::default() });
    let job = store::jobs::enqueue(&db, project, "check_splits", &request, caller.user_id).await?;
    go_on(project, &version, job, "");
    Ok(())
}

/// Makes the next version without the training samples that leak.
#[server]
pub async fn remove_leaks(project: ProjectId, dataset: DatasetId, number: u32) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let request = serde_json::json!({ "version_id": version.id, "check": LeakCheck::default() });
    let job = store::jobs::enqueue(&db, project, "remove_leaks", &request, caller.user_id).await?;
    go_on(project, &version, job, "&made=1");
    Ok(())
}

/// Makes the next version with the same samples in other splits.
#[server]
pub async fn divide_version(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(flatten)] form: DivisionForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let rule = form.rule(lang())?;
    rule.check().map_err(|e| AppError::invalid(form.field_of(&e), words::split_rule_problem(lang(), &e)))?;
    let request = serde_json::json!({ "version_id": version.id, "rule": rule });
    let job = store::jobs::enqueue(&db, project, "divide_version", &request, caller.user_id).await?;
    go_on(project, &version, job, "&made=1");
    Ok(())
}

#[cfg(feature = "ssr")]
fn go_on(project: ProjectId, version: &Version, job: JobId, more: &str) {
    let here = routes::splits(project, version.dataset_id, version.number);
    leptos_axum::redirect(&format!("{here}?job={job}{more}"));
}
