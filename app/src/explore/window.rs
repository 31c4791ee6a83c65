//! A window on all samples that were found: it scrolls over any number of them, and asks for the lines where it stands.
//! Without JavaScript the page keeps its table of one page and the ways to others.
//!
//! Lines are of one height, so the scroll bar says which they are. Browsers end an element at some 17 million pixels
//! (Firefox; Chromium at 33): a longer list is scaled to what they can do. The server writes the lines as HTML, so that the
//! browser needs to know nothing of samples.

use super::{
    address::{Asked, Place},
    rows, text,
};
use crate::{routes, text::lang};
use domain::explore::Found;
use leptos::{prelude::*, server_fn::ServerFn};

#[cfg(any(feature = "hydrate", test))]
mod list;
#[cfg(feature = "hydrate")]
mod scroll;

/// The window on what was found, in the place of the table of one page.
pub(super) fn window(place: Place, asked: &Asked, found: &Found) -> impl IntoView + use<> {
    let l = lang();
    let has_labels = rows::has_labels(found);
    let (table, pager) = (rows::table(place, asked, found), rows::pager(place, asked, found));
    let from = asked.at(0);
    let source = serde_json::to_string(&from).map(|asked| {
        let Place { project, dataset, number } = place;
        let function = super::api::ExploreLines::url();
        let asked = routes::encode(&asked);
        format!("{function}?project={project}&dataset={dataset}&number={number}&has_labels={has_labels}&asked={asked}&offset=")
    });
    let here = place.list(&from);
    let here = format!("{here}{}offset=", if here.contains('?') { '&' } else { '?' });
    let total = found.total.to_string();
    view! {
        <div id="window-plain">{table} {pager}</div>
        <div id="window-whole" class="stack" hidden>
            <div class="window-bar">
                <span role="status" id="window-place"></span>
                <label>{text::go_to(l)} " " <input id="window-go" type="number" min="1" max=total.clone() inputmode="numeric"/></label>
                <span class="help">{text::window_keys(l)}</span>
            </div>
            <div class="window" id="window" tabindex="0" role="region" aria-label=text::samples(l)>
                <div id="window-space">
                    <div class="window-view">
                        <table class="table samples-table window-table" aria-rowcount=total>
                            {rows::head(has_labels)}
                            <tbody id="window-lines"></tbody>
                        </table>
                    </div>
                </div>
            </div>
        </div>
        <Scrolls total=found.total begin=u64::from(asked.offset) source=source.unwrap_or_default() here/>
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
