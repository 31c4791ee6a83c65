//! The form of a draft: one form for all blocks, so that whatever button is pressed, all that was typed is kept.

use super::{api::EditReport, compose, text, view};
use crate::{
    text::lang,
    ui::{field::Field, form::PostForm},
};
use domain::{
    id::ProjectId,
    lang::Lang,
    report::{Block, BlockKind, MAX_TITLE_CHARS, Press, field_of, view::ReportVersion},
};
use leptos::prelude::*;

pub(super) fn form(project: ProjectId, version: &ReportVersion) -> AnyView {
    let l = lang();
    let count = version.body.blocks.len();
    let blocks: Vec<AnyView> =
        version.body.blocks.iter().enumerate().map(|(i, b)| block(l, project, version, b, i, count)).collect();
    let title = version.body.title.clone();
    let (report, number, revision) = (version.report_id, version.head.number, version.head.revision);
    view! {
        <PostForm action={ServerAction::<EditReport>::new()} class="report-edit">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="report" value=report.to_string()/>
            <input type="hidden" name="number" value=number.to_string()/>
            <input type="hidden" name="revision" value=revision.to_string()/>
            <div class="card stack">
                <Field id="title" label=text::name_label(l) help=text::title_help(l, MAX_TITLE_CHARS)>
                    <input id="title" name="title" dir="auto" required value=title aria-describedby="title-help" autocomplete="off"/>
                </Field>
                {buttons(l)}
            </div>
            {adder(l, 0)}
            {blocks}
            <div class="card">{buttons(l)}</div>
        </PostForm>
    }
    .into_any()
}

/// The first button of the form is what the Enter key presses.
fn buttons(l: Lang) -> impl IntoView {
    view! {
        <div class="actions">
            <button class="button" type="submit" name="press" value=Press::Save.to_string()>{text::save(l)}</button>
            <button class="button button-primary" type="submit" name="press" value=Press::Submit.to_string()>{text::save_submit(l)}</button>
        </div>
    }
}

fn block(l: Lang, project: ProjectId, version: &ReportVersion, block: &Block, i: usize, count: usize) -> AnyView {
    let (key, name) = (block.key, text::block(l, block.kind));
    // Words are in the field below: what the block itself shows comes without them.
    let bare = Block { text: String::new(), ..block.clone() };
    let shown = view::parts(compose::section(project, version, &bare).parts);
    let press = |press: Press, label: &'static str, sign: &'static str, is_possible: bool| {
        let label = format!("{label}: {name}");
        is_possible.then(|| {
            view! { <button class="button button-small button-quiet" type="submit" name="press" value=press.to_string() aria-label=label.clone() title=label>{sign}</button> }
        })
    };
    let (id, field) = (format!("text-{key}"), format!("texts[{}]", field_of(key)));
    let (help, rows) = match block.kind {
        BlockKind::Text => (text::text_block_help(l), "8"),
        _ => (text::block_text_help(l), "3"),
    };
    let (written, tag, described) = (block.text.clone(), version.lang.tag(), format!("{id}-help"));
    view! {
        <section class="card report-section" id=format!("block-{key}")>
            <div class="report-block-head">
                <h2>{name}</h2>
                <span class="actions">
                    {press(Press::Up(key), text::up(l), "↑", i > 0)}
                    {press(Press::Down(key), text::down(l), "↓", i + 1 < count)}
                    {press(Press::Remove(key), text::remove(l), "✕", true)}
                </span>
            </div>
            <div lang=tag>{shown}</div>
            <Field id=id.clone() label=text::block_text(l) help>
                <textarea id=id.clone() name=field dir="auto" rows=rows lang=tag aria-describedby=described>{written}</textarea>
            </Field>
        </section>
        {adder(l, key)}
    }
    .into_any()
}

/// A block of some kind behind the one with this key.
fn adder(l: Lang, behind: u32) -> impl IntoView {
    let options = BlockKind::ALL.map(|kind| view! { <option value=kind.as_str()>{text::block(l, kind)}</option> });
    view! {
        <details class="fold">
            <summary>{text::add_here(l)}</summary>
            <div class="report-add">
                <select name=format!("add[{}]", field_of(behind)) aria-label=text::add_here(l)>{options.collect_view()}</select>
                <button class="button button-small" type="submit" name="press" value=Press::Add(behind).to_string()>{text::add(l)}</button>
            </div>
        </details>
    }
}
