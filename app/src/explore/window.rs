//! A window on all samples that were found: it scrolls over any number of them, and asks for the lines where it stands.
//! Without JavaScript the page keeps its table of one page and the ways to others.
//!
//! Lines are of one height, so the scroll bar says which they are. Browsers end an element at some 17 million pixels
//! (Firefox; Chromium at 33): a longer list is scaled to what they can do. The server writes the lines as HTML, so that the
//! browser needs to know nothing of samples.
//!
//! Lines can be ticked, to edit just these. Without JavaScript the boxes of the plain table are a form's; the window keeps
//! them by position and writes them into its own.

use super::{
    address::{Asked, Place},
    rows::{self, Columns},
    text,
};
use crate::{routes, text::lang};
use domain::explore::Found;
use leptos::{prelude::*, server_fn::ServerFn};

#[cfg(any(feature = "hydrate", test))]
mod list;
#[cfg(feature = "hydrate")]
mod scroll;
#[cfg(any(feature = "hydrate", test))]
mod ticked;

/// The window on what was found, in the place of the table of one page.
pub(super) fn window(place: Place, asked: &Asked, found: &Found) -> impl IntoView + use<> {
    let l = lang();
    let columns = Columns::of(found);
    let Columns { has_labels, has_ticks } = columns;
    let plain = plain(place, asked, rows::table(place, asked, found, columns), has_ticks);
    let pager = rows::pager(place, asked, found);
    let from = asked.at(0);
    let source = serde_json::to_string(&from).map(|asked| {
        let Place { project, dataset, number } = place;
        let function = super::api::ExploreLines::url();
        let asked = routes::encode(&asked);
        format!("{function}?project={project}&dataset={dataset}&number={number}&has_labels={has_labels}&has_ticks={has_ticks}&asked={asked}&offset=")
    });
    let here = place.list(&from);
    let here = format!("{here}{}offset=", if here.contains('?') { '&' } else { '?' });
    let total = found.total.to_string();
    view! {
        <div id="window-plain" class="stack">{plain} {pager}</div>
        <div id="window-whole" class="stack" hidden>
            <div class="window-bar">
                <span role="status" id="window-place"></span>
                <label>{text::go_to(l)} " " <input id="window-go" type="number" min="1" max=total.clone() inputmode="numeric"/></label>
                <span class="help">{text::window_keys(l)}</span>
                {has_ticks.then(|| view! { <span class="help">{text::window_ticks(l)}</span> })}
            </div>
            {has_ticks.then(|| ticks(place, asked))}
            <div class="window" id="window" tabindex="0" role="region" aria-label=text::samples(l)>
                <div id="window-space">
                    <div class="window-view">
                        <table class=format!("{} window-table", columns.class()) aria-rowcount=total>
                            {rows::head(columns)}
                            <tbody id="window-lines"></tbody>
                        </table>
                    </div>
                </div>
            </div>
        </div>
        <Scrolls total=found.total begin=u64::from(asked.offset) source=source.unwrap_or_default() here/>
    }
}

/// The table of one page, in a form where its lines can be ticked.
fn plain(place: Place, asked: &Asked, table: impl IntoView + 'static, has_ticks: bool) -> AnyView {
    let l = lang();
    if !has_ticks {
        return table.into_any();
    }
    view! {
        <form method="get" action=routes::bulk_edit(place.project, place.dataset, place.number) class="stack">
            {selection(asked)}
            {table}
            <div class="actions">
                <button class="button button-small" type="submit">{text::edit_ticked(l)}</button>
                <span class="help">{text::ticks_help(l)}</span>
            </div>
        </form>
    }
    .into_any()
}

/// What the window has ticked, shown once there is something.
fn ticks(place: Place, asked: &Asked) -> impl IntoView + use<> {
    let l = lang();
    view! {
        <p class="help">{text::ticks_help(l)}</p>
        <p class="help" role="status" id="window-said"></p>
        <form method="get" action=routes::bulk_edit(place.project, place.dataset, place.number) class="actions" id="window-ticks" hidden>
            {selection(asked)}
            <input type="hidden" name="positions" id="window-ticked"/>
            <strong role="status" id="window-count"></strong>
            <button class="button button-small button-primary" type="submit">{text::edit_ticked(l)}</button>
            <button class="button button-small button-quiet" type="button" id="window-untick">{text::untick(l)}</button>
        </form>
    }
}

/// The search that the ticked lines were found by. `ticked` says that no line stands for none, not for all.
fn selection(asked: &Asked) -> impl IntoView + use<> {
    let filters = asked.filters.iter().map(|f| view! { <input type="hidden" name="f" value=f.to_string()/> });
    let filters = filters.collect_view();
    view! {
        <input type="hidden" name="search" value=asked.search.clone()/>
        {filters}
        <input type="hidden" name="ticked" value="1"/>
    }
}

/// Lets the window scroll. `source` and `here` are the addresses of lines and of this page, to which an offset is added.
#[island]
fn Scrolls(total: u64, begin: u64, source: String, here: String) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| scroll::start(total, begin, source.clone(), here.clone()));
    #[cfg(not(feature = "hydrate"))]
    let _ = (total, begin, source, here);
    view! { <span hidden></span> }
}
