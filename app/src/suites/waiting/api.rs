//! Server functions of what jobs compute for the pages of suites: comparisons, results cut into parts, and figures over seeds.

use crate::error::AppError;
use domain::{
    id::{JobId, ProjectId, RunId, SuiteId, SuiteResultId},
    suite::{BakeOff, SeedTable, SliceReport, SuiteDetail, SuiteResult},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    crate::{
        api, routes,
        suites::{api::find, text},
        text::lang,
    },
    domain::{access::Action, id::UserId, job::Job, suite::NoSeedGroup},
    store::{
        PgPool,
        diffs::Asker,
        suites::{
            self,
            ask::{self, CompareSuite, SeedGroups},
            slices::Cut,
        },
    },
};

/// The job that computes what a page is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub job: JobId,
    /// Over without success.
    pub failed: bool,
}

#[cfg(feature = "ssr")]
impl Waiting {
    fn on(job: &Job) -> Self {
        Self { job: job.id, failed: job.status.is_final() }
    }
}

/// The job that makes comparisons, where some are missing.
#[cfg(feature = "ssr")]
pub(in crate::suites) async fn compared(
    db: &PgPool,
    (project, user): (ProjectId, UserId),
    suite: &SuiteDetail,
    pending: u32,
) -> Result<Option<Waiting>, AppError> {
    if pending == 0 {
        return Ok(None);
    }
    let asker = Asker { project, user, again: false };
    let compare = CompareSuite { suite_id: suite.summary.id, version: suite.shown };
    Ok(Some(Waiting::on(&ask::comparisons(db, asker, compare).await?)))
}

/// Begins comparisons again that failed or were cancelled, and goes back to the suite, or to its base models.
#[server]
pub async fn compare_suite_again(
    project: ProjectId,
    suite: SuiteId,
    version: u32,
    #[server(default)] bake_off: bool,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    find(&db, project, suite, Some(version)).await?;
    let asker = Asker { project, user: caller.user_id, again: true };
    ask::comparisons(&db, asker, CompareSuite { suite_id: suite, version }).await?;
    leptos_axum::redirect(&match bake_off {
        true => routes::bake_off(project, suite),
        false => format!("{}?version={version}", routes::suite(project, suite)),
    });
    Ok(())
}

/// Base models side by side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BakeOffView {
    pub suite: SuiteDetail,
    pub found: BakeOff,
    /// While results are compared with the best one's.
    pub waiting: Option<Waiting>,
}

/// Base models side by side.
#[server]
pub async fn get_bake_off(project: ProjectId, suite: SuiteId) -> Result<BakeOffView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let suite = find(&db, project, suite, None).await?;
    let found = suites::table::bake_off(&db, project, &suite).await?;
    let waiting = compared(&db, (project, caller.user_id), &suite, found.pending).await?;
    Ok(BakeOffView { suite, found, waiting })
}

/// A result cut into parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SlicesView {
    pub result: SuiteResult,
    /// `None` while a job cuts it, and where no metric can be cut.
    pub report: Option<SliceReport>,
    pub waiting: Option<Waiting>,
}

/// A result cut into parts.
#[server]
pub async fn get_slices(
    project: ProjectId,
    suite: SuiteId,
    result: SuiteResultId,
    metric: Option<String>,
) -> Result<SlicesView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let result = suites::results::get(&db, project, suite, result).await?.ok_or(AppError::NotFound)?;
    let asker = Asker { project, user: caller.user_id, again: false };
    let (report, waiting) = match suites::slices::report_or_job(&db, asker, &result, metric.as_deref()).await? {
        Some(Cut::Kept(report)) => (Some(*report), None),
        Some(Cut::By(job)) => (None, Some(Waiting::on(&job))),
        None => (None, None),
    };
    Ok(SlicesView { result, report, waiting })
}

/// Begins again to cut a result where that failed or was cancelled, and goes back to the page as it was.
#[server]
pub async fn cut_again(
    project: ProjectId,
    suite: SuiteId,
    result: SuiteResultId,
    #[server(default)] metric: Option<String>,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = suites::results::get(&db, project, suite, result).await?.ok_or(AppError::NotFound)?;
    let asker = Asker { project, user: caller.user_id, again: true };
    suites::slices::report_or_job(&db, asker, &found, metric.as_deref()).await?;
    let metric = metric.map(|metric| format!("?metric={}", routes::encode(&metric))).unwrap_or_default();
    leptos_axum::redirect(&format!("{}{metric}", routes::suite_slices(project, suite, result)));
    Ok(())
}

/// Groups of runs, and why those that somebody chose are none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeedsView {
    pub suite: SuiteDetail,
    pub table: SeedTable,
    pub problem: Option<String>,
    /// While figures are computed.
    pub waiting: Option<Waiting>,
}

#[cfg(feature = "ssr")]
fn chosen(runs: &str) -> Vec<RunId> {
    runs.split(',').filter_map(|id| id.parse().ok()).collect()
}

/// The groups, without the one of `runs` where these cannot be one, and why.
#[cfg(feature = "ssr")]
async fn groups(
    db: &PgPool,
    suite: (ProjectId, &SuiteDetail),
    runs: &[RunId],
    against: Option<RunId>,
) -> Result<(SeedTable, Option<String>), AppError> {
    let (project, suite) = suite;
    let told = |problem: NoSeedGroup| text::no_seed_group(lang(), problem);
    Ok(match suites::seeds::of_suite(db, project, suite, runs, against).await? {
        Ok(table) => (table, None),
        Err(problem) => {
            let found = suites::seeds::of_suite(db, project, suite, &[], against).await?;
            (found.map_err(|e| AppError::invalid("runs", told(e)))?, Some(told(problem)))
        }
    })
}

/// The job that computes figures over seeds, where some are missing.
#[cfg(feature = "ssr")]
async fn computed(
    db: &PgPool,
    asker: Asker,
    suite: &SuiteDetail,
    table: &SeedTable,
) -> Result<Option<Waiting>, AppError> {
    if table.pending == 0 {
        return Ok(None);
    }
    Ok(Some(Waiting::on(&ask::seeds(db, asker, &SeedGroups::of(suite, table)).await?)))
}

/// Runs that differ only in their seed. `runs` are ids of a group to put together, with commas between them; `against` is a run of
/// the group that the others are held against.
#[server]
pub async fn get_seeds(
    project: ProjectId,
    suite: SuiteId,
    #[server(default)] runs: String,
    against: Option<RunId>,
) -> Result<SeedsView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let suite = find(&db, project, suite, None).await?;
    let (table, problem) = groups(&db, (project, &suite), &chosen(&runs), against).await?;
    let asker = Asker { project, user: caller.user_id, again: false };
    let waiting = computed(&db, asker, &suite, &table).await?;
    Ok(SeedsView { suite, table, problem, waiting })
}

/// Begins figures over seeds again that failed or were cancelled, and goes back to the page as it was.
#[server]
pub async fn compute_seeds_again(
    project: ProjectId,
    suite: SuiteId,
    #[server(default)] runs: String,
    #[server(default)] against: Option<RunId>,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = find(&db, project, suite, None).await?;
    let runs = chosen(&runs);
    let (table, _) = groups(&db, (project, &found), &runs, against).await?;
    let asker = Asker { project, user: caller.user_id, again: true };
    computed(&db, asker, &found, &table).await?;
    leptos_axum::redirect(&routes::suite_seeds_of(project, suite, &runs, against));
    Ok(())
}
