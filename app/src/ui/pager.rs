//! Leafing through a list whose pages are found by cursors. A cursor leads onwards alone, so the
//! address carries the cursors of the pages before this one (`back`), which lead the way back.

use crate::{routes, text::lang, ui::format::integer};
use leptos::prelude::*;

crate::texts! {
    pages = "Pages", "分页";
    first = "First page", "第一页";
    previous = "Previous page", "上一页";
    next = "Next page", "下一页";
    place(from, to) = "{from}–{to}", "第 {from}–{to} 条";
    place_of(from, to, total) = "{from}–{to} of {total}", "第 {from}–{to} 条，共 {total} 条";
}

/// Between the cursors in `back`; no cursor contains it.
const BETWEEN: char = '~';

/// Where a page stands in its list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Entries on this page, and on every page before it.
    pub shown: usize,
    pub size: u32,
    /// All entries of the list, where it is known.
    pub total: Option<u64>,
    pub next_cursor: Option<String>,
}

/// Links to the first, the previous and the next page. `address` gives the page at a cursor (the
/// first for an empty one) and ends in its query; `fragment` is the part of the page to go to,
/// with `#`, or nothing. `cursor` is this page's.
pub fn pager(address: impl Fn(&str) -> String, fragment: &'static str, cursor: &str, place: Place) -> AnyView {
    let l = lang();
    let back = routes::query::<String>("back").unwrap_or_default();
    let before = trail(&back, cursor);
    let link = |cursor: &str, back: &[&str]| {
        let back = if back.is_empty() { String::new() } else { format!("&back={}", routes::encode(&joined(back))) };
        format!("{}{back}{fragment}", address(cursor))
    };
    let earlier = before.split_last().map(|(last, rest)| (link("", &[]), link(last, rest)));
    let onwards = place.next_cursor.as_deref().map(|next| {
        let mut through = before.clone();
        through.push(cursor);
        link(next, &through)
    });
    let is_short = earlier.is_none() && onwards.is_none();
    if place.shown == 0 || (is_short && place.total.is_none()) {
        return ().into_any();
    }
    let (first_href, previous_href) = earlier.unzip();
    let button = |href: String, rel: &'static str, words: &'static str| {
        view! { <a class="button button-small" rel=rel href=href>{words}</a> }
    };
    view! {
        <nav class="pager" aria-label=pages(l)>
            <span class="actions">
                {first_href.map(|href| button(href, "first", first(l)))}
                {previous_href.map(|href| button(href, "prev", previous(l)))}
            </span>
            <span class="pager-place">{words(&place, before.len())}</span>
            <span class="actions">{onwards.map(|href| button(href, "next", next(l)))}</span>
        </nav>
    }
    .into_any()
}

/// The cursors of the pages before this one. An address without them may still be a later page.
fn trail<'a>(back: &'a str, cursor: &str) -> Vec<&'a str> {
    if cursor.is_empty() { Vec::new() } else { back.split(BETWEEN).collect() }
}

fn joined(cursors: &[&str]) -> String {
    cursors.join(&BETWEEN.to_string())
}

/// "51–100 of 8,530".
fn words(place: &Place, pages_before: usize) -> String {
    let before = pages_before as u64 * u64::from(place.size);
    let (from, to) = (integer(before + 1), integer(before + place.shown as u64));
    match place.total {
        Some(total) => place_of(lang(), from, to, integer(total)),
        None => self::place(lang(), from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_that_was_taken() {
        assert_eq!(trail("", ""), Vec::<&str>::new());
        // From the first page, whose cursor is empty, to the second.
        let second = joined(&[""]);
        assert_eq!(trail(&second, "50"), [""]);
        let mut through = trail(&second, "50");
        through.push("50");
        assert_eq!(trail(&joined(&through), "100"), ["", "50"]);
    }

    #[test]
    fn the_place_is_counted_in_full_pages() {
        let place = Place { shown: 7, size: 50, total: Some(1207), next_cursor: None };
        assert_eq!(words(&place, 24), "1,201–1,207 of 1,207");
        assert_eq!(words(&Place { total: None, ..place }, 0), "1–7");
    }
}
