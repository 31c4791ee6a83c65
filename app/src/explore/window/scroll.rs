//! The browser's side of the window: which lines are seen, which are asked for, what the keys do.

use super::{
    list::{HEAD, LINE, List},
    text,
};
use crate::{
    text::lang,
    ui::{fetch, format::integer},
};
use domain::page::DEFAULT_LIMIT;
use leptos::prelude::{TimeoutHandle, document, set_timeout, set_timeout_with_handle, window as browser};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent};

mod ticks;

/// Pages that are kept.
const KEPT: usize = 40;
const PAGE: u64 = DEFAULT_LIMIT as u64;
/// How long the bar rests before lines are asked for: who drags it past a million of them wants none.
const REST: Duration = Duration::from_millis(60);
/// After this long an answer that did not come is asked for again.
const PATIENCE: Duration = Duration::from_secs(5);

struct Window {
    list: Cell<List>,
    /// The line that the keys move.
    at: Cell<u64>,
    /// Lines as HTML by the number of their page; `None` is on its way.
    pages: RefCell<BTreeMap<u64, Option<Vec<String>>>>,
    /// Positions of the ticked lines, lowest first.
    ticked: RefCell<Vec<u32>>,
    /// The line that was ticked last, where a range begins.
    anchor: Cell<u64>,
    /// First and last line of a range that waits for lines, and whether it is to be ticked.
    range: Cell<Option<(u64, u64, bool)>>,
    resting: Cell<Option<TimeoutHandle>>,
    source: String,
    here: String,
    /// What the server wrote, until the window has lines for all that is seen.
    plain: HtmlElement,
    whole: HtmlElement,
    bar: HtmlElement,
    lines: HtmlElement,
    space: HtmlElement,
    place: Element,
}

fn element<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

fn listen(target: &Element, event: &str, then: impl FnMut(web_sys::Event) + 'static) {
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(then).into_js_value();
    // Lives as long as the page.
    let _ = target.add_event_listener_with_callback(event, listener.unchecked_ref());
}

/// Puts the window in the place of the plain table and follows what is done to it.
pub(super) fn start(total: u64, begin: u64, source: String, here: String) {
    let (Some(bar), Some(lines), Some(space)) =
        (element::<HtmlElement>("window"), element("window-lines"), element("window-space"))
    else {
        return;
    };
    let (Some(place), Some(whole), Some(plain)) =
        (element("window-place"), element::<HtmlElement>("window-whole"), element::<HtmlElement>("window-plain"))
    else {
        return;
    };
    let list = List { total, shown: 0.0 };
    let at = Cell::new(begin.min(total.saturating_sub(1)));
    let window = Rc::new(Window {
        list: Cell::new(list),
        at,
        pages: RefCell::default(),
        ticked: RefCell::default(),
        anchor: Cell::default(),
        range: Cell::default(),
        resting: Cell::default(),
        source,
        here,
        plain,
        whole,
        bar,
        lines,
        space,
        place,
    });
    // What the server has written already need not be asked for.
    if begin.is_multiple_of(PAGE)
        && let Ok(rows) = window.plain.query_selector_all("tbody tr")
    {
        let row = |i| rows.item(i)?.dyn_into::<Element>().ok().map(|row| row.inner_html());
        let lines = (0..rows.length()).filter_map(row).collect();
        window.pages.borrow_mut().insert(begin / PAGE, Some(lines));
    }
    window.space.style().set_property("height", &format!("{}px", list.height())).unwrap_or_default();
    let (scrolled, pressed, clicked, gone) = (window.clone(), window.clone(), window.clone(), window.clone());
    listen(&window.bar, "scroll", move |_| scrolled.moved());
    listen(&window.bar, "keydown", move |event| pressed.pressed(&event));
    listen(&window.lines, "click", move |event| clicked.clicked(&event));
    if let Some(field) = element::<HtmlInputElement>("window-go") {
        let value = field.clone();
        listen(&field, "change", move |_| {
            if let Ok(number) = value.value().trim().parse::<u64>() {
                gone.go_to(number.saturating_sub(1));
                let _ = gone.bar.focus();
            }
        });
    }
    if let Some(button) = element::<Element>("window-untick") {
        let unticked = window.clone();
        listen(&button, "click", move |_| unticked.untick_all());
    }
    if let Some(root) =
        document().default_view().map(JsValue::from).and_then(|w| w.dyn_into::<web_sys::EventTarget>().ok())
    {
        let resized = window.clone();
        let listener = Closure::<dyn FnMut()>::new(move || resized.resized()).into_js_value();
        let _ = root.add_event_listener_with_callback("resize", listener.unchecked_ref());
    }
    window.reveal();
}

impl Window {
    /// Takes the place of the plain table once there are lines for all that is seen. Near the end of the list that is more
    /// than the server wrote: what is missing is asked for, and each answer tries again.
    fn reveal(self: &Rc<Self>) {
        if !self.whole.hidden() {
            return;
        }
        self.plain.set_hidden(true);
        self.whole.set_hidden(false);
        let list = List { shown: f64::from(self.bar.client_height()), ..self.list.get() };
        self.list.set(list);
        // Rounded down it would be some pixels of the line before, which is another page's.
        self.bar.set_scroll_top(list.top(self.at.get()).ceil() as i32);
        self.settle();
        self.show();
        let (first, end, _) = self.seen();
        let has = |line: u64| self.with_line(line, |_| ()).is_some();
        if !(first..end).all(has) {
            self.whole.set_hidden(true);
            self.plain.set_hidden(false);
        }
    }

    /// What is made of a line, if it is there.
    fn with_line<T>(&self, line: u64, then: impl FnOnce(&str) -> T) -> Option<T> {
        let pages = self.pages.borrow();
        let html = pages.get(&(line / PAGE))?.as_ref()?.get((line % PAGE) as usize)?;
        Some(then(html))
    }

    fn top(&self) -> f64 {
        f64::from(self.bar.scroll_top())
    }

    /// The lines that are seen at least in part, and the pixels of the first that are not.
    fn seen(&self) -> (u64, u64, f64) {
        let list = self.list.get();
        let (first, cut) = list.first(self.top());
        (first, (first + list.seen()).min(list.total), cut)
    }

    fn resized(self: &Rc<Self>) {
        if self.whole.hidden() {
            return;
        }
        let list = self.list.get();
        self.list.set(List { shown: f64::from(self.bar.client_height()), ..list });
        self.moved();
    }

    fn moved(self: &Rc<Self>) {
        if self.whole.hidden() {
            return;
        }
        self.show();
        if let Some(timer) = self.resting.take() {
            timer.clear();
        }
        let window = self.clone();
        self.resting.set(set_timeout_with_handle(move || window.settle(), REST).ok());
    }

    /// Writes the lines that are there.
    fn show(&self) {
        let (first, end, cut) = self.seen();
        let pages = self.pages.borrow();
        let mut html = String::new();
        for n in first..end {
            let line = pages.get(&(n / PAGE)).and_then(|page| page.as_ref()?.get((n % PAGE) as usize));
            let current = if n == self.at.get() { " aria-current=\"true\"" } else { "" };
            html.push_str(&format!("<tr aria-rowindex=\"{}\"{current}>", n + 1));
            html.push_str(line.map_or("<th class=\"num\">…</th><td colspan=\"3\"></td>", String::as_str));
            html.push_str("</tr>");
        }
        // Lines are written anew, and the keys must not lose whom they go to.
        let is_inside = document().active_element().and_then(|e| e.closest("#window-lines").ok().flatten()).is_some();
        self.lines.set_inner_html(&html);
        if is_inside {
            let _ = self.bar.focus();
        }
        self.mark();
        let _ = self.lines.style().set_property("transform", &format!("translateY({}px)", -cut));
        let total = self.list.get().total;
        self.place.set_text_content(Some(&text::place_of(lang(), integer(first + 1), integer(end), integer(total))));
    }

    /// Asks for the pages that are seen, and writes the place into the address.
    fn settle(self: &Rc<Self>) {
        let (first, end, _) = self.seen();
        for page in first / PAGE..=end.saturating_sub(1) / PAGE {
            if !self.pages.borrow().contains_key(&page) {
                self.ask(page);
            }
        }
        let mut pages = self.pages.borrow_mut();
        // The farthest go first.
        while pages.len() > KEPT {
            let Some(farthest) = pages.keys().copied().max_by_key(|page| page.abs_diff(first / PAGE)) else { break };
            pages.remove(&farthest);
        }
        if let Ok(history) = browser().history() {
            let address = format!("{}{}", self.here, first / PAGE * PAGE);
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
        }
    }

    fn ask(self: &Rc<Self>, page: u64) {
        self.pages.borrow_mut().insert(page, None);
        let (late, window) = (self.clone(), self.clone());
        set_timeout(move || late.give_up(page), PATIENCE);
        fetch::get(&format!("{}{}", self.source, page * PAGE), move |text| {
            let Ok(lines) = js_sys::JSON::parse(&text) else { return };
            let lines = js_sys::Array::from(&lines).iter().filter_map(|line| line.as_string()).collect();
            window.pages.borrow_mut().insert(page, Some(lines));
            if window.whole.hidden() {
                window.reveal();
            } else {
                window.show();
            }
            window.tick_range();
        });
    }

    /// A page that has not come by now is asked for again by whoever needs it; a range waits for it no longer.
    fn give_up(&self, page: u64) {
        let is_late = self.pages.borrow().get(&page).is_some_and(Option::is_none);
        if is_late {
            self.pages.borrow_mut().remove(&page);
            self.end_range(page);
        }
    }

    /// Makes a line the current one and brings it into sight.
    fn go_to(self: &Rc<Self>, line: u64) {
        let list = self.list.get();
        let line = line.min(list.total.saturating_sub(1));
        self.at.set(line);
        let (first, cut) = list.first(self.top());
        let whole = ((list.shown - HEAD) / LINE).floor().max(1.0) as u64;
        if line < first || (line == first && cut > 0.0) {
            self.bar.set_scroll_top(list.top(line).floor() as i32);
        } else if line >= first + whole {
            self.bar.set_scroll_top(list.top(line + 1 - whole).ceil() as i32);
        }
        self.show();
    }

    fn clicked(self: &Rc<Self>, event: &web_sys::Event) {
        let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        let is_tick = target.as_ref().is_some_and(|e| e.dyn_ref::<HtmlInputElement>().is_some());
        let row = target.and_then(|e| e.closest("tr").ok().flatten());
        let number = row.and_then(|row| row.get_attribute("aria-rowindex")).and_then(|n| n.parse::<u64>().ok());
        // A link that was meant is not taken away from under the pointer.
        if let Some(number) = number {
            self.at.set(number - 1);
            for (i, row) in
                (0..self.lines.children().length()).filter_map(|i| self.lines.children().item(i)).enumerate()
            {
                let _ = if self.seen().0 + i as u64 == number - 1 {
                    row.set_attribute("aria-current", "true")
                } else {
                    row.remove_attribute("aria-current")
                };
            }
            if is_tick {
                self.tick(number - 1, event.dyn_ref::<MouseEvent>().is_some_and(MouseEvent::shift_key));
            }
        }
    }

    fn pressed(self: &Rc<Self>, event: &web_sys::Event) {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        if key.ctrl_key() || key.alt_key() || key.meta_key() {
            return;
        }
        let (at, list) = (self.at.get(), self.list.get());
        let page = list.seen().saturating_sub(2).max(1);
        let to = match key.key().as_str() {
            "ArrowDown" | "j" => at + 1,
            "ArrowUp" | "k" => at.saturating_sub(1),
            "PageDown" => at + page,
            "PageUp" => at.saturating_sub(page),
            "Home" => 0,
            "End" => list.total,
            " " => {
                // A box that has the focus is ticked by the browser.
                let is_box = key.target().is_some_and(|t| t.dyn_ref::<HtmlInputElement>().is_some());
                if !is_box && element::<Element>("window-ticks").is_some() {
                    key.prevent_default();
                    self.tick(at, key.shift_key());
                }
                return;
            }
            "Enter" | "o" => {
                let current = self.lines.query_selector("tr[aria-current] a").ok().flatten();
                if let Some(link) = current.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
                    link.click();
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        self.go_to(to);
    }
}
