//! A result cut into parts: by label, length, script, language, fields of the data, filters that the suite names, how hard the base
//! model finds a sample, and the cluster of its bad cases. Jobs cut (`read`, then `Parts::cut`); pages read what is kept.

mod kept;
mod read;
#[cfg(test)]
mod tests;

pub use kept::missing;
pub use read::{CLUSTER, DIFFICULTY, LANGUAGE, Parts, read};

use super::ask::{self, SliceResult};
use crate::{StoreError, diffs::Asker};
use domain::{
    job::Job,
    suite::{MEANS, SliceReport, SuiteResult, judge_of},
};
use sqlx::PgPool;

/// A report, or the job that makes it.
#[derive(Clone, Debug)]
pub enum Cut {
    Kept(Box<SliceReport>),
    /// Over only where it failed or was cancelled.
    By(Box<Job>),
}

/// The metrics of a result that can be cut: means over samples, those of judges behind all others.
#[must_use]
pub fn metrics(result: &SuiteResult) -> Vec<String> {
    let measured = |metric: &&str| result.measurement.scores.contains_key(*metric);
    let judges = result.measurement.scores.keys().filter(|metric| judge_of(metric).is_some()).cloned();
    MEANS.iter().copied().filter(measured).map(str::to_owned).chain(judges).collect()
}

/// The report of a result in one of its metrics, the first that can be cut where none is given or that one cannot; where it is not
/// kept, the job that makes it (see [`ask`]). `None` where no metric can be cut.
pub async fn report_or_job(
    db: &PgPool,
    asker: Asker,
    result: &SuiteResult,
    metric: Option<&str>,
) -> Result<Option<Cut>, StoreError> {
    let metrics = metrics(result);
    let chosen = metrics.iter().find(|known| Some(known.as_str()) == metric).or(metrics.first());
    let Some(chosen) = chosen else { return Ok(None) };
    if let Some(report) = kept::find(db, asker.project, result, chosen).await? {
        return Ok(Some(Cut::Kept(Box::new(report))));
    }
    let wanted = SliceResult { suite_id: result.suite_id, result_id: result.id };
    Ok(Some(Cut::By(Box::new(ask::parts(db, asker, wanted).await?))))
}
