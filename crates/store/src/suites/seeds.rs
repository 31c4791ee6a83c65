//! Runs that differ only in their seed as one candidate of a suite: found by their recipes, or put together by hand. Jobs compute the
//! figures of each group ([`missing`], then [`make`]); pages read what is kept.

use super::results;
use crate::{
    StoreError,
    error::{json, to_json},
};
use domain::{
    id::{ModelId, ProjectId, RunId, SuiteResultId, VersionId},
    measure::Measurement,
    recipe::Recipe,
    suite::{
        EvaluationDesign, JudgedFigure, MAX_SEED_GROUPS, MAX_SEEDS, NoSeedGroup, SampleAnswers, SeedCell, SeedFigures,
        SeedGroup, SeedRun, SeedTable, SuiteDetail, decides, seed_figures,
    },
};
use sqlx::{PgPool, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map::Entry};

/// Results of runs that are read at most.
const MOST: i64 = 5000;
/// Raised where figures are computed in another way than before.
const EDITION: u32 = 1;

/// A run with the latest result of each evaluation.
struct Taken {
    run: SeedRun,
    /// Everything that decides its result but the seed.
    method: String,
    /// When it was launched, as a number that grows.
    number: i32,
}

/// A group in an evaluation, whose figures are computed at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    new: Vec<SuiteResultId>,
    /// Those of the group that it is held against; may be empty.
    old: Vec<SuiteResultId>,
    evaluation: EvaluationDesign,
}

impl Wanted {
    /// `None` where fewer than two runs of the group were evaluated.
    fn of(runs: &[SeedRun], old: &[SeedRun], (column, evaluation): (usize, &EvaluationDesign)) -> Option<Self> {
        let results = |runs: &[SeedRun]| runs.iter().filter_map(|run| run.results[column]).collect::<Vec<_>>();
        let (new, mut old) = (results(runs), results(old));
        if old.len() < 2 {
            old.clear();
        }
        (new.len() > 1).then(|| Self { new, old, evaluation: evaluation.clone() })
    }

    /// What figures are kept by. Results tell what was asked, and never change.
    fn key(&self) -> String {
        serde_json::to_string(&(EDITION, &self.new, &self.old)).unwrap_or_default()
    }

    fn cell(&self, figures: &SeedFigures) -> SeedCell {
        SeedCell {
            seeds: u32::try_from(self.new.len()).unwrap_or(u32::MAX),
            samples: figures.samples,
            scores: figures.scores.clone(),
            differences: figures.differences.clone(),
        }
    }
}

/// A group with what is to be known of it, in the order of the evaluations.
struct Planned {
    runs: Vec<SeedRun>,
    by_hand: bool,
    is_reference: bool,
    wanted: Vec<Option<Wanted>>,
}

impl Planned {
    /// The group with what is known of it; without differences while some are missing.
    fn group(self, known: &HashMap<String, SeedFigures>) -> SeedGroup {
        let cell = |wanted: &Option<Wanted>| {
            let wanted = wanted.as_ref()?;
            known.get(&wanted.key()).map(|figures| wanted.cell(figures))
        };
        let mut cells: Vec<Option<SeedCell>> = self.wanted.iter().map(cell).collect();
        if cells.iter().flatten().count() < self.wanted.iter().flatten().count() {
            cells.iter_mut().flatten().for_each(|cell| cell.differences.clear());
        }
        SeedGroup {
            runs: self.runs,
            by_hand: self.by_hand,
            is_reference: self.is_reference,
            cells,
            adjusted_p_values: BTreeMap::new(),
        }
    }
}

/// The groups of a suite: of every method that several seeds were evaluated of, and the one of `by_hand`, where that names runs.
/// All are held against the group that has the run `against`, else the first one. It has the figures that are kept, and says how
/// many are not.
pub async fn of_suite(
    db: &PgPool,
    project: ProjectId,
    suite: &SuiteDetail,
    by_hand: &[RunId],
    against: Option<RunId>,
) -> Result<Result<SeedTable, NoSeedGroup>, StoreError> {
    let taken = taken(db, project, suite).await?;
    let planned = match plan(&taken, suite, by_hand, against) {
        Ok(planned) => planned,
        Err(problem) => return Ok(Err(problem)),
    };
    let known = kept(db, &planned).await?;
    let pending = lacking(&planned, &known).len();
    let mut table = SeedTable {
        evaluations: suite.design.evaluations.clone(),
        groups: planned.into_iter().map(|planned| planned.group(&known)).collect(),
        runs: taken.into_iter().map(|taken| taken.run).collect(),
        pending: u32::try_from(pending).unwrap_or(u32::MAX),
    };
    table.correct();
    Ok(Ok(table))
}

/// What [`of_suite`] misses, each once. Runs that are no group, or no longer, miss nothing.
pub async fn missing(
    db: &PgPool,
    project: ProjectId,
    suite: &SuiteDetail,
    by_hand: &[RunId],
    against: Option<RunId>,
) -> Result<Vec<Wanted>, StoreError> {
    let taken = taken(db, project, suite).await?;
    let planned = plan(&taken, suite, by_hand, against).unwrap_or_default();
    let known = kept(db, &planned).await?;
    Ok(lacking(&planned, &known))
}

/// Computes figures and keeps them, which takes a moment: not for who waits for a page. It holds the answers of the group, and of the
/// one that it is held against, to one evaluation.
pub async fn make(db: &PgPool, wanted: &Wanted) -> Result<(), StoreError> {
    let (new, old) = (answers(db, &wanted.new).await?, answers(db, &wanted.old).await?);
    let design = wanted.evaluation.clone();
    let found = tokio::task::spawn_blocking(move || seed_figures(&new, &old, &design));
    let found = found.await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    sqlx::query(
        "insert into suite_seed_figures (key, result_id, figures) select md5($1), id, $3 from suite_results where id = $2 \
         on conflict do nothing",
    )
    .bind(wanted.key())
    .bind(wanted.new.first().map(|id| id.0))
    .bind(to_json(&found)?)
    .execute(db)
    .await?;
    Ok(())
}

/// The groups, with all that is to be known of them.
fn plan(
    taken: &[Taken],
    suite: &SuiteDetail,
    by_hand: &[RunId],
    against: Option<RunId>,
) -> Result<Vec<Planned>, NoSeedGroup> {
    let mut groups = by_recipe(taken);
    if !by_hand.is_empty() {
        groups.push((chosen(taken, by_hand)?, true));
    }
    let has = |runs: &[SeedRun]| runs.iter().any(|run| Some(run.run_id) == against);
    let reference = groups.iter().position(|(runs, _)| has(runs)).unwrap_or_default();
    let old = groups.get(reference).map(|(runs, _)| runs.clone()).unwrap_or_default();
    let planned = groups.into_iter().enumerate().map(|(place, (runs, by_hand))| {
        let is_reference = place == reference;
        let old: &[SeedRun] = if is_reference { &[] } else { &old };
        let evaluations = suite.design.evaluations.iter().enumerate();
        let wanted = evaluations.map(|evaluation| Wanted::of(&runs, old, evaluation)).collect();
        Planned { runs, by_hand, is_reference, wanted }
    });
    Ok(planned.collect())
}

/// The figures that are kept, by their keys.
async fn kept(db: &PgPool, planned: &[Planned]) -> Result<HashMap<String, SeedFigures>, StoreError> {
    let keys: Vec<String> = planned.iter().flat_map(|group| group.wanted.iter().flatten()).map(Wanted::key).collect();
    let rows = sqlx::query(
        "select distinct on (f.key) a.text, f.figures from unnest($1::text[]) as a (text) \
         join suite_seed_figures f on f.key = md5(a.text) order by f.key",
    )
    .bind(keys)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("text")?, json(row.try_get("figures")?)?))).collect()
}

/// Those that are not, each once.
fn lacking(planned: &[Planned], known: &HashMap<String, SeedFigures>) -> Vec<Wanted> {
    let mut seen = HashSet::new();
    let all = planned.iter().flat_map(|group| group.wanted.iter().flatten());
    all.filter(|wanted| !known.contains_key(&wanted.key()) && seen.insert(wanted.key())).cloned().collect()
}

/// Runs with a result of this version of the suite, by number.
async fn taken(db: &PgPool, project: ProjectId, suite: &SuiteDetail) -> Result<Vec<Taken>, StoreError> {
    let evaluations = &suite.design.evaluations;
    let identities: Vec<String> = evaluations.iter().map(EvaluationDesign::identity).collect();
    let rows = sqlx::query(
        "with asked as (select md5(a.text) as identity, min(a.place)::int as place from unnest($3::text[]) with ordinality \
            as a (text, place) group by 1), \
         x as (select distinct on (s.identity, s.run_id) s.id, s.run_id, s.measurement, s.judged, asked.place from suite_results s \
            join asked on asked.identity = s.identity where s.project_id = $1 and s.suite_id = $2 and s.run_id is not null \
            order by s.identity, s.run_id, s.created_at desc) \
         select x.id, x.measurement, x.judged, x.place, r.id as run_id, r.number, r.recipe, r.model_id, r.version_id, r.continues, \
            concat(m.name, ' · #', r.number, ' ', r.name) as name \
         from x join runs r on r.id = x.run_id join models m on m.id = r.model_id order by r.number desc limit $4",
    )
    .bind(project.0)
    .bind(suite.summary.id.0)
    .bind(&identities)
    .bind(MOST)
    .fetch_all(db)
    .await?;
    let mut found: BTreeMap<i32, Taken> = BTreeMap::new();
    for row in &rows {
        let number: i32 = row.try_get("number")?;
        let recipe: Recipe = json(row.try_get("recipe")?)?;
        let of = (
            ModelId(row.try_get("model_id")?),
            VersionId(row.try_get("version_id")?),
            row.try_get::<Option<uuid::Uuid>, _>("continues")?,
        );
        if let Entry::Vacant(free) = found.entry(number) {
            let run = SeedRun {
                run_id: RunId(row.try_get("run_id")?),
                name: row.try_get("name")?,
                seed: recipe.seed,
                results: vec![None; evaluations.len()],
                scores: vec![None; evaluations.len()],
            };
            let method = serde_json::to_string(&(of, Recipe { seed: 0, ..recipe })).unwrap_or_default();
            free.insert(Taken { run, method, number });
        }
        let Some(taken) = found.get_mut(&number) else { continue };
        let place = (row.try_get::<i32, _>("place")?.max(1) - 1) as usize;
        let measurement: Measurement = json(row.try_get("measurement")?)?;
        let judged: BTreeMap<String, JudgedFigure> = json(row.try_get("judged")?)?;
        // Evaluations that ask the same under two keys share a result.
        for (column, evaluation) in evaluations.iter().enumerate().filter(|(i, _)| identities[*i] == identities[place])
        {
            taken.run.results[column] = Some(SuiteResultId(row.try_get("id")?));
            let primary = evaluation.primary();
            let score = measurement.scores.get(&primary).filter(|_| decides(&judged, &primary));
            taken.run.scores[column] = score.map(|score| score.value);
        }
    }
    Ok(found.into_values().collect())
}

/// Runs of the same method, each seed once (the latest run of it), where there are several: those that were launched last, in the
/// order of their first runs.
fn by_recipe(taken: &[Taken]) -> Vec<(Vec<SeedRun>, bool)> {
    let mut methods: BTreeMap<&str, BTreeMap<u64, &Taken>> = BTreeMap::new();
    for taken in taken {
        methods.entry(&taken.method).or_default().insert(taken.run.seed, taken);
    }
    let mut groups: Vec<Vec<&Taken>> = methods.into_values().map(|seeds| seeds.into_values().collect()).collect();
    groups.retain(|group| group.len() > 1);
    for group in &mut groups {
        group.sort_by_key(|taken| taken.number);
        group.truncate(MAX_SEEDS);
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.last().map(|taken| taken.number)));
    groups.truncate(MAX_SEED_GROUPS);
    groups.sort_by_key(|group| group.first().map(|taken| taken.number));
    groups.into_iter().map(|group| (group.into_iter().map(|taken| taken.run.clone()).collect(), false)).collect()
}

fn chosen(taken: &[Taken], by_hand: &[RunId]) -> Result<Vec<SeedRun>, NoSeedGroup> {
    let asked: BTreeSet<RunId> = by_hand.iter().copied().collect();
    let runs: Vec<SeedRun> =
        taken.iter().filter(|taken| asked.contains(&taken.run.run_id)).map(|taken| taken.run.clone()).collect();
    if !(2..=MAX_SEEDS).contains(&runs.len()) || runs.len() < asked.len() {
        return Err(NoSeedGroup::Count);
    }
    let seeds: BTreeSet<u64> = runs.iter().map(|run| run.seed).collect();
    if seeds.len() == runs.len() { Ok(runs) } else { Err(NoSeedGroup::SameSeed) }
}

async fn answers(db: &PgPool, ids: &[SuiteResultId]) -> Result<Vec<SampleAnswers>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(results::answers(db, *id).await?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(number: i32, seed: u64, method: &str) -> Taken {
        let run =
            SeedRun { run_id: RunId::new(), name: number.to_string(), seed, results: Vec::new(), scores: Vec::new() };
        Taken { run, method: method.to_owned(), number }
    }

    #[test]
    fn runs_are_grouped_by_all_but_their_seed() {
        let all = [
            taken(1, 7, "b"),
            taken(2, 1, "a"),
            taken(3, 2, "a"),
            taken(4, 8, "b"),
            taken(5, 8, "b"),
            taken(6, 1, "c"),
        ];
        let groups = by_recipe(&all);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|(runs, _)| runs.iter().map(|run| run.name.as_str()).collect()).collect();
        assert_eq!(names, [["1", "5"], ["2", "3"]], "the latest of each seed; one seed is no group");
    }

    #[test]
    fn what_is_put_together_by_hand_has_several_seeds() {
        let all = [taken(1, 7, "b"), taken(2, 1, "a"), taken(3, 1, "a")];
        let ids = |places: &[usize]| places.iter().map(|place| all[*place].run.run_id).collect::<Vec<_>>();
        assert_eq!(chosen(&all, &ids(&[0, 1])).map(|runs| runs.len()), Ok(2));
        assert_eq!(chosen(&all, &ids(&[1, 2])).map(|runs| runs.len()), Err(NoSeedGroup::SameSeed));
        assert_eq!(chosen(&all, &ids(&[1])).map(|runs| runs.len()), Err(NoSeedGroup::Count));
        assert_eq!(chosen(&all, &[all[0].run.run_id, RunId::new()]).map(|runs| runs.len()), Err(NoSeedGroup::Count));
    }
}
