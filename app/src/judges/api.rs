//! Server functions of judges and of comparisons by people.

use super::form::JudgeForm;
use crate::error::AppError;
use domain::{
    annotation::view::TaskSummary,
    id::{EvalId, HumanEvaluationId, JobId, JudgeId, JudgeVersionId, JudgingId, ProjectId, TaskId},
    judge::{
        calibration::Bar,
        view::{
            HumanEvaluation, HumanEvaluationSummary, Judge, JudgeSummary, Judging, JudgingSummary, OpenedRuling,
            RulingRow,
        },
    },
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{form, text},
    crate::{api, routes, text::lang, ui::format::decimal},
    domain::{
        access::Action,
        judge::{
            MAX_HELP_CHARS, MAX_NAME_CHARS,
            view::{
                JudgingProblem, MAX_COMPARED, MAX_OVERLAP, MAX_PAIRS_PER_SAMPLE, MIN_COMPARED, NewCalibration,
                NewHumanEvaluation, NewJudge, NewJudgeVersion, NewJudging,
            },
        },
        lang::Lang,
        paraphrase::Writer,
    },
    store::{
        PgPool, StoreError,
        annotation::{
            blind,
            items::{self, Sees},
            tasks,
        },
        judges::{self, JudgingError, human, judgings, rulings},
    },
};

/// Rulings on a page.
pub const PAGE: u32 = 25;

/// Everything about judges in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgesView {
    pub judges: Vec<JudgeSummary>,
    pub judgings: Vec<JudgingSummary>,
    pub human: Vec<HumanEvaluationSummary>,
    pub bar: Bar,
}

/// The project's judges, judgings and comparisons by people.
#[server]
pub async fn list_judges(project: ProjectId) -> Result<JudgesView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let endpoints = api::services()?.asked_endpoints;
    Ok(JudgesView {
        judges: judges::list(&db, project, &endpoints).await?,
        judgings: judgings::list(&db, project, None).await?,
        human: human::list(&db, project).await?,
        bar: judges::bar(&db, project).await?,
    })
}

/// Sets what judges must reach.
#[server]
pub async fn set_bar(
    project: ProjectId,
    kappa: String,
    #[server(default)] by_lower_bound: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Administer).await?;
    let l = lang();
    let kappa = decimal(&kappa).ok_or_else(|| AppError::invalid("kappa", text::no_number(l)))?;
    let bar = Bar { kappa, by_lower_bound: !by_lower_bound.is_empty() };
    if !bar.is_valid() {
        return Err(AppError::invalid("kappa", text::problem_range(l, 0, 1)));
    }
    judges::set_bar(&db, project, &bar, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}#bar", routes::judges(project)));
    Ok(())
}

/// What a new judge can be made of, and how its question looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewJudgeView {
    pub form: JudgeForm,
    /// Value and name of whoever can be asked.
    pub writers: Vec<(String, String)>,
    pub evaluations: Vec<(EvalId, String)>,
    /// The question about the first sample, and why there is none.
    pub preview: Option<String>,
    pub problem: Option<String>,
}

/// What the page of a new judge, or of its next version, shows.
#[server]
pub async fn get_new_judge(project: ProjectId, form: JudgeForm) -> Result<NewJudgeView, AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let mut form = form;
    if let Ok(of) = form.of.parse::<JudgeId>() {
        let endpoints = api::services()?.asked_endpoints;
        let judge = judges::get(&db, project, of, &endpoints).await?.ok_or(AppError::NotFound)?;
        if form.op.is_empty()
            && let Some(newest) = judge.versions.first()
        {
            let (first, second) = (form.first, form.second);
            form = JudgeForm { first, second, ..JudgeForm::of_spec(of, judge.name, &newest.spec) };
        }
    }
    if form.op.is_empty() && form.criteria.is_empty() && !form.is_pairwise() {
        form.criteria = text::criteria_example(l).to_owned();
    }
    let writers = writers(&db, project, l).await?;
    if form.writer.is_empty() {
        form.writer = writers.first().map(|(value, _)| value.clone()).unwrap_or_default();
    }
    let evaluations = store::evals::of_project(&db, project).await?;
    if form.first.is_empty() {
        form.first = evaluations.first().map(|(id, _)| id.to_string()).unwrap_or_default();
    }
    let (preview, problem) = match preview(&db, project, &form, l).await {
        Ok(preview) => (preview, None),
        Err(AppError::Invalid { problem, .. }) => (None, Some(problem)),
        Err(other) => return Err(other),
    };
    Ok(NewJudgeView { form, writers, evaluations, preview, problem })
}

/// The question about the first sample; none without an evaluation.
#[cfg(feature = "ssr")]
async fn preview(db: &PgPool, project: ProjectId, form: &JudgeForm, l: Lang) -> Result<Option<String>, AppError> {
    // Whoever is asked, the question is the same.
    let spec = form.spec(l, Writer::Endpoint { name: String::new() })?;
    let Ok(first) = form.first.parse::<EvalId>() else { return Ok(None) };
    let question = rulings::example(db, project, first, form.second.parse().ok()).await?;
    Ok(question.map(|question| question.prompt(&spec)))
}

/// Whoever can be asked: endpoints, models, and models as runs have tuned them.
#[cfg(feature = "ssr")]
async fn writers(db: &PgPool, project: ProjectId, l: Lang) -> Result<Vec<(String, String)>, AppError> {
    let endpoints = api::services()?.endpoints.into_iter();
    let endpoints = endpoints.map(|name| (format!("endpoint:{name}"), text::endpoint(l, &name)));
    let models = store::scores::scorers(db, project).await?.into_iter().map(|known| {
        let writer = Writer::Model { model_id: known.model, run_id: known.run };
        (form::writer_value(&writer), crate::words::marked_run(l, known.name, known.saw_erased))
    });
    Ok(endpoints.chain(models).collect())
}

/// Makes a judge, or another version of one.
#[server]
pub async fn make_judge(project: ProjectId, #[server(flatten)] form: JudgeForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let known = writers(&db, project, l).await?;
    let writer = form::writer_named(&form.writer).filter(|_| known.iter().any(|(value, _)| *value == form.writer));
    let writer = writer.ok_or_else(|| AppError::invalid("writer", text::no_choice(l)))?;
    let spec = form.spec(l, writer)?;
    let note: String = form.note.chars().take(MAX_HELP_CHARS).collect();
    let judge = match form.of.parse::<JudgeId>() {
        Ok(judge) => {
            let new = NewJudgeVersion { spec, note };
            judges::add_version(&db, project, judge, &new, caller.user_id).await?.ok_or(AppError::NotFound)?;
            judge
        }
        Err(_) => {
            let name = form.name.trim().to_owned();
            if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
                return Err(AppError::invalid("name", text::name_problem(l)));
            }
            match judges::create(&db, project, &NewJudge { name, spec, note }, caller.user_id).await {
                Err(StoreError::Taken(_)) => return Err(AppError::invalid("name", text::name_taken(l))),
                made => made?,
            }
        }
    };
    leptos_axum::redirect(&routes::judge(project, judge));
    Ok(())
}

/// A judge with what it was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeView {
    pub judge: Judge,
    pub judgings: Vec<JudgingSummary>,
    pub evaluations: Vec<(EvalId, String)>,
    /// Value and name of whoever can be asked.
    pub writers: Vec<(String, String)>,
    pub bar: Bar,
}

/// One judge.
#[server]
pub async fn get_judge(project: ProjectId, judge: JudgeId) -> Result<JudgeView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let endpoints = api::services()?.asked_endpoints;
    Ok(JudgeView {
        judge: judges::get(&db, project, judge, &endpoints).await?.ok_or(AppError::NotFound)?,
        judgings: judgings::list(&db, project, Some(judge)).await?,
        evaluations: store::evals::of_project(&db, project).await?,
        writers: writers(&db, project, lang()).await?,
        bar: judges::bar(&db, project).await?,
    })
}

/// What a user reads of why a judging is not made.
#[cfg(feature = "ssr")]
fn refused(l: Lang, error: JudgingError) -> AppError {
    let problem = match error {
        JudgingError::Store(error) => return error.into(),
        JudgingError::Problem(problem) => problem,
    };
    let field = match problem {
        JudgingProblem::NoVersion => "version",
        JudgingProblem::NoEvaluation => "first",
        JudgingProblem::Evaluations => "second",
        JudgingProblem::TooMany | JudgingProblem::Nothing => "samples",
        JudgingProblem::Task | JudgingProblem::NoLabels => "task",
        JudgingProblem::Question => "question",
        JudgingProblem::Criterion => "criterion",
    };
    AppError::invalid(field, text::judging_problem(l, problem))
}

/// Asks a judge about one evaluation or two, then shows what it says.
#[server]
pub async fn ask_judge(
    project: ProjectId,
    version: JudgeVersionId,
    first: String,
    #[server(default)] second: String,
    samples: String,
    seed: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let missing = |_| AppError::invalid("first", text::problem_no_evaluation(l));
    let new = NewJudging {
        version_id: version,
        first: first.parse().map_err(missing)?,
        second: second.parse::<EvalId>().ok(),
        samples: samples.trim().parse().map_err(|_| AppError::invalid("samples", text::no_number(l)))?,
        seed: seed.trim().parse().map_err(|_| AppError::invalid("seed", text::no_number(l)))?,
    };
    let made = judgings::create(&db, project, &new, caller.user_id).await.map_err(|e| refused(l, e))?;
    leptos_axum::redirect(&routes::judging(project, made.judging_id));
    Ok(())
}

/// A judging with the tasks that it can be held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgingView {
    pub judging: Judging,
    pub tasks: Vec<TaskSummary>,
    pub rulings: Page<RulingRow>,
}

/// One judging with a page of what the judge said.
#[server]
pub async fn get_judging(
    project: ProjectId,
    judging: JudgingId,
    unparsable: bool,
    cursor: String,
) -> Result<JudgingView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let found = judgings::get(&db, project, judging).await?.ok_or(AppError::NotFound)?;
    let query = rulings::RulingQuery {
        unparsable,
        cursor: Some(cursor).filter(|cursor| !cursor.is_empty()),
        limit: Some(PAGE),
    };
    let rulings = rulings::page(&db, project, judging, &query).await?.ok_or(AppError::NotFound)?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    let tasks = blind::as_seen(&db, caller.user_id, role, tasks::list(&db, project).await?).await?;
    Ok(JudgingView { judging: found, tasks, rulings })
}

/// Asks for what is missing.
#[server]
pub async fn go_on_judging(project: ProjectId, judging: JudgingId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    judgings::go_on(&db, project, judging, caller.user_id).await?;
    leptos_axum::redirect(&routes::judging(project, judging));
    Ok(())
}

/// Deletes a judging.
#[server]
pub async fn delete_judging(project: ProjectId, judging: JudgingId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    if !judgings::delete(&db, project, judging).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::judges(project));
    Ok(())
}

/// Holds a judging against what people said.
#[server]
pub async fn calibrate(
    project: ProjectId,
    judging: JudgingId,
    task: String,
    question: String,
    #[server(default)] criterion: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let task_id = task.parse::<TaskId>().map_err(|_| AppError::invalid("task", text::problem_task(l)))?;
    let new = NewCalibration { task_id, question: question.trim().to_owned(), criterion };
    judges::calibrate(&db, project, judging, &new, caller.user_id).await.map_err(|e| refused(l, e))?;
    let found = judgings::get(&db, project, judging).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::judge(project, found.summary.judge_id));
    Ok(())
}

/// All that a judge said of one sample.
#[server]
pub async fn open_rulings(
    project: ProjectId,
    judging: JudgingId,
    position: u32,
) -> Result<Vec<OpenedRuling>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(rulings::opened(&db, project, judging, position).await?)
}

/// The evaluations that people can compare.
#[server]
pub async fn list_compared(project: ProjectId) -> Result<Vec<(EvalId, String)>, AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    Ok(store::evals::of_project(&db, project).await?)
}

/// What the form of a comparison says, as it was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HumanForm {
    pub name: String,
    #[serde(default)]
    pub evals: Vec<EvalId>,
    #[serde(default)]
    pub question: String,
    pub samples: String,
    pub pairs_per_sample: String,
    pub overlap: String,
    pub seed: String,
}

/// Makes a comparison, then shows it.
#[server]
pub async fn make_human_evaluation(project: ProjectId, #[server(flatten)] form: HumanForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let l = lang();
    let HumanForm { name, evals, question, samples, pairs_per_sample, overlap, seed } = form;
    if !(1..=MAX_NAME_CHARS).contains(&name.trim().chars().count()) {
        return Err(AppError::invalid("name", text::name_problem(l)));
    }
    if !(MIN_COMPARED..=MAX_COMPARED).contains(&evals.len()) {
        return Err(AppError::invalid("evals[]", text::problem_models(l)));
    }
    let within = |field: &str, typed: &str, most: u32| match typed.trim().parse::<u32>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(AppError::invalid(field, text::problem_range(l, 1, most))),
    };
    let new = NewHumanEvaluation {
        name,
        eval_ids: evals,
        question: question.chars().take(MAX_NAME_CHARS).collect(),
        samples: samples.trim().parse().map_err(|_| AppError::invalid("samples", text::no_number(l)))?,
        pairs_per_sample: within("pairs_per_sample", &pairs_per_sample, MAX_PAIRS_PER_SAMPLE)?,
        overlap: within("overlap", &overlap, MAX_OVERLAP)?,
        seed: seed.trim().parse().map_err(|_| AppError::invalid("seed", text::no_number(l)))?,
    };
    let made = human::create(&db, project, &new, caller.user_id).await;
    let (id, task) = made.map_err(|error| match error {
        JudgingError::Problem(_) => AppError::invalid("evals[]", text::problem_evaluations(l)),
        JudgingError::Store(error) => error.into(),
    })?;
    leptos_axum::redirect(&format!("{}?job={}", routes::human_evaluation(project, id), task.job_id));
    Ok(())
}

/// One comparison by people.
#[server]
pub async fn get_human_evaluation(
    project: ProjectId,
    evaluation: HumanEvaluationId,
) -> Result<(HumanEvaluation, Option<JobId>), AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let task = human::task(&db, project, evaluation).await?.ok_or(AppError::NotFound)?;
    let role = store::access::authorise(&db, &caller, project, Action::Read).await?;
    let sees = items::sees(&db, project, task, caller.user_id, role).await?;
    let found = human::get(&db, project, evaluation, sees != Some(Sees::All)).await?.ok_or(AppError::NotFound)?;
    let filling = if found.summary.wanted == 0 { tasks::filling(&db, project, task).await? } else { None };
    Ok((found, filling))
}
