//! The lines that are ticked: kept by position while others are seen, and written into the form that leads to editing them.

use super::{KEPT, PAGE, Window, element, text};
use crate::{
    explore::window::ticked::{position_of, range, written},
    text::lang,
    ui::format::integer,
};
use std::{ops::RangeInclusive, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// Longest text of positions, in bytes: an address must hold it, and proxies take some 8000.
const MAX_TEXT: usize = 6000;
/// Lines from one end of a range to the other: no more than can be kept at once.
const REACH: u64 = (KEPT as u64 - 2) * PAGE;
/// Pages of a range that are asked for at the same time.
const AT_ONCE: usize = 4;

impl Window {
    /// Ticks a line or takes its tick away; `is_range`: and all others up to the one that was ticked before.
    pub(super) fn tick(self: &Rc<Self>, line: u64, is_range: bool) {
        let Some(position) = self.with_line(line, position_of).flatten() else { return };
        let before = if is_range { self.anchor.get() } else { line };
        self.anchor.set(line);
        let (first, last, is_cut) = range(line, before, REACH);
        self.range.set(Some((first, last, !self.is_ticked(position))));
        self.say(&if is_cut { text::range_cut(lang(), integer(REACH + 1)) } else { String::new() });
        self.tick_range();
    }

    /// Ticks the range that was asked for, once all its lines are there. Those without a box are left out.
    pub(super) fn tick_range(self: &Rc<Self>) {
        let Some((first, last, on)) = self.range.get() else { return };
        let positions = (first..=last).map(|line| self.with_line(line, position_of)).collect::<Option<Vec<_>>>();
        let Some(positions) = positions else {
            if !self.ask_some(first / PAGE..=last / PAGE) {
                self.end_range(first / PAGE);
            }
            return;
        };
        self.range.set(None);
        let mut ticked = self.ticked.borrow().clone();
        for position in positions.into_iter().flatten() {
            match (ticked.binary_search(&position), on) {
                (Err(place), true) => ticked.insert(place, position),
                (Ok(place), false) => {
                    ticked.remove(place);
                }
                _ => {}
            }
        }
        self.set_ticked(ticked);
    }

    /// Asks for some of these pages, a few at a time: each answer asks for the next. False where all are there.
    fn ask_some(self: &Rc<Self>, range: RangeInclusive<u64>) -> bool {
        let pages = self.pages.borrow();
        let waiting = range.clone().filter(|page| pages.get(page).is_some_and(Option::is_none)).count();
        let missing = range.filter(|page| !pages.contains_key(page));
        let missing: Vec<u64> = missing.take(AT_ONCE.saturating_sub(waiting)).collect();
        drop(pages);
        for page in &missing {
            self.ask(*page);
        }
        waiting + missing.len() > 0
    }

    /// A page did not come: a range that waits for it ticks nothing later, when somebody scrolls there.
    pub(super) fn end_range(&self, page: u64) {
        if let Some((first, last, _)) = self.range.get()
            && (first / PAGE..=last / PAGE).contains(&page)
        {
            self.range.set(None);
            self.say(text::range_failed(lang()));
            // The browser has ticked the box that was clicked.
            self.mark();
        }
    }

    /// Takes all ticks away, and those that are still to come.
    pub(super) fn untick_all(&self) {
        self.range.set(None);
        self.say("");
        self.set_ticked(Vec::new());
    }

    fn say(&self, words: &str) {
        if let Some(place) = element::<Element>("window-said") {
            place.set_text_content(Some(words));
        }
    }

    /// Keeps these, if an address can say them, and says how many there are.
    pub(super) fn set_ticked(&self, ticked: Vec<u32>) {
        let positions = written(&ticked);
        let fits = positions.len() <= MAX_TEXT;
        if fits {
            self.ticked.replace(ticked);
            if let Some(field) = element::<HtmlInputElement>("window-ticked") {
                field.set_value(&positions);
            }
        }
        let count = integer(self.ticked.borrow().len() as u64);
        let words = if fits { text::ticked(lang(), count) } else { text::too_many_ticks(lang(), count) };
        if let (Some(form), Some(place)) = (element::<HtmlElement>("window-ticks"), element::<Element>("window-count"))
        {
            form.set_hidden(self.ticked.borrow().is_empty());
            place.set_text_content(Some(&words));
        }
        self.mark();
    }

    /// Sets the boxes of the lines that are seen.
    pub(super) fn mark(&self) {
        let Ok(boxes) = self.lines.query_selector_all("input") else { return };
        for i in 0..boxes.length() {
            if let Some(field) = boxes.item(i).and_then(|node| node.dyn_into::<HtmlInputElement>().ok()) {
                field.set_checked(field.value().parse::<u32>().is_ok_and(|position| self.is_ticked(position)));
            }
        }
    }

    fn is_ticked(&self, position: u32) -> bool {
        self.ticked.borrow().binary_search(&position).is_ok()
    }
}
