//! What judges said of a suite's results, as figures beside the others: by sample, so that pairs and slices work with them, and
//! with whether the judge counted then.

#[cfg(test)]
mod tests;

use super::results::NewestResult;
use crate::{
    StoreError,
    error::{json, to_json},
    judges::{Asked, Standings, asked, rulings},
};
use domain::{
    id::{JudgeVersionId, JudgingId, ProjectId, RunId, SuiteId, SuiteResultId},
    judge::{
        JudgeSpec, Mode,
        overall::{Overall, overall},
    },
    measure::{IntervalMethod, MetricScore, ScoreInterval},
    report::facts::JudgedFacts,
    suite::{JudgedFigure, SuiteDesign},
};
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Why a design cannot have a judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableJudge {
    #[error("{name}: the project has no such version of a judge")]
    Unknown { name: String },
    #[error("{name}: this judge compares two answers; a metric needs one that rates by criteria")]
    Compares { name: String },
    #[error("{name}: the suite has called another version of a judge so. Its figures stay, so choose another name")]
    Named { name: String },
}

/// The first judge of a design that cannot be one of its metrics. `suite` is the one whose next version it is to be.
pub async fn unusable(
    db: &PgPool,
    project: ProjectId,
    suite: Option<SuiteId>,
    design: &SuiteDesign,
) -> Result<Option<UnusableJudge>, StoreError> {
    let named: BTreeMap<&String, JudgeVersionId> =
        design.evaluations.iter().flat_map(|e| e.judges.iter().map(|(name, version)| (name, *version))).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let earlier = match suite {
        Some(suite) => names(db, suite).await?,
        None => BTreeMap::new(),
    };
    for (name, version) in named {
        let name = || name.clone();
        match crate::judges::spec(db, project, version).await? {
            None => return Ok(Some(UnusableJudge::Unknown { name: name() })),
            Some(spec) if spec.mode != Mode::Rubric => return Ok(Some(UnusableJudge::Compares { name: name() })),
            Some(_) => {}
        }
        if earlier.get(&name()).is_some_and(|known| *known != version) {
            return Ok(Some(UnusableJudge::Named { name: name() }));
        }
    }
    Ok(None)
}

/// What all versions of a suite have called judges.
async fn names(db: &PgPool, suite: SuiteId) -> Result<BTreeMap<String, JudgeVersionId>, StoreError> {
    let rows = sqlx::query("select design from suite_versions where suite_id = $1 order by number desc")
        .bind(suite.0)
        .fetch_all(db)
        .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let design: SuiteDesign = json(row.try_get("design")?)?;
        found.extend(design.evaluations.into_iter().flat_map(|evaluation| evaluation.judges));
    }
    Ok(found)
}

/// Keeps what a judging that is over comes to with its result, as the score of `metric`: of the whole and by sample.
pub async fn keep(
    db: &PgPool,
    project: ProjectId,
    result: SuiteResultId,
    metric: &str,
    judging: JudgingId,
) -> Result<(), StoreError> {
    let Some(about) = asked(db, project, judging).await? else { return Ok(()) };
    let given = rulings::given(db, judging).await?;
    let spec = about.spec.clone();
    // Thousands of samples are resampled thousands of times.
    let found = tokio::task::spawn_blocking(move || overall(&spec, &given)).await;
    let found = found.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let standings = Standings::of_project(db, project).await?;
    let identity = about.identity.as_deref();
    let kappa = standings.kappa(about.version, &about.spec, identity);
    let figure = JudgedFigure {
        version_id: about.version,
        judging_id: judging,
        standing: standings.of(about.version, &about.spec, identity),
        kappa: kappa.map(|(kappa, _)| kappa),
        labels: kappa.map_or(0, |(_, labels)| labels),
        model: about.model.clone(),
        repeats: about.spec.repeats,
        within: found.mean.and_then(|mean| mean.within),
        answered: found.answered,
        unparsable: found.unparsable,
        weighed_at: OffsetDateTime::now_utc(),
    };
    write(db, result, metric, &figure, (score(&about, &found), &found.by_sample)).await
}

/// The figure as a metric's score; none where nothing was understood. Scores of different judges are not compared, so the
/// signature says who judged.
fn score(about: &Asked, found: &Overall) -> Option<MetricScore> {
    let mean = found.mean?;
    let JudgeSpec { repeats, .. } = about.spec;
    let who = about.identity.as_deref().map_or("unknown", |identity| identity.get(..16).unwrap_or(identity));
    let signature = format!("judge:{}|asked:{who}|repeats:{repeats}|scale:0 to 1|average:samples", about.version);
    let interval = ScoreInterval { low: mean.low, high: mean.high, method: IntervalMethod::Bootstrap };
    Some(MetricScore { value: mean.value, interval: Some(interval), signature })
}

async fn write(
    db: &PgPool,
    result: SuiteResultId,
    metric: &str,
    figure: &JudgedFigure,
    (score, by_sample): (Option<MetricScore>, &BTreeMap<u32, f64>),
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "update suite_results set judged = judged || jsonb_build_object($2::text, $3::jsonb), measurement = case when $4::jsonb is null \
         then measurement else jsonb_set(measurement, array['scores', $2::text], $4::jsonb) end where id = $1",
    )
    .bind(result.0)
    .bind(metric)
    .bind(to_json(figure)?)
    .bind(score.as_ref().map(to_json).transpose()?)
    .execute(&mut *tx)
    .await?;
    let (positions, scores): (Vec<i32>, Vec<f64>) = by_sample.iter().map(|(at, x)| (at.cast_signed(), *x)).unzip();
    sqlx::query(
        "update suite_predictions p set scores = p.scores || jsonb_build_object($2::text, n.score) \
         from unnest($3::int[], $4::float8[]) as n (place, score) where p.result_id = $1 and p.position = n.place",
    )
    .bind(result.0)
    .bind(metric)
    .bind(positions)
    .bind(scores)
    .execute(&mut *tx)
    .await?;
    // They were made without this metric.
    sqlx::query("delete from suite_comparisons where old_id = $1 or new_id = $1")
        .bind(result.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query("delete from suite_slices where result_id = $1 and metric = $2")
        .bind(result.0)
        .bind(metric)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes again whether the judge of a figure that is there counts, by what people have said until now of the judge that it was.
pub async fn weigh_again(
    db: &PgPool,
    project: ProjectId,
    newest: &NewestResult,
    metric: &str,
) -> Result<(), StoreError> {
    let Some(figure) = newest.judged.get(metric) else { return Ok(()) };
    let Some(about) = asked(db, project, figure.judging_id).await? else { return Ok(()) };
    let standings = Standings::of_project(db, project).await?;
    let identity = about.identity.as_deref();
    let kappa = standings.kappa(about.version, &about.spec, identity);
    let now = JudgedFigure {
        standing: standings.of(about.version, &about.spec, identity),
        kappa: kappa.map(|(kappa, _)| kappa),
        labels: kappa.map_or(0, |(_, labels)| labels),
        ..figure.clone()
    };
    if now == *figure {
        return Ok(());
    }
    let now = JudgedFigure { weighed_at: OffsetDateTime::now_utc(), ..now };
    sqlx::query("update suite_results set judged = judged || jsonb_build_object($2::text, $3::jsonb) where id = $1")
        .bind(newest.id.0)
        .bind(metric)
        .bind(to_json(&now)?)
        .execute(db)
        .await?;
    Ok(())
}

/// What judges say of a run's newest results, by suite and evaluation; of suites that are put away nothing.
pub(crate) async fn of_run(db: &PgPool, project: ProjectId, run: RunId) -> Result<Vec<JudgedFacts>, StoreError> {
    let rows = sqlx::query(
        "select x.id, x.suite_id, s.name as suite_name, x.evaluation, x.measurement->'scores' as scores, x.judged \
         from (select distinct on (suite_id, identity) * from suite_results where project_id = $1 and run_id = $2 \
            order by suite_id, identity, created_at desc) x join suites s on s.id = x.suite_id and s.archived_at is null \
         where x.judged <> '{}' order by lower(s.name), s.id, x.evaluation, x.id limit 100",
    )
    .bind(project.0)
    .bind(run.0)
    .fetch_all(db)
    .await?;
    let mut found = Vec::new();
    for row in &rows {
        let scores: BTreeMap<String, MetricScore> = json(row.try_get("scores")?)?;
        let judged: BTreeMap<String, JudgedFigure> = json(row.try_get("judged")?)?;
        for (metric, figure) in judged {
            let score = scores.get(&metric);
            let interval = score.and_then(|score| score.interval);
            found.push(JudgedFacts {
                suite_id: SuiteId(row.try_get("suite_id")?),
                result_id: SuiteResultId(row.try_get("id")?),
                suite: row.try_get("suite_name")?,
                evaluation: row.try_get("evaluation")?,
                score: score.map(|score| score.value),
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
                metric,
                figure,
            });
        }
    }
    Ok(found)
}
