//! What a packed file holds: which files are read, how, and which are left out.

use super::{form::ImportForm, text};
use crate::{
    text::lang,
    ui::{
        field::Field,
        format::{bytes, integer},
    },
    words,
};
use domain::import::Preview;
use leptos::prelude::*;

/// Files that the page lists.
const SHOWN: usize = 20;

/// How the upload is packed, the files in it and those left out.
pub fn files(preview: &Preview) -> impl IntoView + use<> {
    let l = lang();
    let more = |n: usize| {
        (n > SHOWN).then(|| view! { <li class="muted">{text::more_files(l, integer((n - SHOWN) as u64))}</li> })
    };
    let read = preview.files.iter().take(SHOWN).map(|f| {
        let encoding = f.encoding.clone().map(|e| format!(", {e}"));
        let size = f.size_bytes.map(|n| format!(", {}", bytes(n)));
        let described = f.mapping.as_ref().map(|m| format!(", {}", text::described_as(l, text::format_name(l, m.format()))));
        view! { <li><bdi class="mono">{f.name.clone()}</bdi> " " <span class="muted">{text::syntax_name(l, f.syntax)} {encoding} {size} {described}</span></li> }
    });
    let left = preview.left_out.iter().take(SHOWN).map(|f| {
        let why = f.problem.as_ref().map_or_else(|| text::not_data(l).to_owned(), |p| words::import_problem(l, p));
        view! { <li><bdi class="mono">{f.name.clone()}</bdi> " " <span class="muted" dir="auto">{why}</span></li> }
    });
    let (read, left) = (read.collect_view(), left.collect_view());
    let (files, left_out) = (preview.files.len(), preview.left_out.len());
    let has_problem = preview.left_out.iter().any(|f| f.problem.is_some());
    view! {
        <p>{text::packed_as(l, preview.packing)}</p>
        <details class="fold" open={files <= 5}>
            <summary>{text::files_inside(l, integer(files as u64))}</summary>
            <ul>{read} {more(files)}</ul>
        </details>
        {(left_out > 0).then(|| view! {
            <details class=if has_problem { "fold notice notice-warn" } else { "fold" } open=has_problem>
                <summary>{text::files_left_out(l, integer(left_out as u64))}</summary>
                <ul>{left} {more(left_out)}</ul>
            </details>
        })}
    }
}

/// Which files are read.
pub fn pattern(form: &ImportForm) -> impl IntoView + use<> {
    let l = lang();
    let value = form.get("inside").to_owned();
    view! {
        <Field id="inside" label=text::pattern(l) help=text::pattern_help(l)>
            <input id="inside" name="inside" dir="auto" value=value maxlength="200" autocomplete="off" aria-describedby="inside-help"/>
        </Field>
    }
}
