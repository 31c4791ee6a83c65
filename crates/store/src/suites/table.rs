//! The table of a suite: candidates by evaluations, held against the baseline and the gates; and base models against the best.

use super::{
    alarms,
    comparisons::{self, Comparisons, Pair},
    results::{COLUMNS, JOINS, NAME, result},
};
use crate::{StoreError, error::json};
use domain::{
    eval::view::Difference,
    id::{ProjectId, SuiteResultId},
    measure::MetricScore,
    model::ModelCard,
    suite::{
        BakeOff, Candidate, CandidateRow, Cell, EvaluationDesign, GateResult, NEUTRAL, Standing, SuiteDetail,
        SuiteResult, SuiteTable, decides, holm_adjusted, judge_of, undecided,
    },
};
use sqlx::{PgPool, Row};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Candidates of a table, besides baselines: those evaluated last.
const CANDIDATES: usize = 50;

/// A result with what else the table shows of its candidate.
struct Found {
    result: SuiteResult,
    column: usize,
    card: Option<ModelCard>,
    saw_erased: bool,
}

/// The latest result of every candidate in every evaluation of this version of the suite: all of the baselines' and of `asked`'s,
/// of others as many as are read at most.
async fn latest(
    db: &PgPool,
    project: ProjectId,
    suite: &SuiteDetail,
    asked: Option<&Candidate>,
) -> Result<Vec<Found>, StoreError> {
    // However many candidates came after it, what others are held against is read.
    let kept = suite.baselines.iter().map(|baseline| &baseline.candidate).chain(asked);
    let kept: Vec<String> = kept.map(Candidate::to_string).collect();
    let identities: Vec<String> = suite.design.evaluations.iter().map(EvaluationDesign::identity).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "with asked as (select md5(a.text) as identity, min(a.place)::int as place from unnest($3::text[]) with ordinality \
            as a (text, place) group by 1), \
         x as (select distinct on (s.identity, s.candidate) s.*, asked.place from suite_results s \
            join asked on asked.identity = s.identity where s.project_id = $1 and s.suite_id = $2 \
            order by s.identity, s.candidate, s.created_at desc) \
         select {COLUMNS}, {NAME}, x.place from x {JOINS} \
         order by (x.candidate = any($4)) desc, x.created_at desc, x.id limit 5000"
    )))
    .bind(project.0)
    .bind(suite.summary.id.0)
    .bind(identities)
    .bind(kept)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let card: Option<serde_json::Value> = row.try_get("card")?;
            Ok(Found {
                result: result(row)?,
                column: (row.try_get::<i32, _>("place")?.max(1) - 1) as usize,
                card: card.and_then(|card| json(card).ok()),
                saw_erased: row.try_get("saw_erased")?,
            })
        })
        .collect()
}

/// The table, with the comparisons that were made.
pub async fn of_suite(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<SuiteTable, StoreError> {
    with_candidate(db, project, suite, None).await
}

/// The table with the row of `asked`, however many others were evaluated after it. With one, comparisons that are missing are made,
/// which is for jobs alone.
pub(super) async fn with_candidate(
    db: &PgPool,
    project: ProjectId,
    suite: &SuiteDetail,
    asked: Option<&Candidate>,
) -> Result<SuiteTable, StoreError> {
    let mut rows = rows(suite, latest(db, project, suite, asked).await?, asked);
    let pairs = with_baseline(&rows);
    let known = match asked {
        Some(_) => comparisons::made(db, &pairs).await?,
        None => comparisons::kept(db, &pairs).await?,
    };
    let pending = compare(&mut rows, &known);
    for row in &mut rows {
        for (cell, evaluation) in row.cells.iter_mut().zip(&suite.design.evaluations) {
            if let Some(cell) = cell {
                cell.gates = judged(cell, evaluation, row.is_baseline);
            }
        }
    }
    Ok(SuiteTable {
        evaluations: suite.design.evaluations.clone(),
        rows,
        alarms: alarms::open(db, project, Some(suite.summary.id)).await?,
        pending,
    })
}

/// One row a candidate: baselines first, then the one that is asked about.
fn rows(suite: &SuiteDetail, found: Vec<Found>, asked: Option<&Candidate>) -> Vec<CandidateRow> {
    let mut rows: Vec<CandidateRow> = Vec::new();
    let mut places: HashMap<Candidate, usize> = HashMap::new();
    for Found { result, column, card, saw_erased } in found {
        let place = *places.entry(result.candidate.clone()).or_insert_with(|| {
            let baseline = suite.baselines.iter().find(|baseline| baseline.candidate == result.candidate);
            rows.push(CandidateRow {
                candidate: result.candidate.clone(),
                name: result.candidate_name.clone(),
                is_baseline: baseline.is_some_and(|baseline| baseline.is_main),
                parameters: card.as_ref().map(|card| card.parameters),
                size_bytes: card.as_ref().map(|card| card.size_bytes),
                saw_erased,
                latest: result.created_at,
                cells: suite.design.evaluations.iter().map(|_| None).collect(),
                adjusted_p_values: BTreeMap::new(),
            });
            rows.len() - 1
        });
        // Evaluations that ask the same under two keys share a result.
        let identity = suite.design.evaluations[column].identity();
        for (cell, evaluation) in rows[place].cells.iter_mut().zip(&suite.design.evaluations) {
            if evaluation.identity() == identity {
                *cell = Some(Cell {
                    result_id: result.id,
                    samples: result.measurement.samples,
                    contaminated: result.contaminated,
                    scores: result.measurement.scores.clone(),
                    judged: result.judged.clone(),
                    differences: Vec::new(),
                    gates: Vec::new(),
                });
            }
        }
    }
    let rank = |row: &CandidateRow| {
        let place = suite.baselines.iter().position(|baseline| baseline.candidate == row.candidate);
        place.unwrap_or(if asked == Some(&row.candidate) { suite.baselines.len() } else { usize::MAX })
    };
    rows.sort_by_key(|row| (rank(row), std::cmp::Reverse(row.latest)));
    rows.truncate(CANDIDATES + suite.baselines.len());
    rows
}

/// The results of all other rows, each with the baseline's of the same evaluation.
fn with_baseline(rows: &[CandidateRow]) -> Vec<Pair> {
    let Some(baseline) = rows.iter().find(|row| row.is_baseline) else { return Vec::new() };
    let others = rows.iter().filter(|row| !row.is_baseline);
    others.flat_map(|row| with(baseline, row)).collect()
}

fn with<'a>(baseline: &'a CandidateRow, row: &'a CandidateRow) -> impl Iterator<Item = Pair> + use<'a> {
    let cells = baseline.cells.iter().zip(&row.cells);
    cells.filter_map(|(old, new)| Some((old.as_ref()?.result_id, new.as_ref()?.result_id)))
}

/// Fills in how all others differ from the baseline, where both were evaluated; how many results are not compared yet. A row is
/// corrected for all of its differences, so it is told none before they are all there.
fn compare(rows: &mut [CandidateRow], known: &Comparisons) -> u32 {
    let Some(baseline) = rows.iter().find(|row| row.is_baseline).cloned() else { return 0 };
    let mut pending = 0;
    for row in rows.iter_mut().filter(|row| !row.is_baseline) {
        let missing = with(&baseline, row).filter(|pair| !known.contains_key(pair)).count();
        pending += missing as u32;
        if missing > 0 {
            continue;
        }
        for (cell, old) in row.cells.iter_mut().zip(&baseline.cells) {
            if let (Some(cell), Some(old)) = (cell.as_mut(), old) {
                cell.differences = known.get(&(old.result_id, cell.result_id)).cloned().unwrap_or_default();
                let (scores, before) = (&cell.scores, &old.scores);
                cell.differences.retain(|difference| is_comparable(scores, before, &difference.metric));
            }
        }
    }
    pending
}

/// Whether two scores of a metric may be held against each other: those of a judge only where it was the same judge.
fn is_comparable(new: &BTreeMap<String, MetricScore>, old: &BTreeMap<String, MetricScore>, metric: &str) -> bool {
    let signature = |scores: &BTreeMap<String, MetricScore>| scores.get(metric).map(|score| score.signature.clone());
    new.contains_key(metric) && (judge_of(metric).is_none() || signature(new) == signature(old))
}

fn judged(cell: &Cell, evaluation: &EvaluationDesign, is_baseline: bool) -> Vec<GateResult> {
    let gates = evaluation.gates.iter().map(|gate| {
        let (score, difference) = (cell.scores.get(gate.metric()), cell.difference(gate.metric()));
        // What nobody should believe passes and fails nobody.
        let judge = undecided(&cell.judged, gate.metric());
        let standing = match judge {
            Some(_) => Standing::Inconclusive,
            None => gate.judge(score, difference, is_baseline),
        };
        GateResult { gate: gate.to_string(), standing, judge }
    });
    gates.collect()
}

/// All differences of a row from the baseline that are for better or worse and that decide something, each with the key of its
/// evaluation. Table and alarms are corrected for these.
pub(super) fn differences(table: &SuiteTable, row: &CandidateRow) -> Vec<(String, Difference)> {
    let cells = row.cells.iter().zip(&table.evaluations);
    cells
        .filter_map(|(cell, evaluation)| Some((cell.as_ref()?, evaluation)))
        .flat_map(|(cell, evaluation)| {
            let deciding = cell.differences.iter().filter(|d| decides(&cell.judged, &d.metric));
            deciding.map(|d| (evaluation.key.clone(), d.clone()))
        })
        .filter(|(_, difference)| !NEUTRAL.contains(&difference.metric.as_str()))
        .collect()
}

/// Corrects the p values of each row over the suite.
pub fn correct(table: &mut SuiteTable) {
    let adjusted: Vec<_> = table
        .rows
        .iter()
        .map(|row| {
            let all = differences(table, row);
            let found = holm_adjusted(all.iter().map(|(key, d)| (key.as_str(), d)));
            found.into_iter().map(|((key, metric), p)| (format!("{key}/{metric}"), p)).collect()
        })
        .collect();
    for (row, adjusted) in table.rows.iter_mut().zip(adjusted) {
        row.adjusted_p_values = adjusted;
    }
}

/// Base models and endpoints against the best of them, with the comparisons that were made.
pub async fn bake_off(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<BakeOff, StoreError> {
    let rows = rows(suite, latest(db, project, suite, None).await?, None);
    let cells: HashMap<SuiteResultId, Cell> =
        rows.iter().flat_map(|row| row.cells.iter().flatten()).map(|cell| (cell.result_id, cell.clone())).collect();
    let mut found = base_models(suite, rows);
    let pairs = with_best(&found);
    let known = comparisons::kept(db, &pairs).await?;
    let missing: Vec<&Pair> = pairs.iter().filter(|pair| !known.contains_key(*pair)).collect();
    found.pending = missing.len() as u32;
    // An evaluation is corrected for all of its pairs, so it is told none before they are all there.
    let partial: HashSet<SuiteResultId> = missing.into_iter().map(|(best, _)| *best).collect();
    found.compare(|best, other, metric| {
        let (new, old) = (cells.get(&other)?, cells.get(&best)?);
        let is_fair = decides(&new.judged, metric) && is_comparable(&new.scores, &old.scores, metric);
        let differences = known.get(&(best, other)).filter(|_| is_fair && !partial.contains(&best))?;
        differences.iter().find(|d| d.metric == metric).cloned()
    });
    Ok(found)
}

fn base_models(suite: &SuiteDetail, rows: Vec<CandidateRow>) -> BakeOff {
    let evaluations = suite.design.evaluations.clone();
    BakeOff::of(&SuiteTable { evaluations, rows, alarms: Vec::new(), pending: 0 })
}

/// The results of base models, each with the best one's of the same evaluation.
fn with_best(found: &BakeOff) -> Vec<Pair> {
    (0..found.evaluations.len())
        .filter_map(|column| Some((column, found.best(column)?)))
        .flat_map(|(column, best)| {
            found.rows.iter().filter_map(move |row| Some((best, row.cells[column].as_ref()?.result_id)))
        })
        .filter(|(best, other)| best != other)
        .collect()
}

/// What the table and the bake-off of this version of the suite hold against each other and nobody has compared yet.
pub async fn uncompared(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<Vec<Pair>, StoreError> {
    let rows = rows(suite, latest(db, project, suite, None).await?, None);
    let mut pairs = with_baseline(&rows);
    pairs.extend(with_best(&base_models(suite, rows)));
    comparisons::missing(db, &pairs).await
}
