//! What can be done with the bad cases that are ticked in the list. It stands inside the form that holds the list.

use super::{api::Choices, choices, text};
use domain::lang::Lang;
use leptos::prelude::*;

/// The fields and buttons.
pub(super) fn actions(chosen: &Choices, l: Lang) -> impl IntoView + use<> {
    let keep = || view! { <option value="">{text::keep(l)}</option> };
    let people = choices::people(&chosen.people, None);
    let severities = choices::severities(None, l);
    let causes = choices::all_causes(&chosen.causes, l);
    view! {
        <fieldset class="bulk">
            <legend>{text::bulk(l)}</legend>
            <p class="help">{text::bulk_help(l)}</p>
            <div class="filters">
                <div class="field">
                    <label for="bulk-owner">{text::owner(l)}</label>
                    <select id="bulk-owner" name="owner">{keep()}{people}</select>
                </div>
                <div class="field">
                    <label for="bulk-severity">{text::severity(l)}</label>
                    <select id="bulk-severity" name="severity">{keep()}{severities}</select>
                </div>
                <div class="field">
                    <label for="bulk-cause">{text::cause(l)}</label>
                    <select id="bulk-cause" name="cause">{keep()}{causes}</select>
                </div>
                <button class="button button-primary" type="submit" name="what" value="set">{text::set(l)}</button>
                <button class="button" type="submit" name="what" value="merge">{text::merge_all(l)}</button>
                <button class="button button-danger" type="submit" name="what" value="dismiss">{text::dismiss_all(l)}</button>
            </div>
        </fieldset>
    }
}
