//! The page of the run table.

use super::{
    address::{self, Here},
    api::{Table, get_table},
    columns, filter, groups, marks, plots, rows, text, views,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        frame::PageHeader,
        load::{load, refuse},
        notice::{Empty, not_applied},
    },
};
use domain::{
    id::{ProjectId, ViewId},
    table::PlotKind,
};
use leptos::prelude::*;

/// `/p/:project/table`, with a view in the address: by the id of a kept one, or whole
#[component]
pub fn RunTablePage() -> impl IntoView {
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let ask = address::asked();
    let offset = ask.offset;
    let misread =
        [routes::misread::<ViewId>("view"), routes::misread::<u64>("cursor"), routes::misread::<PlotKind>("plot")];
    view! {
        {not_applied(misread)}
        {load(get_table(project, ask), move |table| shown(project, table, offset))}
    }
    .into_any()
}

fn shown(project: ProjectId, table: Table, offset: u64) -> AnyView {
    let l = lang();
    let here = Here { project, saved: table.saved.clone(), state: table.state.clone() };
    let export = here.rest("table");
    let body = match &table.problem {
        // What an unreadable filter leaves out nobody knows: nothing is shown in its place.
        Some(_) => ().into_any(),
        None => found(&here, &table, offset),
    };
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            <a class="button" href=format!("{export}&format=csv")>{text::export_csv(l)}</a>
            <a class="button" href=format!("{export}&format=json")>{text::export_json(l)}</a>
        </PageHeader>
        {views::tabs(&here, &table.views)}
        {marks::done(&here)}
        {filter::form(&here, table.problem.as_ref())}
        <div class="table-folds">
            {filter::reference(&table.columns)}
            {columns::chooser(&here, &table.page.columns, &table.columns)}
            {columns::grouping(&here, &table.columns)}
            {plots::chooser(&here, &table.columns)}
            {views::keep(&here, &table.site)}
        </div>
        {body}
    }
    .into_any()
}

/// The plot, the groups and the rows.
fn found(here: &Here, table: &Table, offset: u64) -> AnyView {
    let l = lang();
    if table.page.total == 0 && table.page.pinned.is_empty() {
        let is_everything = here.state.filter.is_empty() && here.state.hidden.is_empty();
        let (title, hint) = if is_everything {
            (text::none_title(l), text::none_hint(l))
        } else {
            (text::none_found(l), text::none_found_hint(l))
        };
        return view! { <Empty title hint/> }.into_any();
    }
    view! {
        {table.plot.as_ref().map(|plot| plots::plot(here, plot, l))}
        {groups::table(here, &table.grouped_by, &table.page.columns, &table.groups)}
        {rows::table(here, table, offset)}
    }
    .into_any()
}
