//! The field of spans: the text, a button for each label, what is marked, and the lines that the form sends. The browser
//! draws the marks from the lines; without JavaScript people write the lines.

use super::{Control, key_shown, keys, text};
use crate::{
    annotate::{answers::field, spans::Marks},
    text::lang,
};
use domain::annotation::{answer::Answer, design::Choice};
use leptos::prelude::*;

/// Colours that marks have, in turns.
const COLOURS: usize = 6;

pub(super) fn marking(control: &Control<'_>, labels: &[Choice], relations: &[Choice], overlap: bool) -> AnyView {
    let l = lang();
    let lines = match control.answer {
        Some(Answer::Spans { spans, relations }) => {
            Marks { spans: spans.clone(), relations: relations.clone() }.lines()
        }
        _ => String::new(),
    };
    // HTML has no carriage return: a mark without width keeps the places of the characters behind it.
    let shown = control.item.span_text.replace('\r', "\u{200b}");
    let buttons = labels.iter().zip(keys(labels)).enumerate().map(|(at, (label, key))| {
        let class = format!("button mark-label mark-colour-{}", at % COLOURS);
        let title = label.shown().to_owned();
        view! {
            <button type="button" class=class data-label=label.value.clone() data-key=key.map(String::from)>
                <span dir="auto">{title}</span>{key_shown(key)}
            </button>
        }
    });
    let buttons = buttons.collect_view();
    let values: Vec<&str> = labels.iter().chain(relations).map(|o| o.value.as_str()).collect();
    let values = text::labels_are(l, values.join(", "));
    view! {
        <div class="span-text" tabindex="0" role="application" dir="auto" aria-label=text::text_to_mark(l) data-marks=""
            data-no-overlap=(!overlap).then(|| text::no_overlap(l)) data-pick-first=text::pick_first(l)
            data-remove=text::remove(l)>{shown}</div>
        <div class="options needs-script">{buttons}</div>
        <p class="help needs-script">{text::mark_help(l)}</p>
        <ul class="span-list" data-list="" aria-label=text::marked(l)></ul>
        {(!relations.is_empty()).then(|| relation_picker(relations))}
        <div class="field" data-lines-field="">
            <p class="help">{text::lines_help(l)} " " {values}</p>
            <textarea name=field(&control.q.name) rows="3" aria-label=text::lines(l) data-lines="">{lines}</textarea>
        </div>
    }
    .into_any()
}

/// Chooses two spans and what links them.
fn relation_picker(relations: &[Choice]) -> impl IntoView + use<> {
    let l = lang();
    let options = relations
        .iter()
        .map(|r| {
            let title = r.shown().to_owned();
            view! { <option value=r.value.clone()>{title}</option> }
        })
        .collect_view();
    view! {
        <div class="relations needs-script" role="group" aria-label=text::relations(l) data-relations="">
            <select aria-label=text::relation_from(l) data-from=""></select>
            <span aria-hidden="true">"→"</span>
            <select aria-label=text::relation_to(l) data-to=""></select>
            <select aria-label=text::relation_label(l) data-link="">{options}</select>
            <button type="button" class="button" data-relate="">{text::relate(l)}</button>
        </div>
    }
}
