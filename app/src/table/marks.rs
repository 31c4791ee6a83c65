//! What can be written on the ticked runs, and taking it back.

use super::{address::Here, api::WriteOnRuns, text};
use crate::{routes, text::lang, ui::form::PostForm};
use domain::{access::Action, id::ProjectId, lang::Lang};
use leptos::prelude::*;

/// The fields and buttons; they stand inside the form that holds the rows.
pub(super) fn actions(project: ProjectId, l: Lang) -> impl IntoView + use<> {
    let to = |address: String| routes::without_query(&address).to_owned();
    let overlay = to(routes::overlay(project, &[]));
    let (compare, report) = (to(routes::compare(project, &[])), to(routes::new_report(project, &[])));
    view! {
        <fieldset class="bulk">
            <legend>{text::ticked(l)}</legend>
            <p class="help">{text::tick_all_hint(l)}</p>
            <div class="field">
                <label for="words">{text::words(l)}</label>
                <input id="words" name="words" dir="auto" maxlength="4000" autocomplete="off" aria-describedby="words-help"/>
                <p class="help" id="words-help">{text::words_help(l)}</p>
            </div>
            <div class="actions">
                <button class="button" type="submit" name="what" value="tag">{text::add_tag(l)}</button>
                <button class="button" type="submit" name="what" value="untag">{text::remove_tag(l)}</button>
                <button class="button" type="submit" name="what" value="note">{text::set_note(l)}</button>
                <button class="button" type="submit" name="what" value="archive">{text::archive(l)}</button>
                <button class="button" type="submit" name="what" value="restore">{text::restore(l)}</button>
            </div>
            // Behind the others: the first button is the one that the Enter key presses.
            <div class="actions">
                <button class="button" type="submit" formmethod="get" formaction=overlay>{text::overlay(l)}</button>
                <button class="button" type="submit" formmethod="get" formaction=compare>{text::compare(l)}</button>
                <button class="button" type="submit" formmethod="get" formaction=report>{text::new_report(l)}</button>
            </div>
            <p class="help">{text::own_runs_alone(l)}</p>
        </fieldset>
    }
}

/// What has just been written, with a button that takes it back where that is possible.
pub(super) fn done(here: &Here) -> AnyView {
    let l = lang();
    let Some(did) = routes::query::<String>("did") else { return ().into_any() };
    let ids = routes::query::<String>("runs").unwrap_or_default();
    let words = routes::query::<String>("words").unwrap_or_default();
    let ids: Vec<String> = ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let n = ids.len();
    let (said, back) = match did.as_str() {
        "tag" => (text::did_tag(l, n, &words), Some("untag")),
        "untag" => (text::did_untag(l, n, &words), Some("tag")),
        "note" => (text::did_note(l, n), None),
        "archive" => (text::did_archive(l, n), Some("restore")),
        "restore" => (text::did_restore(l, n), Some("archive")),
        _ => return ().into_any(),
    };
    let undo = back.filter(|_| crate::role::may(Action::Launch)).map(|back| {
        let ids = ids.into_iter().map(|id| view! { <input type="hidden" name="ids[]" value=id/> }).collect_view();
        let (project, then) = (here.project.to_string(), here.at(""));
        view! {
            <PostForm action={ServerAction::<WriteOnRuns>::new()}>
                <input type="hidden" name="project" value=project/>
                <input type="hidden" name="then" value=then/>
                <input type="hidden" name="form" value="undo"/>
                <input type="hidden" name="words" value=words/>
                {ids}
                <button class="button button-small" type="submit" name="what" value=back>{text::undo(l)}</button>
            </PostForm>
        }
    });
    view! { <div class="notice notice-good table-done" role="status"><span dir="auto">{said}</span>{undo}</div> }
        .into_any()
}
