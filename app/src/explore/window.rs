//! A window on all samples that were found: it scrolls over any number of them, and asks for the lines where it stands.
//! Without JavaScript the page keeps its table of one page and the ways to others.
//!
//! Lines are of one height, so the scroll bar says which they are. Browsers end an element at some 17 million pixels
//! (Firefox; Chromium at 33): a longer list is scaled to what they can do.

use super::{
    address::{Asked, Place},
    rows::{self, Line},
    text,
};
use crate::{text::lang, ui::format::integer};
use domain::page::DEFAULT_LIMIT;
use leptos::{ev, html, prelude::*};
use std::{collections::BTreeMap, sync::Arc};

/// Height of a line in pixels, as in `style/explore.css`.
const LINE: f64 = 60.0;
/// Height of the head.
const HEAD: f64 = 33.0;
/// Tallest list.
const TALLEST: f64 = 16e6;
/// Pages that are kept.
#[cfg(feature = "hydrate")]
const KEPT: usize = 40;
const PAGE: u64 = DEFAULT_LIMIT as u64;

/// Pages of lines by their number; `None` is on its way.
type Pages = BTreeMap<u64, Option<Arc<Vec<Line>>>>;

/// What the window stands on: lines in all, and pixels that it shows of them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct List {
    total: u64,
    shown: f64,
}

impl List {
    fn height(self) -> f64 {
        (self.total as f64 * LINE + HEAD).min(TALLEST)
    }

    /// Pixels of the list that would be above the window were it not scaled.
    fn hidden(self) -> f64 {
        (self.total as f64 * LINE + HEAD - self.shown).max(0.0)
    }

    /// Pixels of the scaled list that can be above the window.
    fn reach(self) -> f64 {
        (self.height() - self.shown).max(0.0)
    }

    /// The first line that is seen, and how many pixels of it are not, with the bar at `top`.
    fn first(self, top: f64) -> (u64, f64) {
        let reach = self.reach();
        if reach <= 0.0 {
            return (0, 0.0);
        }
        let above = (top / reach).clamp(0.0, 1.0) * self.hidden();
        let first = (above / LINE).floor();
        (first as u64, above - first * LINE)
    }

    /// Where the bar stands when this line is the first one.
    #[cfg(any(feature = "hydrate", test))]
    fn top(self, line: u64) -> f64 {
        let hidden = self.hidden();
        if hidden <= 0.0 { 0.0 } else { (line as f64 * LINE / hidden).min(1.0) * self.reach() }
    }

    /// Lines that are seen at least in part.
    fn seen(self) -> u64 {
        (((self.shown - HEAD) / LINE).ceil().max(1.0) as u64 + 1).min(self.total)
    }
}

/// The window; `children` is what stands there until the browser can scroll.
#[island]
pub fn Window(
    place: Place,
    asked: Asked,
    total: u64,
    lines: Vec<Line>,
    has_labels: bool,
    children: Children,
) -> impl IntoView {
    let l = lang();
    let begin = u64::from(asked.offset);
    let window = NodeRef::<html::Div>::new();
    let state = State {
        place,
        asked: StoredValue::new(Asked { offset: 0, ..asked }),
        list: RwSignal::new(List { total, shown: LINE * 10.0 + HEAD }),
        top: RwSignal::new(0.0),
        at: RwSignal::new(begin.min(total.saturating_sub(1))),
        pages: RwSignal::new(Pages::new()),
    };
    if begin.is_multiple_of(PAGE) {
        state.pages.update(|pages| drop(pages.insert(begin / PAGE, Some(Arc::new(lines)))));
    }
    let is_ready = RwSignal::new(false);
    Effect::new(move |_| {
        is_ready.set(true);
        start(state, window, begin);
    });
    let seen = Memo::new(move |_| {
        let list = state.list.get();
        let (first, cut) = list.first(state.top.get());
        (first, (first + list.seen()).min(list.total), cut)
    });
    let numbers = move || {
        let (first, end, _) = seen.get();
        (first..end).collect::<Vec<_>>()
    };
    let line_at =
        move |n: u64| state.pages.with(|pages| pages.get(&(n / PAGE))?.as_ref()?.get((n % PAGE) as usize).cloned());
    let space = move || format!("height:{}px", state.list.get().height());
    let shift = move || format!("transform:translateY({}px)", -seen.get().2);
    let shown = move || {
        let (first, end, _) = seen.get();
        text::place_of(l, integer(first + 1), integer(end), integer(total))
    };
    view! {
        <div hidden=is_ready>{children()}</div>
        <div class="stack" hidden=move || !is_ready.get()>
            <div class="window-bar">
                <span role="status">{shown}</span>
                <label>{text::go_to(l)} " " <input type="number" min="1" max=total.to_string() inputmode="numeric" on:change=move |e| go_to(state, window, &event_target_value(&e))/></label>
                <span class="help">{text::window_keys(l)}</span>
            </div>
            <div class="window" tabindex="0" role="region" aria-label=text::samples(l) node_ref=window
                on:scroll=move |_| scrolled(state, window) on:keydown=move |e| pressed(state, window, &e)>
                <div style=space>
                    <div class="window-view">
                        <table class="table samples-table window-table" aria-rowcount=total.to_string()>
                            {rows::head(has_labels)}
                            <tbody style=shift>
                                <For each=numbers key=|n| *n let(n)>
                                    <tr aria-rowindex=(n + 1).to_string() aria-current=move || (state.at.get() == n).then_some("true")
                                        on:click=move |_| state.at.set(n)>
                                        {move || match line_at(n) {
                                            Some(line) => rows::cells(&line, has_labels).into_any(),
                                            None => view! { <th class="num">"…"</th><td colspan="3"></td> }.into_any(),
                                        }}
                                    </tr>
                                </For>
                            </tbody>
                        </table>
                    </div>
                </div>
            </div>
        </div>
    }
}

/// The signals of a window.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser scrolls"))]
struct State {
    place: Place,
    asked: StoredValue<Asked>,
    list: RwSignal<List>,
    /// Where the bar stands.
    top: RwSignal<f64>,
    /// The line that the keys move.
    at: RwSignal<u64>,
    pages: RwSignal<Pages>,
}

/// Reads how high the window is, stands where the address says, and begins to follow.
#[cfg(feature = "hydrate")]
fn start(state: State, window: NodeRef<html::Div>, begin: u64) {
    let Some(element) = window.get_untracked() else { return };
    let measure = move || {
        if let Some(element) = window.get_untracked() {
            state.list.update(|list| list.shown = f64::from(element.client_height()));
        }
    };
    // It had no height while it was hidden.
    request_animation_frame(move || {
        measure();
        let top = state.list.get_untracked().top(begin);
        element.set_scroll_top(top as i32);
        scrolled(state, window);
    });
    let resized = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    // Asks when the bar has come to rest for a moment: who drags it past a million lines wants none of them.
    Effect::new(move |_| {
        state.top.track();
        state.list.track();
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
        timer.set_value(set_timeout_with_handle(move || settle(state), std::time::Duration::from_millis(60)).ok());
    });
}

/// Asks for the pages that are seen, and writes the place into the address.
#[cfg(feature = "hydrate")]
fn settle(state: State) {
    let list = state.list.get_untracked();
    let (first, _) = list.first(state.top.get_untracked());
    let last = (first + list.seen()).min(list.total).saturating_sub(1);
    for page in first / PAGE..=last / PAGE {
        if state.pages.with_untracked(|pages| !pages.contains_key(&page)) {
            ask(state, page);
        }
    }
    state.pages.update(|pages| {
        // The farthest go first.
        while pages.len() > KEPT {
            let distance = |page: &u64| page.abs_diff(first / PAGE);
            let Some(farthest) = pages.keys().copied().max_by_key(distance) else { break };
            pages.remove(&farthest);
        }
    });
    let offset = u32::try_from(first / PAGE * PAGE).unwrap_or(u32::MAX);
    let address = state.place.list(&state.asked.get_value().at(offset));
    if let Ok(history) = leptos::prelude::window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
    }
}

#[cfg(feature = "hydrate")]
fn ask(state: State, page: u64) {
    use leptos::server_fn::ServerFn;
    let asked = state.asked.get_value().at(u32::try_from(page * PAGE).unwrap_or(u32::MAX));
    let Ok(asked) = serde_json::to_string(&asked) else { return };
    let Place { project, dataset, number } = state.place;
    let address = format!(
        "{}?project={project}&dataset={dataset}&number={number}&asked={}",
        super::api::ExploreLines::url(),
        crate::routes::encode(&asked)
    );
    state.pages.update(|pages| drop(pages.insert(page, None)));
    // An answer that did not come is asked for again when the window moves.
    let forget = set_timeout_with_handle(
        move || state.pages.update(|pages| pages.retain(|_, lines| lines.is_some())),
        std::time::Duration::from_secs(5),
    );
    crate::ui::fetch::get(&address, move |text| {
        if let Ok(forget) = forget {
            forget.clear();
        }
        if let Ok(lines) = serde_json::from_str::<Vec<Line>>(&text) {
            state.pages.update(|pages| drop(pages.insert(page, Some(Arc::new(lines)))));
        }
    });
}

#[cfg(feature = "hydrate")]
fn scrolled(state: State, window: NodeRef<html::Div>) {
    if let Some(element) = window.get_untracked() {
        state.top.set(f64::from(element.scroll_top()));
    }
}

/// Makes a line the current one and brings it into sight.
#[cfg(feature = "hydrate")]
fn move_to(state: State, window: NodeRef<html::Div>, line: u64) {
    let list = state.list.get_untracked();
    let line = line.min(list.total.saturating_sub(1));
    state.at.set(line);
    let Some(element) = window.get_untracked() else { return };
    let (first, cut) = list.first(f64::from(element.scroll_top()));
    let whole = ((list.shown - HEAD) / LINE).floor().max(1.0) as u64;
    if line < first || (line == first && cut > 0.0) {
        element.set_scroll_top(list.top(line).floor() as i32);
    } else if line >= first + whole {
        element.set_scroll_top(list.top(line + 1 - whole).ceil() as i32);
    }
}

#[cfg(feature = "hydrate")]
fn go_to(state: State, window: NodeRef<html::Div>, number: &str) {
    if let Ok(number) = number.trim().parse::<u64>() {
        move_to(state, window, number.saturating_sub(1));
        if let Some(element) = window.get_untracked() {
            let _ = element.focus();
        }
    }
}

#[cfg(feature = "hydrate")]
fn pressed(state: State, window: NodeRef<html::Div>, event: &ev::KeyboardEvent) {
    let (at, list) = (state.at.get_untracked(), state.list.get_untracked());
    let page = list.seen().saturating_sub(2).max(1);
    let to = match event.key().as_str() {
        "ArrowDown" | "j" => at + 1,
        "ArrowUp" | "k" => at.saturating_sub(1),
        "PageDown" => at + page,
        "PageUp" => at.saturating_sub(page),
        "Home" => 0,
        "End" => list.total,
        "Enter" | "o" => {
            let line = state.pages.with_untracked(|pages| {
                pages.get(&(at / PAGE)).and_then(|p| p.as_ref()).and_then(|p| p.get((at % PAGE) as usize).cloned())
            });
            if let Some(line) = line {
                let _ = leptos::prelude::window().location().set_href(&line.href);
            }
            return;
        }
        _ => return,
    };
    event.prevent_default();
    move_to(state, window, to);
}

#[cfg(not(feature = "hydrate"))]
fn start(_: State, _: NodeRef<html::Div>, _: u64) {}
#[cfg(not(feature = "hydrate"))]
fn scrolled(_: State, _: NodeRef<html::Div>) {}
#[cfg(not(feature = "hydrate"))]
fn go_to(_: State, _: NodeRef<html::Div>, _: &str) {}
#[cfg(not(feature = "hydrate"))]
fn pressed(_: State, _: NodeRef<html::Div>, _: &ev::KeyboardEvent) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_reaches_every_line() {
        for total in [1, 9, 10, 11, 5000, 1_000_000] {
            let list = List { total, shown: 10.0 * LINE + HEAD };
            assert!(list.height() <= TALLEST);
            assert_eq!(list.first(0.0), (0, 0.0));
            let (first, cut) = list.first(list.reach());
            assert_eq!((first, cut.round() as u64), (total.saturating_sub(10), 0), "{total}");
            for line in [0, total / 3, total.saturating_sub(11)] {
                let (first, cut) = list.first(list.top(line));
                assert!((first as f64 + cut / LINE - line as f64).abs() < 1e-3, "{total}: {line} → {first}, {cut}");
            }
        }
    }

    #[test]
    fn a_window_has_no_more_lines_than_the_list() {
        assert_eq!(List { total: 3, shown: 633.0 }.seen(), 3);
        assert_eq!(List { total: 100, shown: 633.0 }.seen(), 11);
    }
}
