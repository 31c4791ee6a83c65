//! Which columns are shown and in what order, and by which rows are grouped.

use super::{address::Here, text};
use crate::{routes, text::lang};
use domain::{
    lang::Lang,
    table::{Column, TableView, view::MOST_SHOWN},
};
use leptos::prelude::*;

/// The shown columns with ways to move and hide each, and a field for one more.
pub(super) fn chooser(here: &Here, shown: &[Column], all: &[Column]) -> impl IntoView + use<> {
    let l = lang();
    let names: Vec<String> = shown.iter().map(|c| c.name.clone()).collect();
    let with = |columns: Vec<String>| here.to(&TableView { columns, ..here.state.clone() });
    let items = (0..names.len()).map(|i| {
        let swapped = |a: usize, b: usize| {
            let mut columns = names.clone();
            columns.swap(a, b);
            with(columns)
        };
        let left = (i > 0).then(|| swapped(i - 1, i));
        let right = (i + 1 < names.len()).then(|| swapped(i, i + 1));
        // The last one stays: a view without columns has the usual ones.
        let without = (names.len() > 1).then(|| {
            let mut columns = names.clone();
            columns.remove(i);
            with(columns)
        });
        let name = &names[i];
        let button = |href: String, sign: &'static str, label: String| {
            view! { <a class="button button-small button-quiet" href=href aria-label=label.clone() title=label>{sign}</a> }
        };
        view! {
            <li>
                <code>{name.clone()}</code>
                {left.map(|href| button(href, "←", text::to_left(l, name)))}
                {right.map(|href| button(href, "→", text::to_right(l, name)))}
                {without.map(|href| button(href, "×", text::hide_column(l, name)))}
            </li>
        }
    });
    let items = items.collect_view();
    let usual = (!here.state.columns.is_empty()).then(|| {
        let href = with(Vec::new());
        view! { <a class="button button-small" href=href>{text::usual_columns(l)}</a> }
    });
    let options =
        all.iter().filter(|c| !names.contains(&c.name)).map(|c| view! { <option value=c.name.clone()></option> });
    let options = options.collect_view();
    let hidden = here.hidden(&[]);
    let action = routes::table(here.project);
    let add = (names.len() < MOST_SHOWN).then(|| {
        view! {
            <form class="filters" method="get" action=action>
                {hidden}
                <div class="field">
                    <label for="add-column">{text::add_column(l)}</label>
                    <input id="add-column" name="add" list="all-columns" autocomplete="off" required/>
                    <datalist id="all-columns">{options}</datalist>
                </div>
                <button class="button" type="submit">{text::add(l)}</button>
            </form>
        }
    });
    view! {
        <details class="fold card" id="columns">
            <summary>{text::columns(l)}</summary>
            <p class="help">{text::columns_help(l)}</p>
            <ul class="column-list">{items}</ul>
            {add}
            {usual}
        </details>
    }
}

/// The form that groups rows.
pub(super) fn grouping(here: &Here, all: &[Column]) -> impl IntoView + use<> {
    let l = lang();
    let group = &here.state.group;
    let first = options(all.iter().filter(|c| c.kind.groups()), group.first(), l);
    let second = options(all.iter().filter(|c| c.kind.groups()), group.get(1), l);
    let hidden = here.hidden(&["group"]);
    let (action, is_open) = (routes::table(here.project), !group.is_empty());
    view! {
        <details class="fold card" id="grouping" open=is_open>
            <summary>{text::group(l)}</summary>
            <p class="help" id="group-help">{text::group_help(l)}</p>
            <form class="filters" method="get" action=action>
                {hidden}
                <div class="field">
                    <label for="group">{text::group_by(l)}</label>
                    <select id="group" name="group" aria-describedby="group-help">{first}</select>
                </div>
                <div class="field">
                    <label for="group-second">{text::then_by(l)}</label>
                    <select id="group-second" name="group2">{second}</select>
                </div>
                <button class="button" type="submit">{text::group(l)}</button>
            </form>
        </details>
    }
}

/// Columns to choose from, with none above.
pub(super) fn options<'a>(columns: impl Iterator<Item = &'a Column>, chosen: Option<&String>, l: Lang) -> AnyView {
    let options = columns.map(|c| {
        let is_chosen = chosen == Some(&c.name);
        view! { <option value=c.name.clone() selected=is_chosen>{c.name.clone()}</option> }
    });
    let options = options.collect_view();
    view! { <option value="">{text::nothing(l)}</option> {options} }.into_any()
}
