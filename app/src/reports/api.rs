//! Server functions of reports and digests.

use crate::error::AppError;
use domain::{
    id::{ProjectId, ReportId, RunId},
    page::Page,
    report::{
        digest::Digest,
        view::{Approval, ReportDetail, ReportSummary, ReportVersion},
        week::Week,
    },
    run::RunSummary,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, password, routes, text::lang},
    domain::{
        access::Action,
        lang::Lang,
        page::DEFAULT_LIMIT,
        report::{BlockEdit, Body, MAX_REASON_CHARS, MAX_RUNS, Press, field_of},
        run::RunFilter,
    },
    leptos_axum::redirect,
    store::{
        StoreError,
        reports::{self, Edit, NewReport, digests},
    },
    time::OffsetDateTime,
};

/// Recent runs to choose from.
#[cfg(feature = "ssr")]
const CHOICES: u32 = 100;
/// Digests on a page.
pub const DIGESTS: u32 = 25;

/// The project's reports, newest first.
#[server]
pub async fn list_reports(project: ProjectId, after: Option<u32>) -> Result<Page<ReportSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(reports::list(&db, project, after, DEFAULT_LIMIT).await?)
}

/// Runs to write about: those that are named, and recent ones.
#[server]
pub async fn choices(project: ProjectId, named: Vec<RunId>) -> Result<Vec<RunSummary>, AppError> {
    let (db, _) = api::authorise(project, Action::Launch).await?;
    let mut runs = store::runs::of_ids(&db, project, &named).await?;
    let filter = RunFilter { limit: CHOICES, ..RunFilter::default() };
    let recent = store::runs::list(&db, project, &filter).await?.items;
    runs.extend(recent.into_iter().filter(|run| !named.contains(&run.id)));
    Ok(runs)
}

/// Makes a report, then shows it.
#[server]
pub async fn create_report(
    project: ProjectId,
    title: String,
    language: String,
    #[server(default)] runs: Vec<RunId>,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let body = Body::new(title).check().map_err(|e| AppError::invalid(e.field(), text::problem(l, e)))?;
    let mut chosen: Vec<RunId> = Vec::new();
    for run in runs {
        if !chosen.contains(&run) {
            chosen.push(run);
        }
    }
    if !(1..=MAX_RUNS).contains(&chosen.len()) {
        return Err(AppError::invalid("runs[]", text::runs_problem(l, MAX_RUNS)));
    }
    let lang = Lang::from_tag(&language).unwrap_or(l);
    let new = NewReport { project, by: caller.user_id, lang, title: body.title, runs: &chosen };
    let report = reports::create(&db, &new).await?;
    redirect(&routes::report(project, report));
    Ok(())
}

/// A report, one of its versions, and whether the reader may approve it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportView {
    pub detail: ReportDetail,
    pub version: ReportVersion,
    /// Of somebody whose role allows it.
    pub approval: Option<Approval>,
}

/// A report in a version, the newest where no number is given.
#[server]
pub async fn get_report(project: ProjectId, report: ReportId, number: Option<u32>) -> Result<ReportView, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let detail = reports::get(&db, project, report).await?.ok_or(AppError::NotFound)?;
    let version = reports::version(&db, project, report, number, OffsetDateTime::now_utc()).await?;
    let may_approve = store::access::authorise(&db, &caller, project, Action::Approve).await.is_ok();
    let approval = if may_approve { reports::approval(&db, project, report, caller.user_id).await? } else { None };
    Ok(ReportView { detail, version: version.ok_or(AppError::NotFound)?, approval })
}

/// What the form of a draft says: texts and kinds of blocks to add by the field name of their block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DraftForm {
    pub title: String,
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    #[serde(default)]
    pub add: BTreeMap<String, String>,
    /// Which button was pressed.
    #[serde(default)]
    pub press: String,
}

/// Keeps a draft, and does what its button says.
#[server]
pub async fn edit_report(
    project: ProjectId,
    report: ReportId,
    number: u32,
    revision: i32,
    #[server(flatten)] form: DraftForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let stale = || AppError::from(StoreError::from(store::Stale::ReportState));
    let (_, mut body) = reports::draft(&db, project, report, number).await?.ok_or_else(stale)?;
    body.title = form.title;
    for block in &mut body.blocks {
        if let Some(text) = form.texts.get(&field_of(block.key)) {
            // Browsers send line breaks as two characters.
            block.text = text.replace("\r\n", "\n");
        }
    }
    let press: Press = form.press.parse().unwrap_or(Press::Save);
    let kind = |key: u32| form.add.get(&field_of(key)).and_then(|kind| kind.parse().ok());
    let change = match press {
        Press::Up(key) => Some(BlockEdit::Up(key)),
        Press::Down(key) => Some(BlockEdit::Down(key)),
        Press::Remove(key) => Some(BlockEdit::Remove(key)),
        Press::Add(behind) => kind(behind).map(|kind| BlockEdit::Add { behind, kind }),
        Press::Save | Press::Submit => None,
    };
    if let Some(change) = change {
        body.edit(change);
    }
    let body = body.check().map_err(|e| AppError::invalid(e.field(), text::problem(l, e)))?;
    let edit = Edit { version: number, revision, body };
    let kept = reports::edit(&db, project, report, &edit, caller.user_id).await?.ok_or(AppError::NotFound)?;
    let here = routes::report_version(project, report, number);
    match press {
        Press::Submit => {
            let now = OffsetDateTime::now_utc();
            reports::submit(&db, project, report, (number, kept), caller.user_id, now).await?;
            redirect(&here);
        }
        Press::Save | Press::Remove(_) => redirect(&format!("{here}?saved=1")),
        Press::Up(key) | Press::Down(key) | Press::Add(key) => redirect(&format!("{here}?saved=1#block-{key}")),
    }
    Ok(())
}

/// Approves and signs a version. The password is asked again.
#[server]
pub async fn approve_report(
    project: ProjectId,
    report: ReportId,
    number: u32,
    sha256: String,
    password: String,
) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::Approve).await?;
    let user = api::in_person()?.user_id;
    let turn = password::turn().await?;
    if !api::is_password_of(&db, &turn, user, &password).await? {
        return Err(AppError::invalid("password", text::wrong_password(lang())));
    }
    let now = OffsetDateTime::now_utc();
    if !reports::approve(&db, project, report, (number, &sha256), user, now).await? {
        return Err(AppError::NotFound);
    }
    redirect(&routes::report_version(project, report, number));
    Ok(())
}

/// Returns a version to its authors.
#[server]
pub async fn return_report(
    project: ProjectId,
    report: ReportId,
    number: u32,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Approve).await?;
    let reason = reason.replace("\r\n", "\n").trim().to_owned();
    if !(1..=MAX_REASON_CHARS).contains(&reason.chars().count()) {
        return Err(AppError::invalid("reason", text::reason_problem(lang(), MAX_REASON_CHARS)));
    }
    let now = OffsetDateTime::now_utc();
    if !reports::send_back(&db, project, report, (number, &reason), caller.user_id, now).await? {
        return Err(AppError::NotFound);
    }
    redirect(&routes::report_version(project, report, number));
    Ok(())
}

/// Begins the next version, then shows it.
#[server]
pub async fn next_report_version(project: ProjectId, report: ReportId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let next = reports::next_version(&db, project, report, caller.user_id).await?;
    redirect(&routes::report_version(project, report, next.ok_or(AppError::NotFound)?));
    Ok(())
}

/// A report and two of its versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiffView {
    pub detail: ReportDetail,
    pub from: ReportVersion,
    pub to: ReportVersion,
}

/// Two versions of a report: the newest and the one before it where none are named.
#[server]
pub async fn get_report_diff(
    project: ProjectId,
    report: ReportId,
    from: Option<u32>,
    to: Option<u32>,
) -> Result<DiffView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let detail = reports::get(&db, project, report).await?.ok_or(AppError::NotFound)?;
    let to = to.unwrap_or(detail.summary.version);
    let from = from.unwrap_or(to.saturating_sub(1).max(1));
    let now = OffsetDateTime::now_utc();
    let from = reports::version(&db, project, report, Some(from), now).await?.ok_or(AppError::NotFound)?;
    let to = reports::version(&db, project, report, Some(to), now).await?.ok_or(AppError::NotFound)?;
    Ok(DiffView { detail, from, to })
}

/// The digests of a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DigestsView {
    /// The week that is not over, as far as it is.
    pub so_far: Option<Digest>,
    /// Those that were made, newest first.
    pub digests: Vec<Digest>,
}

/// A page of digests, newest first.
#[server]
pub async fn list_digests(project: ProjectId, before: Option<Week>) -> Result<DigestsView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let now = OffsetDateTime::now_utc();
    let so_far = match before {
        Some(_) => None,
        None => digests::get(&db, project, Week::of(now), now).await?,
    };
    Ok(DigestsView { so_far, digests: digests::list(&db, project, before, DIGESTS).await? })
}

/// What a week brought.
#[server]
pub async fn get_digest(project: ProjectId, week: Week) -> Result<Digest, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    digests::get(&db, project, week, OffsetDateTime::now_utc()).await?.ok_or(AppError::NotFound)
}
