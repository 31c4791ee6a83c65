//! What is known now of the runs of a report.

use super::sha256;
use crate::{
    StoreError, badcases, cards,
    compare::one_line,
    error::{json, to_json, word},
    evals, fits, points, runs,
    samples::content,
    suites, versions,
};
use domain::{
    badcase::view::{BadCaseCounts, BadCaseQuery},
    eval::{
        EvalMetrics,
        view::{Difference, RunEvaluation, metric_order},
    },
    event::series,
    id::{BadCaseId, ProjectId, ReportId, RunId, SampleId},
    recipe::{FinalAdapter, Recipe},
    report::{
        facts::{
            BadCaseFacts, CONFUSION_LABELS, CauseFacts, CostFacts, CurveFacts, DataFacts, EXAMPLES, EvaluationFacts,
            ExampleFacts, Facts, FitFacts, LABELS_LISTED, MethodFacts, MetricFacts, Outcomes, QUOTED_CHARS, Quote,
            RunFacts, SLICE_SAMPLES, SLICE_VALUES, SLICES_LISTED, SettingFacts, SliceFacts, WithoutLeaksFacts, devices,
            slices,
        },
        frozen::canonical,
    },
    run::RunDetail,
};
use sqlx::{PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

/// Points of a curve that a report keeps, about half of them.
const BUCKETS: u32 = 150;

/// Gathers it. Runs that the project does not have any more are left out. `None` without the project.
pub async fn gather(
    db: &PgPool,
    project: ProjectId,
    ids: &[RunId],
    now: OffsetDateTime,
) -> Result<Option<Facts>, StoreError> {
    let found: Option<(String, String)> = sqlx::query_as("select name, description from projects where id = $1")
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some((project_name, project_description)) = found else { return Ok(None) };
    let mut of_runs = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(detail) = runs::get(db, project, *id).await?
            && let Some(facts) = of_run(db, project, detail).await?
        {
            of_runs.push(facts);
        }
    }
    Ok(Some(Facts { project_name, project_description, gathered_at: now, runs: of_runs }))
}

async fn of_run(db: &PgPool, project: ProjectId, run: RunDetail) -> Result<Option<RunFacts>, StoreError> {
    let Some(data) = data(db, project, &run).await? else { return Ok(None) };
    let id = run.summary.id;
    let evaluation = evals::of_run(db, project, id).await?;
    let outcomes = outcomes(db, project, id).await?;
    Ok(Some(RunFacts {
        run_id: id,
        number: run.summary.number,
        name: run.summary.name.clone(),
        status: run.summary.state.status,
        created_by: run.summary.created_by.clone(),
        created_at: run.summary.created_at,
        model_id: run.summary.model_id,
        model_name: run.summary.model_name.clone(),
        data,
        method: method(&run),
        curves: curves(db, id).await?,
        fit: fit(db, project, id).await?,
        evaluation: evaluation.and_then(|e| of_evaluation(e, outcomes)),
        slices: of_slices(db, project, id).await?,
        judged: suites::judged::of_run(db, project, id).await?,
        bad_cases: bad_cases(db, project, id).await?,
        cost: cost(&run),
        leak_override: run.leak_override.clone(),
        forgotten: run.forgotten.iter().map(|saw| saw.samples).sum(),
        seeds: seeds(db, project, &run).await?,
    }))
}

async fn data(db: &PgPool, project: ProjectId, run: &RunDetail) -> Result<Option<DataFacts>, StoreError> {
    let Some(version) = versions::get(db, project, run.summary.version_id).await? else { return Ok(None) };
    let card = cards::get(db, project, &version).await?;
    let stats = card.stats;
    let mut files: Vec<String> = card.sources.into_iter().map(|source| source.file_name).collect();
    files.dedup();
    Ok(Some(DataFacts {
        dataset_id: card.dataset_id,
        version_id: card.version_id,
        name: card.name,
        number: card.number,
        description: card.description,
        license: card.license,
        samples: stats.samples,
        train: stats.train,
        validation: stats.validation,
        test: stats.test,
        exact_duplicates: stats.exact_duplicates,
        different_labels: stats.different_labels.max(stats.labels.len() as u64),
        labels: stats.labels.into_iter().take(LABELS_LISTED).collect(),
        files,
        steps: card.steps.len() as u64,
        leaks: card.leaks,
        test_looks: card.test_looks,
        test_lookers: card.test_lookers,
    }))
}

fn method(run: &RunDetail) -> MethodFacts {
    let usual = Recipe { method: run.recipe.method, objective: run.recipe.objective, ..Recipe::default() };
    let settings = run.recipe.differences(&usual).into_iter().filter(|(path, ..)| path != "seed");
    MethodFacts {
        method: run.recipe.method.as_str().to_owned(),
        objective: run.recipe.objective.as_str().to_owned(),
        seed: run.recipe.seed,
        steps: run.summary.state.step,
        keeps_best: run.recipe.checkpoints.final_adapter == FinalAdapter::Best,
        settings: settings.map(|(path, value, usual)| SettingFacts { path, value, usual }).collect(),
    }
}

async fn curves(db: &PgPool, run: RunId) -> Result<Vec<CurveFacts>, StoreError> {
    let mut curves = Vec::new();
    for key in [series::TRAIN_LOSS, series::VALIDATION_LOSS] {
        let points = one_line(points::downsampled(db, run, key, BUCKETS).await?);
        let points: Vec<(u32, f64)> =
            points.into_iter().filter(|p| p.value.is_finite()).map(|p| (p.step, p.value)).collect();
        if !points.is_empty() {
            curves.push(CurveFacts { series: key.to_owned(), points });
        }
    }
    Ok(curves)
}

async fn fit(db: &PgPool, project: ProjectId, run: RunId) -> Result<Option<FitFacts>, StoreError> {
    let history = fits::history(db, project, run).await?;
    Ok(history.map(|history| FitFacts { fit: history.verdict.fit, figures: history.verdict.figures }))
}

fn cost(run: &RunDetail) -> CostFacts {
    CostFacts {
        actual: run.actual,
        predicted_seconds: run.predicted.map(|p| p.cost.seconds),
        device: run.summary.state.device.clone(),
        devices: devices(&run.summary.state.device),
        attempts: run.summary.state.attempt,
    }
}

/// Seeds that succeeded with the same model, data and settings.
async fn seeds(db: &PgPool, project: ProjectId, run: &RunDetail) -> Result<u32, StoreError> {
    let seeds: i64 = sqlx::query_scalar(
        "select count(distinct coalesce(r.recipe->>'seed', '')) from runs r join runs x on x.id = $2 and x.project_id = $1 \
         where r.project_id = $1 and r.status = 'succeeded' and r.model_id = x.model_id and r.version_id = x.version_id \
         and r.recipe - 'seed' = x.recipe - 'seed'",
    )
    .bind(project.0)
    .bind(run.summary.id.0)
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(seeds).unwrap_or(u32::MAX))
}

/// Metrics in the order in which they are shown. `None` unless both models were evaluated.
fn of_evaluation(evaluation: RunEvaluation, outcomes: Outcomes) -> Option<EvaluationFacts> {
    let (base, tuned): (EvalMetrics, EvalMetrics) = (evaluation.base?.metrics, evaluation.tuned?.metrics);
    let metrics = |differences: &[Difference]| {
        let order = metric_order(tuned.task);
        let place = |metric: &str| order.iter().position(|known| *known == metric).unwrap_or(order.len());
        let is_number = |d: &&Difference| d.from.is_finite() && d.to.is_finite();
        let mut metrics: Vec<MetricFacts> = differences.iter().filter(is_number).map(MetricFacts::of).collect();
        metrics.sort_by_key(|metric| place(&metric.metric));
        metrics
    };
    Some(EvaluationFacts {
        task: tuned.task,
        samples: tuned.samples,
        metrics: metrics(&evaluation.differences),
        outcomes,
        without_leaks: evaluation.without_leaks.map(|clean| WithoutLeaksFacts {
            excluded: clean.excluded,
            samples: clean.samples,
            metrics: metrics(&clean.differences),
        }),
        base_classes: base.classes,
        classes: tuned.classes,
        confusion: tuned.confusion.filter(|matrix| matrix.labels.len() <= CONFUSION_LABELS),
    })
}

/// The answers of both models to the same samples of the test split.
const PAIRED: &str = "evals et join predictions t on t.eval_id = et.id \
     join evals eb on eb.run_id = et.run_id and eb.subject = 'base' and eb.split = et.split and eb.version_id = et.version_id \
     join predictions b on b.eval_id = eb.id and b.position = t.position";
/// Which evaluations of [`PAIRED`] are meant.
const OF_RUN: &str = "et.project_id = $1 and et.run_id = $2 and et.subject = 'tuned' and et.split = 'test'";
const COUNTS: &str = "count(*) filter (where t.correct and b.correct) as both_right, \
     count(*) filter (where t.correct and not b.correct) as only_tuned, \
     count(*) filter (where b.correct and not t.correct) as only_base, \
     count(*) filter (where not t.correct and not b.correct) as both_wrong";

fn counted(row: &PgRow) -> Result<Outcomes, StoreError> {
    let count = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned);
    Ok(Outcomes {
        both_right: count("both_right")?,
        only_tuned: count("only_tuned")?,
        only_base: count("only_base")?,
        both_wrong: count("both_wrong")?,
    })
}

async fn outcomes(db: &PgPool, project: ProjectId, run: RunId) -> Result<Outcomes, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("select {COUNTS} from {PAIRED} where {OF_RUN}")))
        .bind(project.0)
        .bind(run.0)
        .fetch_one(db)
        .await?;
    counted(&row)
}

/// The largest slices of the fields that have few values.
async fn of_slices(db: &PgPool, project: ProjectId, run: RunId) -> Result<Vec<SliceFacts>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "with sliced as (select f.key as field, f.value, {COUNTS}, count(*) as samples from {PAIRED} \
            join samples s on s.id = t.sample_id cross join lateral jsonb_each_text(s.slices) f \
            where {OF_RUN} and f.value is not null group by f.key, f.value), \
         few as (select field from sliced group by field having count(*) between 2 and $3) \
         select * from sliced where field in (select field from few) and samples >= $4 \
         order by samples desc, field, value limit $5"
    )))
    .bind(project.0)
    .bind(run.0)
    .bind(SLICE_VALUES as i64)
    .bind(SLICE_SAMPLES.cast_signed())
    .bind(SLICES_LISTED as i64)
    .fetch_all(db)
    .await?;
    let counts = rows
        .iter()
        .map(|row| Ok((row.try_get::<String, _>("field")?, row.try_get::<String, _>("value")?, counted(row)?)));
    Ok(slices(counts.collect::<Result<_, StoreError>>()?))
}

async fn bad_cases(db: &PgPool, project: ProjectId, run: RunId) -> Result<BadCaseFacts, StoreError> {
    let query = BadCaseQuery { run: Some(run), ..BadCaseQuery::default() };
    let counts: BadCaseCounts = badcases::counts(db, project, &query).await?;
    let causes = sqlx::query(
        "select b.cause, c.name, count(*) as cases from bad_cases b left join causes c on c.id = b.cause_id \
         where b.project_id = $1 and b.run_id = $2 and b.status not in ('dismissed', 'duplicate') \
         group by b.cause, c.name order by b.cause is null, cases desc, b.cause, c.name limit 20",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_all(db)
    .await?;
    let cause = |row: &PgRow| {
        Ok(CauseFacts {
            cause: row.try_get::<Option<&str>, _>("cause")?.map(word).transpose()?,
            name: row.try_get("name")?,
            cases: row.try_get::<i64, _>("cases")?.cast_unsigned(),
        })
    };
    let causes = causes.iter().map(cause).collect::<Result<_, StoreError>>()?;
    Ok(BadCaseFacts { counts, causes, examples: examples(db, project, run).await? })
}

async fn examples(db: &PgPool, project: ProjectId, run: RunId) -> Result<Vec<ExampleFacts>, StoreError> {
    let rows = sqlx::query(
        "select b.id, b.sample_id, b.status, b.cause, b.output, b.expected, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
         from bad_cases b join samples s on s.id = b.sample_id \
         where b.project_id = $1 and b.run_id = $2 and b.status not in ('dismissed', 'duplicate') and s.forgotten_at is null \
         order by coalesce(array_position(array['critical', 'high', 'medium', 'low'], b.severity), 9), \
         b.status = 'open', b.created_at, b.id limit $3",
    )
    .bind(project.0)
    .bind(run.0)
    .bind(EXAMPLES as i64)
    .fetch_all(db)
    .await?;
    let example = |row: &PgRow| {
        let quote = Quote {
            prompt: excerpt(&badcases::prompt_of(&content(row)?), QUOTED_CHARS),
            output: excerpt(row.try_get("output")?, QUOTED_CHARS),
            expected: excerpt(row.try_get("expected")?, QUOTED_CHARS),
            salt: uuid::Uuid::new_v4().simple().to_string(),
        };
        Ok(ExampleFacts {
            bad_case_id: BadCaseId(row.try_get("id")?),
            sample_id: SampleId(row.try_get("sample_id")?),
            status: word(row.try_get("status")?)?,
            cause: row.try_get::<Option<&str>, _>("cause")?.map(word).transpose()?,
            quote_sha256: hash(&quote)?,
            quote: Some(quote),
        })
    };
    rows.iter().map(example).collect()
}

/// The beginning of a text.
fn excerpt(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a frozen version has of a quote.
pub(super) fn hash(quote: &Quote) -> Result<String, StoreError> {
    Ok(sha256(&canonical(&to_json(quote)?)))
}

/// The quotes of a frozen version that are still there and are what they were.
pub(super) async fn quotes(db: &PgPool, report: ReportId, version: u32, facts: &mut Facts) -> Result<(), StoreError> {
    let rows: Vec<(uuid::Uuid, serde_json::Value)> =
        sqlx::query_as("select bad_case_id, quote from report_quotes where report_id = $1 and version = $2")
            .bind(report.0)
            .bind(version.cast_signed())
            .fetch_all(db)
            .await?;
    for (id, quote) in rows {
        let quote: Quote = json(quote)?;
        let sha256 = hash(&quote)?;
        let examples = facts.runs.iter_mut().flat_map(|run| &mut run.bad_cases.examples);
        for example in examples.filter(|e| e.bad_case_id == BadCaseId(id) && e.quote_sha256 == sha256) {
            example.quote = Some(quote.clone());
        }
    }
    Ok(())
}
