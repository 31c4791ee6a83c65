//! The lines that are ticked: kept by position while others are seen, and written into the form that leads to editing them.

use super::{KEPT, PAGE, Window, element, text};
use crate::{explore::window::ticked::written, text::lang, ui::format::integer};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// Longest text of positions, in bytes: an address must hold it, and proxies take some 8000.
const MAX_TEXT: usize = 6000;

impl Window {
    /// Ticks a line or takes its tick away; `is_range`: and all others up to the one that was ticked before.
    pub(super) fn tick(self: &Rc<Self>, line: u64, is_range: bool) {
        let Some(position) = self.position(line) else { return };
        let before = if is_range { self.anchor.get() } else { line };
        self.anchor.set(line);
        // No more than can be kept at once.
        let reach = (KEPT as u64 - 2) * PAGE;
        let before = before.clamp(line.saturating_sub(reach), line + reach);
        let (first, last) = (before.min(line), before.max(line));
        let on = !self.is_ticked(position);
        self.range.set(Some((first, last, on)));
        for page in first / PAGE..=last / PAGE {
            if !self.pages.borrow().contains_key(&page) {
                self.ask(page);
            }
        }
        self.tick_range();
    }

    /// Ticks the range that was asked for, once all its lines are there.
    pub(super) fn tick_range(&self) {
        let Some((first, last, on)) = self.range.get() else { return };
        let Some(positions) = (first..=last).map(|line| self.position(line)).collect::<Option<Vec<u32>>>() else {
            return;
        };
        self.range.set(None);
        let mut ticked = self.ticked.borrow().clone();
        for position in positions {
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

    /// A line's position in the version, if the line is there and has a box.
    fn position(&self, line: u64) -> Option<u32> {
        self.with_line(line, |html| -> Option<u32> {
            let (_, from) = html.split_once("value=\"")?;
            from.split_once('"')?.0.parse().ok()
        })?
    }
}
