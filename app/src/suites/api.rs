//! Server functions of evaluation suites.

use super::{
    form::{EvaluationForm, JudgeChoice},
    waiting::api::Waiting,
};
use crate::error::AppError;
use domain::{
    dataset::VersionSummary,
    id::{DatasetId, ProjectId, SuiteAlarmId, SuiteId, SuiteResultId, TargetId},
    page::Page,
    suite::{
        HistoryPoint, SuiteAlarm, SuiteDetail, SuitePrediction, SuitePredictionQuery, SuiteResult, SuiteSummary,
        SuiteTable, TargetStanding,
    },
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{text, waiting::api::compared},
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        lang::Lang,
        suite::{Baseline, Candidate, FIGURES, NewTarget, RunSuite, SuiteDesign},
    },
    store::{
        PgPool, judges,
        suites::{self, judged::UnusableJudge},
    },
};

/// All suites, with what they say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteList {
    pub suites: Vec<SuiteSummary>,
    pub alarms: Vec<SuiteAlarm>,
    pub targets: Vec<TargetStanding>,
}

/// The project's suites.
#[server]
pub async fn list_suites(project: ProjectId) -> Result<SuiteList, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(SuiteList {
        suites: suites::list(&db, project).await?,
        alarms: suites::alarms::open(&db, project, None).await?,
        targets: suites::targets::standings(&db, project, None).await?,
    })
}

/// What the forms need: a suite if there is one, and the versions to choose from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DesignView {
    pub suite: Option<SuiteDetail>,
    pub versions: Vec<VersionSummary>,
    /// Judges that can be metrics.
    pub judges: Vec<JudgeChoice>,
}

/// What the form of a new suite, or that of a suite's newest version, shows.
#[server]
pub async fn get_design(project: ProjectId, suite: Option<SuiteId>) -> Result<DesignView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let suite = match suite {
        Some(suite) => Some(find(&db, project, suite, None).await?),
        None => None,
    };
    let (versions, judges) = (store::versions::of_project(&db, project).await?, judges::metrics(&db, project).await?);
    Ok(DesignView { suite, versions, judges })
}

#[cfg(feature = "ssr")]
pub(super) async fn find(
    db: &PgPool,
    project: ProjectId,
    suite: SuiteId,
    version: Option<u32>,
) -> Result<SuiteDetail, AppError> {
    suites::get(db, project, suite, version).await?.ok_or(AppError::NotFound)
}

#[cfg(feature = "ssr")]
fn named(name: &str, field: &str, l: Lang) -> Result<String, AppError> {
    let name = name.trim();
    let is_good = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if is_good { Ok(name.to_owned()) } else { Err(AppError::invalid(field, text::name_problem(l))) }
}

/// Whether a design can be done with the project's data. Problems of the whole design stand at `field`.
#[cfg(feature = "ssr")]
async fn check(
    db: &PgPool,
    (project, suite): (ProjectId, Option<SuiteId>),
    design: &SuiteDesign,
    field: Option<&str>,
    l: Lang,
) -> Result<(), AppError> {
    let at = |own: &str| field.unwrap_or(own).to_owned();
    design.check().map_err(|e| AppError::invalid(at(e.field()), text::problem(l, &e)))?;
    if let Some(problem) = suites::judged::unusable(db, project, suite, design).await? {
        return Err(AppError::invalid(at("judges"), unusable(l, &problem)));
    }
    match suites::without_data(db, project, design).await? {
        Some(_) => Err(AppError::invalid(at("version_id"), text::problem_data(l))),
        None => Ok(()),
    }
}

/// Why a judge cannot be a metric of a suite.
#[cfg(feature = "ssr")]
fn unusable(l: Lang, problem: &UnusableJudge) -> String {
    match problem {
        UnusableJudge::Unknown { name } => text::problem_judge_unknown(l, name),
        UnusableJudge::Compares { name } => text::problem_judge_compares(l, name),
        UnusableJudge::Named { name } => text::problem_judge_named(l, name),
    }
}

/// Makes a suite with one evaluation and goes to its page.
#[server]
pub async fn create_suite(
    project: ProjectId,
    name: String,
    #[server(flatten)] form: EvaluationForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let name = named(&name, "name", l)?;
    let design = SuiteDesign {
        evaluations: vec![form.design(l, &judges::metrics(&db, project).await?)?],
        ..SuiteDesign::default()
    };
    check(&db, (project, None), &design, None, l).await?;
    let id = suites::create(&db, project, &name, &design, caller.user_id).await?;
    leptos_axum::redirect(&routes::suite(project, id));
    Ok(())
}

/// Puts an evaluation into the next version: in place of the one called `old`, or beside the others where that is empty.
#[server]
pub async fn save_evaluation(
    project: ProjectId,
    suite: SuiteId,
    seen: u32,
    old: String,
    #[server(flatten)] form: EvaluationForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let known = judges::metrics(&db, project).await?;
    let (mut design, evaluation) = (find(&db, project, suite, None).await?.design, form.design(l, &known)?);
    match design.evaluations.iter_mut().find(|e| !old.is_empty() && e.key == old) {
        Some(place) => *place = evaluation,
        None => design.evaluations.push(evaluation),
    }
    check(&db, (project, Some(suite)), &design, None, l).await?;
    suites::save(&db, project, suite, seen, &design, caller.user_id).await?;
    leptos_axum::redirect(&routes::suite_design(project, suite));
    Ok(())
}

/// Makes the next version without an evaluation.
#[server]
pub async fn remove_evaluation(project: ProjectId, suite: SuiteId, seen: u32, key: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let mut design = find(&db, project, suite, None).await?.design;
    design.evaluations.retain(|evaluation| evaluation.key != key);
    check(&db, (project, Some(suite)), &design, None, l).await?;
    suites::save(&db, project, suite, seen, &design, caller.user_id).await?;
    leptos_axum::redirect(&routes::suite_design(project, suite));
    Ok(())
}

/// Makes the next version of a whole design.
#[server]
pub async fn take_design(project: ProjectId, suite: SuiteId, seen: u32, toml: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let design = SuiteDesign::from_toml(&toml).map_err(|e| AppError::invalid("toml", text::problem(l, &e)))?;
    check(&db, (project, Some(suite)), &design, Some("toml"), l).await?;
    suites::save(&db, project, suite, seen, &design, caller.user_id).await?;
    leptos_axum::redirect(&routes::suite_design(project, suite));
    Ok(())
}

/// Renames a suite, and says whether every run takes it.
#[server]
pub async fn set_suite(
    project: ProjectId,
    suite: SuiteId,
    name: String,
    #[server(default)] automatic: bool,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    let name = named(&name, "name", lang())?;
    if !suites::set(&db, project, suite, &name, automatic).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::suite_design(project, suite));
    Ok(())
}

/// Puts a suite away.
#[server]
pub async fn archive_suite(project: ProjectId, suite: SuiteId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    if !suites::archive(&db, project, suite).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::suites(project));
    Ok(())
}

/// Somebody who can take a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As [`domain::suite::Candidate`] is written.
    pub value: String,
    pub name: String,
    pub is_endpoint: bool,
    pub saw_erased: bool,
}

/// What the page of a suite shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteView {
    pub suite: SuiteDetail,
    pub table: SuiteTable,
    /// While results are compared with the baseline's.
    pub waiting: Option<Waiting>,
    pub choices: Vec<Choice>,
    pub targets: Vec<TargetStanding>,
    pub history: Vec<HistoryPoint>,
}

/// A suite with what candidates reached in it.
#[server]
pub async fn get_suite(project: ProjectId, suite: SuiteId, version: Option<u32>) -> Result<SuiteView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let suite = find(&db, project, suite, version).await?;
    let mut table = suites::table::of_suite(&db, project, &suite).await?;
    suites::table::correct(&mut table);
    Ok(SuiteView {
        waiting: compared(&db, (project, caller.user_id), &suite, table.pending).await?,
        table,
        choices: choices(&db, project).await?,
        targets: suites::targets::standings(&db, project, Some(suite.summary.id)).await?,
        history: suites::history::of_suite(&db, project, &suite).await?,
        suite,
    })
}

#[cfg(feature = "ssr")]
async fn choices(db: &PgPool, project: ProjectId) -> Result<Vec<Choice>, AppError> {
    let own = store::scores::scorers(db, project).await?.into_iter().map(|known| Choice {
        value: match known.run {
            Some(run_id) => Candidate::Run { run_id },
            None => Candidate::Model { model_id: known.model },
        }
        .to_string(),
        name: known.name,
        is_endpoint: false,
        saw_erased: known.saw_erased,
    });
    let endpoints = api::services()?.endpoints.into_iter().map(|name| Choice {
        value: Candidate::Endpoint { name: name.clone() }.to_string(),
        name,
        is_endpoint: true,
        saw_erased: false,
    });
    Ok(own.chain(endpoints).collect())
}

/// The candidate that a form names, if the project has it.
#[cfg(feature = "ssr")]
async fn chosen(db: &PgPool, project: ProjectId, text: &str) -> Result<Candidate, AppError> {
    let unknown = || AppError::invalid("candidate", text::no_such_candidate(lang()));
    let known = choices(db, project).await?.iter().any(|choice| choice.value == text);
    text.parse::<Candidate>().ok().filter(|_| known).ok_or_else(unknown)
}

/// Has a candidate take a version of a suite, then comes back with how far it is.
#[server]
pub async fn run_suite_on(
    project: ProjectId,
    suite: SuiteId,
    version: u32,
    #[server(default)] candidate: String,
    #[server(default)] again: bool,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    find(&db, project, suite, Some(version)).await?;
    let request = RunSuite { suite_id: suite, version, candidate: chosen(&db, project, &candidate).await?, again };
    let job = store::jobs::enqueue(&db, project, suites::KIND, &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?version={version}&job={job}", routes::suite(project, suite)));
    Ok(())
}

/// Pins a candidate as a baseline.
#[server]
pub async fn pin_baseline(
    project: ProjectId,
    suite: SuiteId,
    #[server(default)] candidate: String,
    label: String,
    #[server(default)] is_main: bool,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let label = named(&label, "label", lang())?;
    let baseline = Baseline { candidate: chosen(&db, project, &candidate).await?, label, is_main };
    if !suites::baselines::pin(&db, project, suite, &baseline, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::suite(project, suite));
    Ok(())
}

/// Takes a pin out.
#[server]
pub async fn unpin_baseline(project: ProjectId, suite: SuiteId, candidate: String) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    let candidate = candidate.parse::<Candidate>().map_err(|_| AppError::NotFound)?;
    suites::baselines::unpin(&db, project, suite, &candidate).await?;
    leptos_axum::redirect(&routes::suite(project, suite));
    Ok(())
}

/// Puts an alarm away.
#[server]
pub async fn dismiss_alarm(project: ProjectId, suite: SuiteId, alarm: SuiteAlarmId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    suites::alarms::dismiss(&db, project, suite, alarm, caller.user_id).await?;
    leptos_axum::redirect(&routes::suite(project, suite));
    Ok(())
}

/// Sets a target of the project.
#[server]
pub async fn set_target(
    project: ProjectId,
    suite: SuiteId,
    #[server(default)] evaluation: String,
    metric: String,
    way: String,
    limit: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let found = find(&db, project, suite, None).await?;
    let design = found.design.evaluation(&evaluation);
    let design = design.ok_or_else(|| AppError::invalid("evaluation", text::no_evaluation(l)))?;
    let metric = metric.trim().to_owned();
    if !design.measured().contains(&metric) && !FIGURES.contains(&metric.as_str()) {
        return Err(AppError::invalid("metric", text::no_metric(l)));
    }
    let limit = limit.trim().parse::<f64>().ok().filter(|limit| limit.is_finite());
    let limit = limit.ok_or_else(|| AppError::invalid("limit", text::no_number(l)))?;
    let way = way.parse().map_err(|_| AppError::invalid("way", text::problem_choice(l)))?;
    let new = NewTarget { suite_id: suite, evaluation, metric, way, limit };
    if suites::targets::set(&db, project, &new, caller.user_id).await?.is_none() {
        return Err(AppError::Conflict(text::too_many_targets(l).to_owned()));
    }
    leptos_axum::redirect(&format!("{}#targets", routes::suite(project, suite)));
    Ok(())
}

/// Takes a target away.
#[server]
pub async fn remove_target(project: ProjectId, suite: SuiteId, target: TargetId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    suites::targets::remove(&db, project, target).await?;
    leptos_axum::redirect(&format!("{}#targets", routes::suite(project, suite)));
    Ok(())
}

/// A result, and where its samples are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResultView {
    pub suite_name: String,
    pub result: SuiteResult,
    pub dataset: DatasetId,
    pub number: u32,
    pub page: Page<SuitePrediction>,
}

/// A result with a page of its answers.
#[server]
pub async fn get_result(
    project: ProjectId,
    suite: SuiteId,
    result: SuiteResultId,
    query: SuitePredictionQuery,
) -> Result<ResultView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let found = suites::results::get(&db, project, suite, result).await?.ok_or(AppError::NotFound)?;
    let version = store::versions::get(&db, project, found.version_id).await?.ok_or(AppError::NotFound)?;
    Ok(ResultView {
        suite_name: find(&db, project, suite, None).await?.summary.name,
        page: suites::predictions::page(&db, project, result, &query).await?,
        dataset: version.dataset_id,
        number: version.number,
        result: found,
    })
}
