//! The samples that were found: one line each, with what was searched marked, and the ways to other pages.

use super::{
    address::{Asked, Place},
    text,
};
use crate::{role, text::lang, ui::format::integer, words};
use domain::{
    access::Action,
    explore::{Found, FoundRow},
    page::DEFAULT_LIMIT,
    sample::{Sample, Split},
};
use leptos::prelude::*;

/// Characters of a line, and those before the first mark.
const LINE_CHARS: usize = 240;
const BEFORE_MARK: usize = 40;
/// Characters of a sample that are looked through for a mark.
const LOOKED_THROUGH: usize = 20_000;

/// What the table has besides number, split and text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) has_labels: bool,
    /// A box on each line to choose it.
    pub(super) has_ticks: bool,
}

impl Columns {
    pub(super) fn of(found: &Found) -> Self {
        Self {
            has_labels: found.items.iter().any(|item| item.row.sample.label.is_some()),
            has_ticks: role::may(Action::EditDatasets),
        }
    }

    pub(super) fn class(self) -> &'static str {
        if self.has_ticks { "table samples-table ticks-table" } else { "table samples-table" }
    }
}

pub(super) fn table(place: Place, asked: &Asked, found: &Found, columns: Columns) -> impl IntoView + use<> {
    let rows = found.items.iter().map(|item| line(place, asked, item, &found.terms, columns)).collect_view();
    view! {
        <div class="table-wrap">
            <table class=columns.class()>
                {head(columns)}
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn line(place: Place, asked: &Asked, item: &FoundRow, terms: &[String], columns: Columns) -> impl IntoView + use<> {
    view! { <tr>{cells(place, asked, item, terms, columns)}</tr> }
}

/// The cells of a line. The window reads the position out of the first `value` in its first cell.
pub(super) fn cells(
    place: Place,
    asked: &Asked,
    item: &FoundRow,
    terms: &[String],
    columns: Columns,
) -> impl IntoView + use<> {
    let row = &item.row;
    let number = integer(u64::from(row.position) + 1);
    // An edit leaves the sealed test split as it is, whoever looks at it.
    let tick = (columns.has_ticks && row.split != Split::Test).then(|| {
        let (position, label) = (row.position.to_string(), text::tick(lang(), &number));
        view! { <input type="checkbox" name="p" value=position aria-label=label/> }
    });
    let label = row.sample.label.clone();
    let pieces = marked(&whole_text(&row.sample), terms)
        .into_iter()
        .map(|(is_hit, text)| if is_hit { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() });
    let tags =
        item.tags.iter().map(|tag| view! { " " <span class="badge badge-quiet" dir="auto">{tag.clone()}</span> });
    view! {
        <th scope="row" class="num">{tick}<a href=place.sample(row.id, asked)>{number}</a></th>
        <td><span class="badge">{words::split(lang(), row.split)}</span></td>
        {columns.has_labels.then(|| view! { <td><span class="clip" dir="auto" title=label.clone()>{label.clone()}</span></td> })}
        <td><span class="explore-line" dir="auto">{pieces.collect_view()}</span>{tags.collect_view()}</td>
    }
}

/// The head above those cells.
pub(super) fn head(columns: Columns) -> impl IntoView {
    let l = lang();
    view! {
        <thead>
            <tr>
                <th scope="col" class="num">{text::position(l)}</th>
                <th scope="col">{text::split(l)}</th>
                {columns.has_labels.then(|| view! { <th scope="col">{text::label(l)}</th> })}
                <th scope="col">{text::text(l)}</th>
            </tr>
        </thead>
    }
}

fn whole_text(sample: &Sample) -> String {
    let texts: Vec<&str> = sample
        .messages
        .iter()
        .map(|m| &m.content)
        .chain(&sample.rejected)
        .chain(&sample.choices)
        .map(String::as_str)
        .collect();
    texts.join(" ⏎ ")
}

/// A line of the text around what was searched, in pieces that are marked or not. White space becomes one space.
fn marked(text: &str, terms: &[String]) -> Vec<(bool, String)> {
    let mut chars: Vec<char> = Vec::new();
    for c in text.chars().take(LOOKED_THROUGH) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c != ' ' || chars.last().is_some_and(|last| *last != ' ') {
            chars.push(c);
        }
    }
    // One character for one, so that places in the lower-case text are places in the text.
    let lower: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let terms: Vec<Vec<char>> = terms.iter().map(|term| term.chars().collect()).collect();
    let hit_at = |at: usize| terms.iter().filter(|term| lower[at..].starts_with(term)).map(Vec::len).max();
    let first = (0..lower.len()).find(|at| hit_at(*at).is_some()).unwrap_or(0);
    let start = first.saturating_sub(BEFORE_MARK);
    let end = (start + LINE_CHARS).min(chars.len());
    let mut pieces = vec![(false, if start > 0 { "…".to_owned() } else { String::new() })];
    let mut at = start;
    while at < end {
        let hit = hit_at(at);
        let piece: String = chars[at..at + hit.unwrap_or(1).max(1)].iter().collect();
        match pieces.last_mut() {
            Some((was_hit, text)) if *was_hit == hit.is_some() => text.push_str(&piece),
            _ => pieces.push((hit.is_some(), piece)),
        }
        at += hit.unwrap_or(1).max(1);
    }
    if at < chars.len() {
        pieces.push((false, "…".to_owned()));
    }
    pieces.retain(|(_, text)| !text.is_empty());
    pieces
}

/// The ways to the first, previous, next and last page: an index skips to any of them at once.
pub(super) fn pager(place: Place, asked: &Asked, found: &Found) -> impl IntoView + use<> {
    let l = lang();
    let (offset, size, total) = (u64::from(asked.offset), u64::from(DEFAULT_LIMIT), found.total);
    let to = |offset: u64| place.list(&asked.at(u32::try_from(offset).unwrap_or(u32::MAX)));
    let button = |href: String, rel: &'static str, words: &'static str| {
        view! { <a class="button button-small" rel=rel href=href>{words}</a> }
    };
    let last = total.saturating_sub(1) / size * size;
    let earlier = (offset > 0).then(|| view! { {button(to(0), "first", text::first(l))} {button(to(offset.saturating_sub(size)), "prev", text::previous(l))} });
    let later = (offset + size < total).then(
        || view! { {button(to(offset + size), "next", text::next(l))} {button(to(last), "last", text::last(l))} },
    );
    let shown = found.items.len() as u64;
    (total > size || offset > 0).then(|| {
        view! {
            <nav class="pager" aria-label=text::pages(l)>
                <span class="actions">{earlier}</span>
                <span class="pager-place">{text::place_of(l, integer(offset + 1), integer(offset + shown), integer(total))}</span>
                <span class="actions">{later}</span>
            </nav>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, terms: &[&str]) -> String {
        let terms: Vec<String> = terms.iter().map(|term| (*term).to_owned()).collect();
        let pieces = marked(text, &terms).into_iter();
        pieces.map(|(is_hit, text)| if is_hit { format!("[{text}]") } else { text }).collect()
    }

    #[test]
    fn what_was_searched_is_marked() {
        assert_eq!(shown("The  Quick\nbrown", &["quick"]), "The [Quick] brown");
        assert_eq!(shown("中国科学院", &["科学", "科学院"]), "中国[科学院]");
        assert_eq!(shown("nothing", &[]), "nothing");
        let long = format!("{} needle {}", "a".repeat(500), "b".repeat(500));
        let line = shown(&long, &["needle"]);
        assert!(line.starts_with("…a") && line.contains("[needle]") && line.ends_with("b…"), "{line}");
        // İ in lower case is two characters.
        assert_eq!(shown("İstanbul X", &["x"]), "İstanbul [X]");
    }
}
