//! Server functions of the bad-case pages.

use crate::error::AppError;
use domain::{
    badcase::{
        evidence::Evidence,
        regression::{Alarm, Regression, RunAnswer},
        taxonomy::OwnCause,
        trend::{Trend, TrendQuery},
        view::{
            BadCase, BadCaseCounts, BadCaseEdit, BadCaseQuery, BadCaseSummary, CaseCluster, CaseComment, CaseMention,
        },
    },
    id::{BadCaseId, CauseId, ClusterId, DatasetId, ProjectId, RunId, UserId},
    page::Page,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::{choices::chosen_cause, text},
    crate::{api, routes, text::lang},
    domain::{
        access::{Action, permits},
        badcase::{
            Cause, Source,
            mention::MAX_COMMENT_CHARS,
            taxonomy::{MAX_NAME_CHARS, parse_name},
            view::{CasesEdit, NewBadCase},
        },
        lang::Lang,
        page::MAX_LIMIT,
        run::RunFilter,
    },
    std::str::FromStr,
    store::{
        PgPool, Stale, StoreError,
        badcases::{bulk, causes, clusters, comments, create, evidence, regressions, trends},
    },
};

/// What people can be chosen, and what for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Choices {
    /// Members of the project by name.
    pub people: Vec<(UserId, String)>,
    pub causes: Vec<OwnCause>,
}

#[cfg(feature = "ssr")]
async fn choices(db: &PgPool, project: ProjectId) -> Result<Choices, AppError> {
    let members = store::projects::members(db, project).await?;
    let people = members.into_iter().map(|m| (m.user_id, m.name)).collect();
    Ok(Choices { people, causes: causes::list(db, project).await? })
}

/// What the list shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BadCaseList {
    pub page: Page<BadCaseSummary>,
    pub counts: BadCaseCounts,
    pub choices: Choices,
    pub clusters: Vec<(ClusterId, String)>,
    /// Where the reader is named.
    pub mentions: Vec<CaseMention>,
    pub alarms: Vec<Alarm>,
}

/// A page of bad cases, how many have each status, and what is around them.
#[server]
pub async fn list_bad_cases(project: ProjectId, query: BadCaseQuery) -> Result<BadCaseList, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let all = clusters::list(&db, project).await?;
    Ok(BadCaseList {
        page: store::badcases::list(&db, project, &query).await?,
        counts: store::badcases::counts(&db, project, &query).await?,
        choices: choices(&db, project).await?,
        clusters: all.into_iter().map(|c| (c.id, c.name)).collect(),
        mentions: comments::mentions(&db, project, caller.user_id).await?,
        alarms: regressions::alarms(&db, project).await?,
    })
}

/// A bad case, what is known and said of it, its neighbours under the filter, and whether the caller may judge it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenBadCase {
    pub case: BadCase,
    pub evidence: Evidence,
    pub history: Vec<RunAnswer>,
    pub comments: Vec<CaseComment>,
    pub choices: Choices,
    pub previous: Option<BadCaseId>,
    pub next: Option<BadCaseId>,
    pub may_judge: bool,
}

/// One bad case. What names the reader there counts as seen.
#[server]
pub async fn get_bad_case(project: ProjectId, id: BadCaseId, query: BadCaseQuery) -> Result<OpenBadCase, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let case = store::badcases::get(&db, project, id).await?.ok_or(AppError::NotFound)?;
    let (previous, next) = store::badcases::neighbours(&db, project, id, &query).await?;
    let role = store::users::role(&db, caller.user_id, project).await?;
    let said = comments::list(&db, project, id).await?;
    comments::see(&db, project, id, caller.user_id).await?;
    Ok(OpenBadCase {
        case,
        evidence: evidence::gather(&db, project, id).await?.unwrap_or_default(),
        history: regressions::history(&db, project, id).await?,
        comments: said,
        choices: choices(&db, project).await?,
        previous,
        next,
        may_judge: permits(role, caller.scope, Action::Annotate),
    })
}

/// Stores a judgement and goes on to `then`, a path of this site. What may be left empty comes as text.
#[server]
pub async fn judge_bad_case(
    project: ProjectId,
    id: BadCaseId,
    edit: BadCaseEdit,
    #[server(default)] own_cause: String,
    #[server(default)] severity: String,
    #[server(default)] owner: String,
    then: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let edit = BadCaseEdit { cause_id: read(&own_cause), severity: read(&severity), owner_id: read(&owner), ..edit };
    match store::badcases::edit(&db, project, id, &edit, caller.user_id).await {
        Ok(true) => leptos_axum::redirect(routes::safe_next(&then)),
        Ok(false) => return Err(AppError::NotFound),
        Err(StoreError::Stale(Stale::EditedMeanwhile)) => {
            return Err(AppError::Conflict(text::stale(lang()).to_owned()));
        }
        Err(e) => return Err(e.into()),
    }
    Ok(())
}

/// A choice of a form, where one was made.
#[cfg(feature = "ssr")]
fn read<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Changes the ticked bad cases: `what` is `set`, `dismiss` or `merge`.
#[server]
pub async fn change_bad_cases(
    project: ProjectId,
    what: String,
    #[server(default)] ids: Vec<BadCaseId>,
    #[server(default)] owner: String,
    #[server(default)] severity: String,
    #[server(default)] cause: String,
    #[server(default)] then: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let l = lang();
    let refuse = |why: &'static str| Err(AppError::Conflict(why.to_owned()));
    let Some(first) = ids.first().copied() else { return refuse(text::none_ticked(l)) };
    let (kind, own) = chosen_cause(&cause);
    let edit = match what.as_str() {
        "dismiss" => CasesEdit { ids, dismiss: true, ..CasesEdit::default() },
        "merge" if ids.len() < 2 => return refuse(text::two_ticked(l)),
        "merge" => CasesEdit { ids, merge_into: Some(first), ..CasesEdit::default() },
        _ => CasesEdit {
            ids,
            owner_id: read(&owner),
            severity: read(&severity),
            cause: kind,
            cause_id: own,
            ..CasesEdit::default()
        },
    };
    let sets = edit.owner_id.is_some() || edit.severity.is_some() || edit.cause.is_some() || edit.cause_id.is_some();
    if what == "set" && !sets {
        return refuse(text::nothing_chosen(l));
    }
    bulk::apply(&db, project, &edit, caller.user_id).await?;
    leptos_axum::redirect(routes::safe_next(&then));
    Ok(())
}

/// Takes the merge of a bad case back.
#[server]
pub async fn unmerge_bad_case(project: ProjectId, id: BadCaseId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    if !bulk::unmerge(&db, project, id, caller.user_id).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::bad_case(project, id));
    Ok(())
}

/// Comments on a bad case.
#[server]
pub async fn comment_on_bad_case(
    project: ProjectId,
    id: BadCaseId,
    #[server(default)] body: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let body = body.trim();
    if body.is_empty() || body.chars().count() > MAX_COMMENT_CHARS {
        return Err(AppError::invalid("body", text::comment_problem(lang(), MAX_COMMENT_CHARS)));
    }
    comments::add(&db, project, id, caller.user_id, body).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&format!("{}#talk", routes::bad_case(project, id)));
    Ok(())
}

/// Makes the next version of a dataset from corrected bad cases.
#[server]
pub async fn add_corrections(
    project: ProjectId,
    dataset: DatasetId,
    #[server(default)] cases: Vec<BadCaseId>,
    #[server(default)] move_to_train: bool,
    #[server(default)] note: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    if cases.is_empty() {
        return Err(AppError::invalid("cases", text::need_cases(lang())));
    }
    let newest =
        store::versions::of_dataset(&db, project, dataset).await?.into_iter().next().ok_or(AppError::NotFound)?;
    let made =
        store::badcases::add_to_version(&db, project, newest.id, &cases, move_to_train, caller.user_id, note.trim())
            .await?
            .ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::version(project, made.dataset_id, made.number.cast_signed()));
    Ok(())
}

/// What a bad case by hand can belong to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewChoices {
    pub datasets: Vec<(DatasetId, String)>,
    /// With number and name.
    pub runs: Vec<(RunId, i32, String)>,
}

/// The datasets and runs of a project.
#[server]
pub async fn get_new_choices(project: ProjectId) -> Result<NewChoices, AppError> {
    let (db, _) = api::authorise(project, Action::Annotate).await?;
    let datasets = store::datasets::list(&db, project, "", None, MAX_LIMIT).await?.items;
    let filter = RunFilter { limit: MAX_LIMIT, ..RunFilter::default() };
    let runs = store::runs::list(&db, project, &filter).await?.items;
    Ok(NewChoices {
        datasets: datasets.into_iter().map(|d| (d.id, d.name)).collect(),
        runs: runs.into_iter().map(|r| (r.id, r.number, r.name)).collect(),
    })
}

/// What the form for a bad case by hand says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewForm {
    pub dataset: DatasetId,
    #[serde(default)]
    pub prompt: String,
    #[serde(default)]
    pub system: String,
    #[serde(default)]
    pub output: String,
    #[serde(default)]
    pub expected: String,
    #[serde(default)]
    pub run: String,
    #[serde(default)]
    pub severity: String,
    #[serde(default)]
    pub note: String,
}

/// Stores a bad case by hand and shows it.
#[server]
pub async fn create_bad_case(project: ProjectId, #[server(flatten)] form: NewForm) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let new = NewBadCase {
        dataset_id: form.dataset,
        prompt: form.prompt,
        system: form.system,
        output: form.output,
        expected: form.expected,
        run_id: read(&form.run),
        severity: read(&form.severity),
        note: form.note,
    };
    new.check().map_err(|e| AppError::invalid(e.field(), text::new_problem(lang(), e)))?;
    let id = create::create(&db, project, &new, Source::Hand, caller.user_id).await?.ok_or(AppError::NotFound)?;
    leptos_axum::redirect(&routes::bad_case(project, id));
    Ok(())
}

/// The project's own causes.
#[server]
pub async fn list_causes(project: ProjectId) -> Result<Vec<OwnCause>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(causes::list(&db, project).await?)
}

/// Adds a cause below a kind or another cause.
#[server]
pub async fn add_cause(project: ProjectId, below: String, #[server(default)] name: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let name = name_of(&name, lang())?;
    let (kind, parent) = chosen_cause(&below);
    let kind = kind.unwrap_or(Cause::Other);
    match causes::add(&db, project, kind, parent, &name, caller.user_id).await {
        Err(StoreError::Taken(_)) => return Err(AppError::invalid("name", text::name_taken(lang()))),
        other => other?,
    };
    leptos_axum::redirect(&routes::causes(project));
    Ok(())
}

/// Renames a cause, puts it away or takes it out again.
#[server]
pub async fn update_cause(
    project: ProjectId,
    cause: CauseId,
    #[server(default)] name: String,
    #[server(default)] archived: bool,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let name = name_of(&name, lang())?;
    if !causes::update(&db, project, cause, &name, archived).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::causes(project));
    Ok(())
}

/// Merges a cause into another.
#[server]
pub async fn merge_cause(project: ProjectId, cause: CauseId, #[server(default)] into: String) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditDatasets).await?;
    let into: CauseId = read(&into).ok_or(AppError::NotFound)?;
    if !causes::merge(&db, project, cause, into).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::causes(project));
    Ok(())
}

#[cfg(feature = "ssr")]
fn name_of(name: &str, l: Lang) -> Result<String, AppError> {
    parse_name(name).ok_or_else(|| AppError::invalid("name", text::name_problem(l, MAX_NAME_CHARS)))
}

/// The clusters, and the datasets whose cases can be grouped alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClusterView {
    pub clusters: Vec<CaseCluster>,
    pub datasets: Vec<(DatasetId, String)>,
}

/// The project's clusters.
#[server]
pub async fn list_clusters(project: ProjectId) -> Result<ClusterView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let datasets = store::datasets::list(&db, project, "", None, MAX_LIMIT).await?.items;
    Ok(ClusterView {
        clusters: clusters::list(&db, project).await?,
        datasets: datasets.into_iter().map(|d| (d.id, d.name)).collect(),
    })
}

/// Groups the bad cases anew, of all datasets or of one, then comes back with how far it is.
#[server]
pub async fn find_clusters(project: ProjectId, #[server(default)] dataset: String) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let request = serde_json::json!({ "dataset_id": read::<DatasetId>(&dataset) });
    let job = store::jobs::enqueue(&db, project, "cluster_bad_cases", &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::clusters(project)));
    Ok(())
}

/// Has the training rows found that are nearest to a case by embeddings, then comes back to the case.
#[server]
pub async fn find_nearest(project: ProjectId, id: BadCaseId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let request = serde_json::json!({ "ids": [id] });
    let job = store::jobs::enqueue(&db, project, evidence::embedded::KIND, &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}#evidence", routes::bad_case(project, id)));
    Ok(())
}

/// Gives a cluster a name that stays.
#[server]
pub async fn rename_cluster(
    project: ProjectId,
    cluster: ClusterId,
    #[server(default)] name: String,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Annotate).await?;
    let name = name_of(&name, lang())?;
    if !clusters::rename(&db, project, cluster, &name).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::clusters(project));
    Ok(())
}

/// The counts, and which fields of the data and datasets can be chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrendView {
    pub trend: Trend,
    pub slices: Vec<String>,
    pub datasets: Vec<(DatasetId, String)>,
}

/// How the bad cases of a project develop.
#[server]
pub async fn get_trend(project: ProjectId, query: TrendQuery) -> Result<TrendView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let datasets = store::datasets::list(&db, project, "", None, MAX_LIMIT).await?.items;
    Ok(TrendView {
        trend: Trend::of(&trends::count(&db, project, &query).await?),
        slices: trends::slices(&db, project).await?,
        datasets: datasets.into_iter().map(|d| (d.id, d.name)).collect(),
    })
}

/// The regression set.
#[server]
pub async fn list_regressions(project: ProjectId) -> Result<Vec<Regression>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(regressions::list(&db, project).await?)
}
