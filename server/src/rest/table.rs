//! The run table: all runs of a project, its own and tracked ones, filtered, sorted and grouped by anything that is known of them.

mod views;

use crate::{
    rest::{
        Json, Path, Problem, Query,
        auth::Caller,
        export::{self, ExportQuery, Record},
        paging::PageQuery,
    },
    state::AppState,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    access::Action,
    id::{ProjectId, ViewId},
    page::{MAX_LIMIT, Page},
    table::{
        Asked, Catalogue, Column, Group, MarksEdit, TableRow, TableView,
        complete::{self, Completion, MOST_SUGGESTIONS, Next},
        filter::FilterError,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use store::{PgPool, access::authorise};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_table_rows))
        .routes(routes!(list_table_columns))
        .routes(routes!(complete_table_filter))
        .routes(routes!(list_table_groups))
        .routes(routes!(mark_runs))
        .merge(views::routes())
}

impl From<FilterError> for Problem {
    fn from(e: FilterError) -> Self {
        Self::invalid("filter", e)
    }
}

/// What of the table is asked for, as in the address of its page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TableQuery {
    /// Conditions such as `status = succeeded and eval.accuracy > 0.8 and recipe.lora.rank in (8, 16) and not tag:draft`.
    filter: Option<String>,
    /// A column; with `-` before it large values come first. Runs without a value come last.
    sort: Option<String>,
    /// At most two columns, with `,` between them.
    group: Option<String>,
    /// The columns of the answer, with `,` between them; the usual ones where there is none.
    columns: Option<String>,
    /// Ids of runs that come first of all, with `,` between them.
    pins: Option<String>,
    /// Ids of runs that are left out, with `,` between them.
    hidden: Option<String>,
    /// Archived runs too.
    #[serde(default)]
    archived: bool,
    /// Id of a kept view; what else is asked for is not looked at.
    view: Option<ViewId>,
}

impl TableQuery {
    /// What is asked for, against the project's columns.
    async fn asked(self, db: &PgPool, project: ProjectId, caller: &Caller) -> Result<(Asked, Catalogue), Problem> {
        let view = match self.view {
            Some(id) => {
                let saved = store::table::views::get(db, project, id, caller.user_id).await?;
                saved.ok_or_else(Problem::not_found)?.state
            }
            None => TableView::of_address(|name| match name {
                "filter" => self.filter.clone(),
                "sort" => self.sort.clone(),
                "group" => self.group.clone(),
                "columns" => self.columns.clone(),
                "pins" => self.pins.clone(),
                "hidden" => self.hidden.clone(),
                "archived" => self.archived.then(|| "1".to_owned()),
                _ => None,
            }),
        };
        let catalogue = store::table::catalogue(db, project).await?;
        Ok((Asked::of(view, &catalogue)?, catalogue))
    }
}

/// A page of the run table.
#[derive(Serialize, ToSchema)]
struct RunTable {
    items: Vec<TableRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Runs on all pages.
    total: u64,
    /// The runs that are pinned; they are among the items of some page too.
    pinned: Vec<TableRow>,
    columns: Vec<Column>,
}

/// Runs of the project, Lathe's own and tracked ones, with what is known of them.
///
/// Values are by the names of columns (see `…/table/columns`); times are milliseconds since 1970. With `format` everything that
/// matches comes as one file.
#[utoipa::path(get, path = "/projects/{project}/table", tag = "run table", params(("project" = ProjectId, Path), TableQuery, PageQuery, ExportQuery), responses((status = OK, body = RunTable)))]
async fn list_table_rows(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<TableQuery>,
    Query(page): Query<PageQuery>,
    Query(format): Query<ExportQuery>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let (asked, _) = query.asked(&db, project, &caller).await?;
    if let Some(kind) = format.format {
        return Ok(file(db, project, asked, kind, format.formulas()));
    }
    let (offset, limit) = (page.after::<u64>()?.unwrap_or(0), page.limit());
    let found = store::table::page(&db, project, &asked, offset, limit).await?;
    let next = offset.saturating_add(found.rows.len() as u64);
    let next_cursor = (!found.rows.is_empty() && next < found.total).then(|| next.to_string());
    let (total, pinned, columns) = (found.total, found.pinned, found.columns);
    Ok(Json(RunTable { items: found.rows, next_cursor, total, pinned, columns }).into_response())
}

/// A row as a line of a file.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    row: TableRow,
    #[serde(skip)]
    cells: Vec<String>,
}

impl Record for Line {
    // They are the view's: see `file`.
    const COLUMNS: &'static [&'static str] = &[];

    fn cells(&self) -> Vec<String> {
        self.cells.clone()
    }
}

/// All rows as one file.
fn file(
    db: PgPool,
    project: ProjectId,
    asked: Asked,
    format: export::Format,
    formulas: dataprep::export::Formulas,
) -> Response {
    let names = asked.columns.iter().map(|c| c.name.clone());
    let columns = ["id".to_owned(), "source".to_owned(), "name".to_owned()].into_iter().chain(names).collect();
    let asked = Arc::new(asked);
    export::list_of_columns("runs", format, formulas, columns, move |cursor: Option<String>| {
        let (db, asked) = (db.clone(), Arc::clone(&asked));
        Box::pin(async move {
            let offset = cursor.and_then(|c| c.parse::<u64>().ok()).unwrap_or(0);
            let found = store::table::page(&db, project, &asked, offset, MAX_LIMIT).await?;
            let next = offset + found.rows.len() as u64;
            let next_cursor = (!found.rows.is_empty() && next < found.total).then(|| next.to_string());
            Ok(Page { items: found.rows.into_iter().map(|row| line(row, &asked.columns)).collect(), next_cursor })
        })
    })
}

fn line(row: TableRow, columns: &[Column]) -> Line {
    let cell = |column: &Column| match row.values.get(&column.name) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(_) if column.name == "tags" => row.tags.join(", "),
        Some(value) => value.to_string(),
    };
    let first = [row.id.to_string(), row.source.as_str().to_owned(), row.name.clone()];
    let cells = first.into_iter().chain(columns.iter().map(cell)).collect();
    Line { cells, row }
}

/// The columns of the run table: what every project has, and what its runs brought.
#[utoipa::path(get, path = "/projects/{project}/table/columns", tag = "run table", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<Column>)))]
async fn list_table_columns(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Column>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    Ok(Json(store::table::catalogue(&db, project).await?.columns().to_vec()))
}

/// The runs by what they have in one or two columns (`group`), and over each group mean, least, greatest and spread of the shown
/// numbers. The 200 largest groups.
#[utoipa::path(get, path = "/projects/{project}/table/groups", tag = "run table", params(("project" = ProjectId, Path), TableQuery), responses((status = OK, body = Vec<Group>)))]
async fn list_table_groups(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(query): Query<TableQuery>,
) -> Result<Json<Vec<Group>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let (asked, _) = query.asked(&db, project, &caller).await?;
    if asked.groups.is_empty() {
        return Err(Problem::invalid("group", "name a column that runs can be grouped by"));
    }
    Ok(Json(store::table::groups(&db, project, &asked).await?))
}

/// Where in a filter somebody is typing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Typing {
    #[serde(default)]
    filter: String,
    /// In characters from the beginning; its end where it is absent.
    cursor: Option<usize>,
}

/// What may stand at a place of a filter: columns, operators, values.
#[utoipa::path(get, path = "/projects/{project}/table/complete", tag = "run table", params(("project" = ProjectId, Path), Typing), responses((status = OK, body = Completion)))]
async fn complete_table_filter(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(typing): Query<Typing>,
) -> Result<Json<Completion>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let catalogue = store::table::catalogue(&db, project).await?;
    let place = complete::place(&typing.filter, typing.cursor.unwrap_or(usize::MAX), &catalogue);
    let of = match &place.next {
        Next::Value(column) if column.choices.is_empty() => Some(column),
        Next::Tag => catalogue.get("tags"),
        _ => None,
    };
    let known = match of {
        Some(column) => store::table::known_values(&db, project, column, &place.typed, MOST_SUGGESTIONS).await?,
        None => Vec::new(),
    };
    let suggestions = complete::suggestions(&place, &catalogue, &known);
    Ok(Json(Completion { from: place.from, to: place.to, suggestions }))
}

/// How many runs were written on.
#[derive(Serialize, ToSchema)]
struct MarkedRuns {
    changed: u64,
}

/// Tag runs, write a note on them, archive them or take them back. Runs that are not the project's are left out.
#[utoipa::path(post, path = "/projects/{project}/table/marks", tag = "run table", params(("project" = ProjectId, Path)), request_body = MarksEdit, responses((status = OK, body = MarkedRuns)))]
async fn mark_runs(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Json(edit): Json<MarksEdit>,
) -> Result<Json<MarkedRuns>, Problem> {
    authorise(&db, &caller, project, Action::Launch).await?;
    let edit = edit.checked().map_err(|e| Problem::invalid("ids", e))?;
    Ok(Json(MarkedRuns { changed: store::table::marks::apply(&db, project, &edit, caller.user_id).await? }))
}
