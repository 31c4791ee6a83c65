//! The filter: its field, what is wrong with it, and what it can say.

use super::{address::Here, completion::FilterField, text};
use crate::{routes, text::lang, ui::format::integer};
use domain::table::{Column, ColumnKind, filter::FilterError};
use leptos::prelude::*;

/// Columns that the list below the field names.
const MOST_LISTED: usize = 300;

/// The form. What else the view consists of goes with it.
pub(super) fn form(here: &Here, problem: Option<&FilterError>) -> impl IntoView + use<> {
    let l = lang();
    let hidden = here.hidden(&["filter", "archived"]);
    let problem = problem.map(|p| text::filter_error(l, p));
    let is_wrong = problem.is_some();
    let source = format!("/api/v1/projects/{}/table/complete", here.project);
    let (value, with_archived) = (here.state.filter.clone(), here.state.archived);
    let cleared = domain::table::TableView { filter: String::new(), ..here.state.clone() };
    let clear = (!value.is_empty()).then(|| {
        let href = here.to(&cleared);
        view! { <a class="button button-quiet" href=href>{text::clear(l)}</a> }
    });
    view! {
        <form class="table-filter" method="get" action=routes::table(here.project) role="search">
            {hidden}
            <div class="field">
                <label for="filter">{text::filter(l)}</label>
                <FilterField source value is_wrong/>
                {problem.map(|words| view! { <p class="error" id="filter-problem" role="alert" dir="auto">{words}</p> })}
                <p class="help" id="filter-help">{text::filter_help(l)}</p>
            </div>
            <div class="actions">
                <button class="button button-primary" type="submit">{text::apply(l)}</button>
                {clear}
                <label class="check"><input type="checkbox" name="archived" value="true" checked=with_archived/>{text::with_archived(l)}</label>
            </div>
        </form>
    }
}

/// Every column with what it holds, and how conditions are written.
pub(super) fn reference(columns: &[Column]) -> impl IntoView + use<> {
    let l = lang();
    let rows = columns.iter().take(MOST_LISTED).map(|c| {
        let holds = match c.kind {
            ColumnKind::Choice => text::kind_one_of(l, c.choices.join(", ")),
            kind => text::kind_name(l, kind).to_owned(),
        };
        let operators = c.kind.operators().join("  ");
        view! { <tr><th scope="row"><code>{c.name.clone()}</code></th><td class="prose">{holds}</td><td class="prose"><code>{operators}</code></td></tr> }
    });
    let rows = rows.collect_view();
    let more = columns.len().saturating_sub(MOST_LISTED);
    view! {
        <details class="fold card">
            <summary>{text::language(l)}</summary>
            <p class="help">{text::language_help(l)}</p>
            <div class="table-wrap table-reference">
                <table class="table">
                    <thead><tr><th scope="col">{text::column(l)}</th><th scope="col">{text::holds(l)}</th><th scope="col">{text::operators(l)}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="muted">{text::more_columns(l, integer(more as u64))}</p> })}
        </details>
    }
}
