//! Server functions of the run table.

use super::address::Ask;
use crate::error::AppError;
use domain::{
    id::{ProjectId, RowId, ViewId},
    sweep::Importance,
    table::{Column, Group, Point, SavedView, TablePage, TableView, filter::FilterError},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::{Action, Role},
        page::DEFAULT_LIMIT,
        table::{
            Asked, Catalogue, MarksEdit, MarksProblem, NewView, PlotKind,
            plot::{self, MOST_AXES, MOST_POINTS},
            view::NAME_CHARS,
        },
    },
    store::{PgPool, StoreError},
};

/// What a plot is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Plot {
    /// The metric is the last of the columns.
    Parallel(Vec<Column>, Vec<Point>),
    /// Across, up, and colour where there is one.
    Scatter(Vec<Column>, Vec<Point>),
    /// Of settings for a metric.
    Importance(Column, Vec<Importance>),
    /// A column that it needs is not chosen.
    Unchosen,
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The kept view that the address names.
    pub saved: Option<SavedView>,
    /// What is shown, every column named.
    pub state: TableView,
    /// Why nothing is: its filter cannot be read.
    pub problem: Option<FilterError>,
    pub page: TablePage,
    /// The columns by which rows are grouped.
    pub grouped_by: Vec<Column>,
    pub groups: Vec<Group>,
    pub plot: Option<Plot>,
    /// All columns of the project.
    pub columns: Vec<Column>,
    /// Views to choose from.
    pub views: Vec<SavedView>,
    /// Address of the site.
    pub site: String,
}

/// The table as the address asks for it.
#[server]
pub async fn get_table(project: ProjectId, ask: Ask) -> Result<Table, AppError> {
    let (db, caller) = api::authorise(project, Action::Read).await?;
    let saved = match ask.view {
        Some(id) => Some(store::table::views::get(&db, project, id, caller.user_id).await?.ok_or(AppError::NotFound)?),
        None => None,
    };
    let mut state = ask.own.or_else(|| saved.as_ref().map(|s| s.state.clone())).unwrap_or_default();
    let catalogue = store::table::catalogue(&db, project).await?;
    if catalogue.get(&ask.add).is_some() && !state.columns.contains(&ask.add) {
        state.columns = catalogue.chosen(&state.columns).into_iter().map(|c| c.name).chain([ask.add]).collect();
    }
    let (asked, problem) = match Asked::of(state.clone(), &catalogue) {
        Ok(asked) => (asked, None),
        Err(problem) => (Asked::unfiltered(state.clone(), &catalogue), Some(problem)),
    };
    let mut table = Table {
        saved,
        state,
        problem,
        page: TablePage { columns: asked.columns.clone(), ..TablePage::default() },
        grouped_by: asked.groups.clone(),
        groups: Vec::new(),
        plot: None,
        columns: catalogue.columns().to_vec(),
        views: store::table::views::list(&db, project, caller.user_id).await?,
        site: api::services()?.public_url,
    };
    if table.problem.is_none() {
        table.page = store::table::page(&db, project, &asked, ask.offset, DEFAULT_LIMIT).await?;
        table.groups = store::table::groups(&db, project, &asked).await?;
        table.plot = draw(&db, project, &asked, &catalogue).await?;
    }
    Ok(table)
}

/// What the plot of a view is drawn from.
#[cfg(feature = "ssr")]
async fn draw(db: &PgPool, project: ProjectId, asked: &Asked, catalogue: &Catalogue) -> Result<Option<Plot>, AppError> {
    let Some(kind) = asked.view.plot else { return Ok(None) };
    let column = |name: &str| catalogue.get(name).cloned();
    let number = |name: &str| column(name).filter(|c| c.kind.is_number());
    let plot = match (kind, number(&asked.view.y)) {
        (PlotKind::Scatter, Some(y)) => match column(&asked.view.x) {
            Some(x) => {
                let columns: Vec<Column> = [x, y].into_iter().chain(column(&asked.view.color)).collect();
                let points = store::table::points(db, project, asked, &columns, MOST_POINTS).await?;
                Plot::Scatter(columns, points)
            }
            None => Plot::Unchosen,
        },
        (PlotKind::Parallel, Some(y)) => {
            let shown = asked.columns.iter().filter(|c| c.kind.groups() && c.name != y.name);
            let columns: Vec<Column> = shown.take(MOST_AXES - 1).cloned().chain([y.clone()]).collect();
            let points = store::table::points(db, project, asked, &columns, MOST_POINTS).await?;
            Plot::Parallel(columns, points)
        }
        (PlotKind::Importance, Some(y)) => {
            let settings = |c: &&Column| c.name.starts_with("recipe.") || c.name.starts_with("params.");
            let known = ["method", "model", "dataset", "version"].map(&column);
            let settings = catalogue.columns().iter().filter(settings).take(120).cloned();
            let columns: Vec<Column> = known.into_iter().flatten().chain(settings).collect();
            let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
            let columns: Vec<Column> = columns.into_iter().chain([y.clone()]).collect();
            let points = store::table::points(db, project, asked, &columns, plot::MOST_WEIGHED).await?;
            Plot::Importance(y, plot::weigh(&points, &names))
        }
        (_, None) => Plot::Unchosen,
    };
    Ok(Some(plot))
}

/// Writes on the ticked runs: `what` is `tag`, `untag`, `note`, `archive` or `restore`, and `words` the tag or note.
#[server]
pub async fn write_on_runs(
    project: ProjectId,
    what: String,
    #[server(default)] ids: Vec<RowId>,
    #[server(default)] words: String,
    then: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Launch).await?;
    let l = lang();
    let mut edit = MarksEdit { ids, ..MarksEdit::default() };
    match what.as_str() {
        "tag" => edit.add_tags = vec![words.clone()],
        "untag" => edit.remove_tags = vec![words.clone()],
        "note" => edit.note = Some(words.clone()),
        "archive" => edit.archive = Some(true),
        "restore" => edit.archive = Some(false),
        _ => {}
    }
    let edit = edit.checked().map_err(|problem| match problem {
        MarksProblem::Tag(_) => AppError::invalid("words", text::tag_problem(l)),
        MarksProblem::Note => AppError::invalid("words", text::note_problem(l)),
        MarksProblem::NoRuns => AppError::Conflict(text::none_ticked(l).to_owned()),
        MarksProblem::TooManyRuns | MarksProblem::Nothing => AppError::Conflict(problem.to_string()),
    })?;
    store::table::marks::apply(&db, project, &edit, caller.user_id).await?;
    let ids: Vec<_> = edit.ids.iter().map(ToString::to_string).collect();
    let between = if then.contains('?') { "&" } else { "?" };
    let done =
        format!("{then}{between}did={}&runs={}&words={}", routes::encode(&what), ids.join(","), routes::encode(&words));
    // What can be taken back is few enough to stand in an address.
    leptos_axum::redirect(routes::safe_next(if done.len() < 6000 { &done } else { &then }));
    Ok(())
}

/// Keeps the view `state` (JSON) under a name. With `overwrite` it takes the place of the view that has the name: of revision
/// `revision` where it is the one that is open.
#[server]
pub async fn save_view(
    project: ProjectId,
    name: String,
    state: String,
    #[server(default)] shared: String,
    #[server(default)] overwrite: String,
    #[server(default)] opened: String,
    #[server(default)] revision: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let l = lang();
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS {
        return Err(AppError::invalid("name", text::name_problem(l, NAME_CHARS)));
    }
    let state: TableView =
        serde_json::from_str(&state).map_err(|_| AppError::invalid("state", text::state_problem(l)))?;
    let state = state.checked().map_err(|_| AppError::Conflict(text::view_too_large(l).to_owned()))?;
    let is_shared = shared == "true";
    let overwrites = match (overwrite.as_str(), opened == name) {
        ("true", true) => revision.parse().ok(),
        ("true", false) => {
            let views = store::table::views::list(&db, project, caller.user_id).await?;
            views.iter().find(|v| v.name == name && v.is_shared == is_shared).map(|v| v.revision)
        }
        _ => None,
    };
    let role = store::users::role(&db, caller.user_id, project).await?;
    let new = NewView { name, is_shared, state, overwrites };
    match store::table::views::save(&db, project, &new, caller.user_id, role == Some(Role::Owner)).await {
        Ok(id) => leptos_axum::redirect(&format!("{}?view={id}", routes::table(project))),
        Err(StoreError::Taken(_)) => return Err(AppError::invalid("name", text::name_taken(l))),
        Err(e) => return Err(e.into()),
    }
    Ok(())
}

/// Deletes a kept view.
#[server]
pub async fn delete_view(project: ProjectId, view: ViewId) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let role = store::users::role(&db, caller.user_id, project).await?;
    if !store::table::views::delete(&db, project, view, caller.user_id, role == Some(Role::Owner)).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::table(project));
    Ok(())
}
