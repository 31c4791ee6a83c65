//! The judges of a suite are asked about every answer of a candidate's newest results, and what they say joins the results as
//! figures. What they have said already is not asked again, so an interrupted job goes on behind it.

use crate::jobs::{JobContext, JobError, judge::ask};
use domain::{
    id::{JudgeVersionId, SuiteResultId},
    job::JobFailure,
    suite::{RunSuite, SuiteDetail, judge_metric},
};
use store::{
    judges::{
        JudgingError,
        of_results::{ToJudge, prepare},
    },
    suites::{judged, results},
};

/// Asks them; how many figures were made. One that cannot be asked keeps no other from being asked: the first reason comes last.
pub(super) async fn judge(context: &JobContext, suite: &SuiteDetail, request: &RunSuite) -> Result<usize, JobError> {
    let (mut made, mut refused) = (0, None);
    for evaluation in &suite.design.evaluations {
        for (name, version) in &evaluation.judges {
            let newest = results::newest(&context.db, request.suite_id, &request.candidate, evaluation).await?;
            let Some(newest) = newest else { continue };
            let metric = judge_metric(name);
            if newest.judged.contains_key(&metric) {
                judged::weigh_again(&context.db, context.project, &newest, &metric).await?;
                continue;
            }
            match figure(context, newest.id, *version, &metric).await {
                Ok(()) => made += 1,
                Err(error @ JobError::Refused { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }
    refused.map_or(Ok(made), Err)
}

async fn figure(
    context: &JobContext,
    result: SuiteResultId,
    version: JudgeVersionId,
    metric: &str,
) -> Result<(), JobError> {
    let endpoints = context.config.asked_endpoints();
    let asked = ToJudge {
        project: context.project,
        result,
        version,
        endpoints: &endpoints,
        job: context.job,
        by: context.user,
    };
    let judging = prepare(&context.db, asked).await.map_err(not_asked)?;
    ask(context, judging).await?;
    judged::keep(&context.db, context.project, result, metric, judging).await?;
    Ok(())
}

fn not_asked(error: JudgingError) -> JobError {
    match error {
        JudgingError::Store(error) => error.into(),
        JudgingError::Problem(problem) => JobFailure::Judge { detail: problem.to_string() }.into(),
    }
}
