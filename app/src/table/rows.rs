//! The rows: a page of runs, those that are pinned on top.

use super::{
    address::{self, Here},
    api::{Table, WriteOnRuns},
    cells, marks, text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        form::PostForm,
        format::{excerpt, integer},
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    lang::Lang,
    overlay::MAX_RUNS,
    page::DEFAULT_LIMIT,
    table::{Column, TableRow, TableView},
};
use leptos::prelude::*;

/// The table with its pages, in a form where runs can be ticked.
pub(super) fn table(here: &Here, table: &Table, offset: u64) -> AnyView {
    let l = lang();
    let page = &table.page;
    let next = offset + page.rows.len() as u64;
    let next_cursor = (next < page.total && !page.rows.is_empty()).then(|| next.to_string());
    let place = Place { shown: page.rows.len(), size: DEFAULT_LIMIT, total: Some(page.total), next_cursor };
    let cursor = if offset == 0 { String::new() } else { offset.to_string() };
    let pages = pager(|cursor| here.at(cursor), "", &cursor, place);
    let may = role::may(Action::Launch);
    let heads = page.columns.iter().map(|c| head(here, c, l)).collect_view();
    let pins = &here.state.pins;
    let pinned = page.pinned.iter().map(|r| row(here, &page.columns, r, true, may, l)).collect_view();
    let others = page.rows.iter().filter(|r| !pins.contains(&r.id));
    let others = others.map(|r| row(here, &page.columns, r, false, may, l)).collect_view();
    let rows = view! {
        <div class="table-wrap">
            <table class="table table-cards run-table">
                <thead>
                    <tr>
                        {head(here, &Column { name: "name".to_owned(), kind: domain::table::ColumnKind::Text, choices: Vec::new() }, l)}
                        {heads}
                    </tr>
                </thead>
                <tbody>{pinned}{others}</tbody>
            </table>
        </div>
    };
    let hidden = hidden_runs(here, l);
    let found: Vec<String> = page.rows.iter().take(MAX_RUNS).map(|r| r.id.to_string()).collect();
    let overlaid = view! {
        <p><a class="button" href=routes::overlay(here.project, &found)>{text::overlay_page(l)}</a></p>
    };
    if !may {
        return view! { {rows} {pages} {overlaid} {hidden} }.into_any();
    }
    let (project, then) = (here.project.to_string(), here.at(&cursor));
    let actions = marks::actions(here.project, l);
    view! {
        <PostForm action={ServerAction::<WriteOnRuns>::new()} id="rows" class="stack">
            <input type="hidden" name="project" value=project/>
            <input type="hidden" name="then" value=then/>
            // A refusal comes back to this form, not to the one that takes something back.
            <input type="hidden" name="form" value="rows"/>
            {rows}
            {actions}
        </PostForm>
        {pages}
        {overlaid}
        {hidden}
    }
    .into_any()
}

/// How many runs the view hides, and the way to see them.
fn hidden_runs(here: &Here, l: Lang) -> Option<impl IntoView + use<>> {
    let hidden = here.state.hidden.len();
    let all = here.to(&TableView { hidden: Vec::new(), ..here.state.clone() });
    (hidden > 0).then(|| {
        view! { <p class="muted">{text::hidden_runs(l, integer(hidden as u64))}" "<a href=all>{text::show_hidden(l)}</a></p> }
    })
}

/// A head sorts by its column, and turns the order when it does already.
fn head(here: &Here, column: &Column, l: Lang) -> impl IntoView + use<> {
    let sort = here.state.sort.as_ref().filter(|s| s.column == column.name);
    let order = sort.map(|s| if s.descends { "descending" } else { "ascending" });
    let href = here.to(&here.state.clone().sorted(&column.name));
    let (name, title) = (text::column_name(l, &column.name), column.name.clone());
    view! { <th scope="col" class:num={column.kind.is_number()} aria-sort=order><a href=href title=title>{name}</a></th> }
}

fn row(here: &Here, columns: &[Column], row: &TableRow, is_pinned: bool, may: bool, l: Lang) -> impl IntoView + use<> {
    let name = match row.number {
        Some(number) => format!("#{number} {}", row.name),
        None => row.name.clone(),
    };
    let tick = may.then(|| {
        view! { <input type="checkbox" name="ids[]" value=row.id.to_string() aria-label=text::tick_run(l, &name)/> }
    });
    let cells = columns.iter().map(|c| cell(c, row, l)).collect_view();
    let pin = here.to(&here.state.clone().pinned(row.id));
    let pin_label = if is_pinned { text::unpin(l, &name) } else { text::pin(l, &name) };
    let hide = here.to(&here.state.clone().without(row.id));
    let hide_label = text::hide(l, &name);
    let badges = view! {
        {is_pinned.then(|| view! { <span class="badge badge-busy">{text::pinned(l)}</span>" " })}
        {row.is_archived.then(|| view! { <span class="badge badge-quiet">{text::archived(l)}</span>" " })}
    };
    let note = (!row.note.is_empty()).then(|| view! { <div class="muted" dir="auto">{excerpt(&row.note)}</div> });
    view! {
        <tr class:table-pinned=is_pinned>
            <th scope="row">
                <div class="table-name">
                    {tick}
                    <a href=address::run(here.project, row.source, row.id)><bdi>{name}</bdi></a>
                    <span class="table-tools">
                        <a href=pin aria-label=pin_label.clone() title=pin_label class:table-on=is_pinned>"⇧"</a>
                        <a href=hide aria-label=hide_label.clone() title=hide_label>"×"</a>
                    </span>
                </div>
                {badges}
                {note}
            </th>
            {cells}
        </tr>
    }
}

fn cell(column: &Column, row: &TableRow, l: Lang) -> AnyView {
    let label = text::column_name(l, &column.name);
    let shown = row.values.get(&column.name).map(|value| cells::value(column, value, l));
    match (shown, column.kind.is_number()) {
        (None, _) => view! { <td></td> }.into_any(),
        (Some(shown), true) => view! { <td class="num" data-label=label>{shown}</td> }.into_any(),
        (Some(shown), false) => view! { <td data-label=label><span>{shown}</span></td> }.into_any(),
    }
}
