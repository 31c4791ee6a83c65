//! Runs an evaluation suite on a candidate: every evaluation that it has no result of is answered, measured and kept by itself, so
//! that an interrupted job goes on behind the last one. Then judges are asked, the candidate is held against the baseline, and what
//! is new is cut into parts, so that the first pages that are looked at are there.

mod answers;
mod endpoint;
mod judges;
mod measured;
mod programs;
mod questions;

use crate::jobs::{JobContext, JobError, compare_suite, slice_result};
use answers::{Answered, Answerer};
use domain::{
    id::SuiteResultId,
    job::{Gone, JobFailure},
    suite::{RunSuite, SuiteDetail, costs, timing_scores},
};
use measured::Told;
use questions::{Questions, Work};
use serde::Serialize;
use store::suites::{self, results};

/// What was made.
#[derive(Debug, Default, Serialize)]
pub struct SuiteRun {
    /// Evaluations that were answered now.
    evaluated: usize,
    /// Those that had a result already.
    kept: usize,
    /// Figures of judges that were made now.
    judged: usize,
    alarms: usize,
}

/// The handler.
pub async fn run_suite(context: JobContext, request: RunSuite) -> Result<SuiteRun, JobError> {
    let suite = suites::get(&context.db, context.project, request.suite_id, Some(request.version)).await?;
    let suite = suite.ok_or(JobFailure::Gone { what: Gone::Suite })?;
    context.progress("reading", 0, 0).await?;
    let mut open = Vec::new();
    for evaluation in &suite.design.evaluations {
        let by = request.again.then_some(context.job);
        if !results::exists(&context.db, request.suite_id, &request.candidate, evaluation, by).await? {
            open.push(evaluation);
        }
    }
    let mut made = Vec::with_capacity(open.len());
    let mut run = SuiteRun { kept: suite.design.evaluations.len() - open.len(), ..SuiteRun::default() };
    if !open.is_empty() {
        let mut answerer = Answerer::of(&context, &request.candidate).await?;
        let folder = context.folder()?;
        let mut asked = Vec::with_capacity(open.len());
        for (i, evaluation) in open.into_iter().enumerate() {
            asked.push(Questions::write(&context, evaluation, &folder.path().join(i.to_string())).await?);
        }
        programs::refuse_in_vain(&context, &asked).await?;
        let mut work = Work { done: 0, total: asked.iter().map(|questions| questions.len() as u64).sum() };
        for questions in asked {
            made.push(evaluate(&context, (&suite, &request), &mut answerer, &questions, &mut work).await?);
            run.evaluated += 1;
        }
    }
    // A judge that does not answer keeps no alarm of other metrics from being raised.
    let judged = Box::pin(judges::judge(&context, &suite, &request)).await;
    compare_suite::compare(&context, &suite).await?;
    run.alarms = suites::alarms::raise(&context.db, context.project, &suite, &request.candidate).await?;
    for id in made {
        if let Some(result) = results::get(&context.db, context.project, request.suite_id, id).await? {
            slice_result::cut(&context, &result, 1).await?;
        }
    }
    run.judged = judged?;
    Ok(run)
}

/// One evaluation, from its questions to its result.
async fn evaluate(
    context: &JobContext,
    (suite, request): (&SuiteDetail, &RunSuite),
    answerer: &mut Answerer,
    questions: &Questions<'_>,
    work: &mut Work,
) -> Result<SuiteResultId, JobError> {
    let Answered { predictions, timing, trainer } = answerer.answer(context, request, questions, work).await?;
    work.done += questions.len() as u64;
    let programs = programs::run(context, questions, &predictions, work).await?;
    let told = Told { trainer, programs, schema: questions.evaluation.schema().map_err(JobError::internal)? };
    context.progress("measuring", work.done, work.total).await?;
    let cost = costs(&suite.design.prices, request.candidate.endpoint(), &timing, questions.len() as u64);
    let evaluation = questions.evaluation.clone();
    let measured = tokio::task::spawn_blocking(move || {
        let mut measured = measured::measure(&evaluation, predictions, &told);
        let latencies: Vec<f64> =
            measured.predictions.iter().filter_map(|p| p.scores.get("latency_ms").copied()).collect();
        measured.measurement.scores.extend(timing_scores(&latencies, &timing, cost));
        measured
    });
    let measured = measured.await.map_err(JobError::internal)?;
    let answers = questions.kept(measured.predictions)?;
    context.check()?;
    let new = results::NewResult {
        project: context.project,
        suite: request.suite_id,
        version: request.version,
        evaluation: questions.evaluation,
        candidate: &request.candidate,
        lease: context.lease(),
        by: context.user,
        measurement: &measured.measurement,
        answers: &answers,
    };
    // Whoever has the job now makes the result.
    results::record(&context.db, new).await?.ok_or(JobError::Cancelled)
}
