//! Server functions of the run pages.

use super::{curves::Tracks, form::parse::Values};
use crate::error::AppError;
use domain::{
    badcase::regression::RunVerdict,
    id::{ModelId, ProjectId, RunId, SweepId, VersionId},
    overfit::FitHistory,
    page::Page,
    recipe::{Objective, Recipe},
    run::{
        Answers, LaunchChoices, LearntSamples, LogLine, Preflight, PreflightSummary, Preview, Repetition, RunDetail,
        RunSummary,
    },
    sample::Split,
    split::Benchmark,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{form::parse, text},
    crate::{api, routes, text::lang},
    domain::{
        access::Action, event::series, lang::Lang, run::Ancestry, run::RunFilter, run::RunStatus, split::MAX_BENCHMARKS,
    },
    store::runs::{Launch, LaunchError},
};

/// What the address of the run list asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunQuery {
    /// A status, `open` for all that are not final, or empty.
    pub status: String,
    pub search: String,
    pub sort: String,
    pub cursor: String,
}

/// Runs of a project.
#[server]
pub async fn list_runs(project: ProjectId, query: RunQuery) -> Result<Page<RunSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let statuses = match query.status.as_str() {
        "open" => RunStatus::ALL.into_iter().filter(|s| !s.is_final()).collect(),
        word => word.parse().into_iter().collect(),
    };
    let filter = RunFilter {
        statuses,
        search: query.search,
        sort: query.sort.parse().unwrap_or_default(),
        cursor: query.cursor.parse().ok(),
        limit: domain::page::DEFAULT_LIMIT,
    };
    Ok(store::runs::list(&db, project, &filter).await?)
}

/// What the launch form starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchOptions {
    pub choices: LaunchChoices,
    /// The versions that every run of the project is held against.
    pub benchmarks: Vec<Benchmark>,
    /// The run being cloned.
    pub original: Option<Original>,
}

/// What a clone takes over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Original {
    pub id: RunId,
    pub number: i32,
    pub name: String,
    pub model: ModelId,
    pub version: VersionId,
    pub recipe: Recipe,
    /// Whether its adapter learnt from samples that were erased since.
    pub saw_erased: bool,
    /// The run whose adapter it went on training.
    pub continues: Option<RunId>,
    /// What it was held against beside the project's benchmarks. Their datasets may be archived since.
    pub benchmarks: Vec<Benchmark>,
}

/// Models, versions, benchmarks and, for a clone, the original.
#[server]
pub async fn get_launch_options(project: ProjectId, clone: Option<RunId>) -> Result<LaunchOptions, AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    let choices = store::runs::choices(&db, project).await?;
    let original = match clone {
        Some(run) => Some(store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?),
        None => None,
    };
    let benchmarks = store::benchmarks::list(&db, project).await?;
    let own = match &original {
        Some(run) => store::benchmarks::chosen_named(&db, run.summary.id).await?,
        None => Vec::new(),
    };
    let original = original.map(|run| Original {
        id: run.summary.id,
        number: run.summary.number,
        saw_erased: run.summary.saw_erased,
        name: run.summary.name,
        model: run.summary.model_id,
        version: run.summary.version_id,
        recipe: run.recipe,
        continues: run.continues.map(|(id, _)| id),
        benchmarks: own,
    });
    Ok(LaunchOptions { choices, benchmarks, original })
}

/// The runs that a launch begins with, each an id or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    pub cloned_from: String,
    /// The run whose adapter is trained on.
    pub continues: String,
}

/// Launches a run from the form; yields and goes to its page.
#[server]
pub async fn launch_run(
    project: ProjectId,
    name: String,
    model: String,
    version: String,
    key: String,
    origin: Origin,
    values: Values,
) -> Result<String, AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let (recipe, problems) = parse::recipe(&values, l);
    if let Some((field, problem)) = problems.into_iter().next() {
        return Err(AppError::Invalid { field, problem });
    }
    let continues = match origin.continues.as_str() {
        "" => None,
        run => Some(run.parse().map_err(|_| AppError::invalid("continues", super::form::bad_continuation(l)))?),
    };
    let launch = Launch {
        project,
        by: caller.user_id,
        name,
        model: model.parse().map_err(|_| AppError::invalid("model", super::form::choose_model(l)))?,
        version: version.parse().map_err(|_| AppError::invalid("version", super::form::choose_version(l)))?,
        recipe,
        ancestry: Ancestry { cloned_from: origin.cloned_from.parse().ok(), continues, repeats: None },
        preflight: values.contains_key(parse::PREFLIGHT),
        leak_reason: None,
        benchmarks: parse::benchmarks(&values)
            .ok_or_else(|| AppError::Conflict(text::bad_benchmarks(l, MAX_BENCHMARKS)))?,
        idempotency_key: (!key.is_empty()).then_some(key),
    };
    let launched = store::runs::launch(&db, &launch).await.map_err(|e| refusal(e, l))?;
    let path = routes::run(project, launched.id);
    leptos_axum::redirect(&path);
    Ok(path)
}

/// Launches a run again that ended because training has seen test samples: an owner signs for it, with a reason.
#[server]
pub async fn launch_despite_leaks(project: ProjectId, run: RunId, reason: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let original = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    let launch = Launch {
        project,
        by: caller.user_id,
        name: original.summary.name,
        model: original.summary.model_id,
        version: original.summary.version_id,
        recipe: original.recipe,
        ancestry: Ancestry { cloned_from: Some(run), continues: original.continues.map(|(id, _)| id), repeats: None },
        preflight: true,
        leak_reason: Some(reason),
        benchmarks: store::benchmarks::chosen(&db, run).await?,
        idempotency_key: None,
    };
    let launched = store::runs::launch(&db, &launch).await.map_err(|e| refusal(e, lang()))?;
    leptos_axum::redirect(&routes::run(project, launched.id));
    Ok(())
}

#[cfg(feature = "ssr")]
fn refusal(error: LaunchError, l: Lang) -> AppError {
    match error {
        LaunchError::Name => AppError::invalid("name", super::form::bad_name(l)),
        LaunchError::Model => AppError::invalid("model", super::form::choose_model(l)),
        LaunchError::Version => AppError::invalid("version", super::form::choose_version(l)),
        LaunchError::Continues => AppError::invalid("continues", super::form::bad_continuation(l)),
        LaunchError::Benchmarks => AppError::Conflict(text::bad_benchmarks(l, MAX_BENCHMARKS)),
        LaunchError::LeakReason => AppError::invalid("reason", text::leak_reason_problem(l)),
        LaunchError::Repeats => AppError::Conflict(super::form::bad_repetition(l).to_owned()),
        LaunchError::Recipe(errors) => match errors.first() {
            Some(e) => AppError::invalid(e.field.clone(), parse::problem_text(e, l)),
            None => AppError::Conflict(String::new()),
        },
        LaunchError::Misfits(misfits) => match misfits.first() {
            Some(m) => AppError::invalid(m.field(), text::misfit(l, *m)),
            None => AppError::Conflict(String::new()),
        },
        LaunchError::Store(e) => e.into(),
    }
}

/// Everything the page of a run shows at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    pub run: RunDetail,
    pub tracks: Tracks,
    pub logs: Vec<LogLine>,
    pub previews: Vec<Preview>,
    /// How far the event stream has been read.
    pub seen: Seen,
    /// The sweep that launched the run, with its name.
    pub sweep: Option<(SweepId, String)>,
    /// What was found before it was queued.
    pub preflight: Option<PreflightSummary>,
    /// How it compares with the run that it repeats.
    pub repetition: Option<Repetition>,
    /// How its model answers what earlier ones got wrong.
    pub regressions: RunVerdict,
    /// What its losses say.
    pub fit: Option<FitHistory>,
}

/// How far somebody has read a run's event stream; as text, the id of its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Largest `seq` of points.
    pub seq: i64,
    /// Largest id of log lines.
    pub log: i64,
    /// Latest step of previews, -1 for none.
    pub preview_step: i64,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.seq, self.log, self.preview_step)
    }
}

impl std::str::FromStr for Seen {
    type Err = std::num::ParseIntError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut parts = s.splitn(3, '.');
        let mut next = |default: &'static str| parts.next().unwrap_or(default).parse::<i64>();
        Ok(Self { seq: next("0")?, log: next("0")?, preview_step: next("-1")? })
    }
}

/// Log lines shown at first.
#[cfg(feature = "ssr")]
const LOG_LINES: u32 = 500;
/// Points of a curve sent at first: twice so many.
#[cfg(feature = "ssr")]
const BUCKETS: u32 = 1000;

/// A run with its curves, logs and previews.
#[server]
pub async fn get_run(project: ProjectId, run: RunId) -> Result<RunView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let detail = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    // Read before the points: what arrives meanwhile is sent again rather than lost.
    let seq = store::points::last_seq(&db, run).await?;
    let mut tracks = Tracks::default();
    // Tokens are an axis of the overlay alone.
    for key in series::ALL.into_iter().filter(|key| *key != series::TOKENS) {
        tracks.extend(&store::points::downsampled(&db, run, key, BUCKETS).await?);
    }
    let logs = store::runs::logs_since(&db, run, 0, LOG_LINES).await?;
    let previews = store::runs::previews(&db, run, -1).await?;
    let seen = Seen {
        seq,
        log: logs.last().map_or(0, |l| l.id),
        preview_step: previews.iter().map(|p| i64::from(p.step)).max().unwrap_or(-1),
    };
    let sweep = store::sweeps::of_run(&db, project, run).await?;
    let preflight = store::preflights::summary(&db, run).await?;
    let repetition = store::runs::repetition(&db, &detail).await?;
    let regressions = store::badcases::regressions::of_run(&db, project, run).await?;
    let fit = store::fits::history(&db, project, run).await?;
    Ok(RunView { run: detail, tracks, logs, previews, seen, sweep, preflight, repetition, regressions, fit })
}

/// A run with what its losses say; `None` before its first validation.
#[server]
pub async fn get_fit(project: ProjectId, run: RunId) -> Result<(RunSummary, Option<FitHistory>), AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let run = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?.summary;
    let history = store::fits::history(&db, project, run.id).await?;
    Ok((run, history))
}

/// Validations side by side on the page of answers.
#[cfg(feature = "ssr")]
const COLUMNS: usize = 4;

/// What a run's model answered at some validations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswersView {
    pub run: RunSummary,
    /// All steps with answers, rising.
    pub steps: Vec<u32>,
    /// Places in `steps` of the first one shown and behind the last.
    pub shown: (usize, usize),
    pub rows: Vec<Answers>,
}

/// What a run answered at the validations up to `step`, or the last ones.
#[server]
pub async fn get_answers(project: ProjectId, run: RunId, step: Option<u32>) -> Result<AnswersView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let run = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?.summary;
    let steps = store::runs::answered_steps(&db, run.id).await?;
    // A step without answers stands for the nearest before it.
    let end = step.map_or(steps.len(), |step| steps.partition_point(|s| *s <= step).max(1)).min(steps.len());
    let begin = end.saturating_sub(COLUMNS);
    let before = begin.checked_sub(1).and_then(|place| steps.get(place).copied());
    let rows = store::runs::answers_over_time(&db, run.id, before, &steps[begin..end]).await?;
    Ok(AnswersView { run, steps, shown: (begin, end), rows })
}

/// A run with what it learnt of its training samples; `None` before it has trained to its end.
#[server]
pub async fn get_learning(
    project: ProjectId,
    run: RunId,
) -> Result<(RunSummary, Objective, Option<LearntSamples>), AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let run = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    let learnt = store::runs::learnt(&db, &run).await?;
    Ok((run.summary, run.recipe.objective, learnt))
}

/// A preflight's report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreflightView {
    pub run: RunSummary,
    /// `None` before it has ended, and of a run that was queued without.
    pub report: Option<Preflight>,
    /// Where the samples of examples stand in their version: split, place in the split, position.
    pub positions: Vec<(Split, u32, u32)>,
}

/// What was found when the run was tried out.
#[server]
pub async fn get_preflight(project: ProjectId, run: RunId) -> Result<PreflightView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let run = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?.summary;
    let report = store::preflights::report(&db, project, run.id).await?;
    let positions = match &report {
        Some(report) => store::preflights::positions(&db, run.id, run.version_id, report).await?,
        None => Vec::new(),
    };
    Ok(PreflightView { run, report, positions })
}

/// Launches the same run once more, to be compared bit by bit; goes to its page.
#[server]
pub async fn repeat_run(project: ProjectId, run: RunId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let original = store::runs::get(&db, project, run).await?.ok_or(AppError::NotFound)?;
    let launch = Launch::again(project, caller.user_id, original);
    let launched = store::runs::launch(&db, &launch).await.map_err(|e| refusal(e, lang()))?;
    leptos_axum::redirect(&routes::run(project, launched.id));
    Ok(())
}

/// Asks a run to stop.
#[server]
pub async fn cancel_run(project: ProjectId, run: RunId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    // A run that has ended meanwhile needs no stopping: its page shows how it ended.
    store::runs::request_cancel(&db, project, run, caller.user_id).await?;
    leptos_axum::redirect(&routes::run(project, run));
    Ok(())
}
