//! One field of the launch form, by its kind.

use super::{
    Form,
    fields::{FIELDS, Field, Group, Kind, Words},
    parse::{ON, module_name},
};
use crate::text::lang;
use domain::recipe::TargetModule;
use leptos::prelude::*;

/// The fields of a group.
#[component]
pub(super) fn FieldSet(form: Form, group: Group) -> impl IntoView {
    let fields = FIELDS.iter().filter(move |f| f.group == group);
    view! { <div class="field-row">{fields.map(|field| view! { <Control form field/> }).collect_view()}</div> }
}

/// What is wrong with a field.
#[component]
pub(super) fn Problem(form: Form, path: &'static str) -> impl IntoView {
    let problem = Memo::new(move |_| form.checked.with(|c| c.1.get(path).cloned()));
    view! { <p class="error" id=format!("{path}-error") hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p> }
}

#[component]
fn Control(form: Form, field: &'static Field) -> impl IntoView {
    let l = lang();
    let path = field.path;
    let help = view! { <p class="help" id=format!("{path}-help")>{(field.help)(l)}</p> };
    // The style sheet hides what the choices made do not read, with and without JavaScript.
    let only = field.only_for();
    match field.kind {
        Kind::Integer { .. } | Kind::Number { .. } | Kind::Rate | Kind::Name => view! {
            <div class="field" data-only=only>
                <label for=path>{(field.label)(l)}</label>
                <Text form path kind=field.kind/>
                {help}
                <Problem form path/>
            </div>
        }
        .into_any(),
        Kind::Lines => view! {
            <div class="field field-wide" data-only=only>
                <label for=path>{(field.label)(l)}</label>
                <Lines form path/>
                {help}
                <Problem form path/>
            </div>
        }
        .into_any(),
        Kind::Switch => view! {
            <div class="field field-check" data-only=only>
                <Check form name=path.to_owned() label=(field.label)(l)/>
                {help}
                <Problem form path/>
            </div>
        }
        .into_any(),
        Kind::Choice(of) => view! {
            <div class="field" data-only=only>
                <label for=path>{(field.label)(l)}</label>
                <Choice form path of/>
                {help}
                <Problem form path/>
            </div>
        }
        .into_any(),
        Kind::Modules => view! {
            <div class="field field-wide" data-only=only>
                <span class="field-label">{(field.label)(l)}</span>
                <div class="checks" role="group" aria-label=(field.label)(l)>
                    {TargetModule::ALL.map(|m| view! { <Check form name=module_name(m) label=m.as_str()/> })}
                </div>
                {help}
                <Problem form path/>
            </div>
        }
        .into_any(),
    }
}

/// Numbers too are texts, so that what is typed is never changed under one's hands.
#[component]
fn Text(form: Form, path: &'static str, kind: Kind) -> impl IntoView {
    let value = form.values.with_untracked(|v| v.get(path).cloned()).unwrap_or_default();
    let is_bad = Memo::new(move |_| form.checked.with(|c| c.1.contains_key(path)));
    let keyboard = match kind {
        Kind::Integer { .. } => "numeric",
        Kind::Number { .. } | Kind::Rate => "decimal",
        _ => "text",
    };
    let may_be_empty = matches!(kind, Kind::Rate | Kind::Name);
    let usual = move || form.checked.with(|c| c.0.usual_learning_rate().to_string());
    let placeholder = move || matches!(kind, Kind::Rate).then(usual);
    view! {
        <input id=path name=format!("values[{path}]") value=value required=!may_be_empty autocomplete="off"
            inputmode=keyboard placeholder=placeholder
            aria-describedby=format!("{path}-help {path}-error") aria-invalid=move || is_bad.get().to_string()
            on:input=move |e| form.values.update(|v| drop(v.insert(path.to_owned(), event_target_value(&e))))/>
    }
}

#[component]
fn Lines(form: Form, path: &'static str) -> impl IntoView {
    let value = form.values.with_untracked(|v| v.get(path).cloned()).unwrap_or_default();
    let is_bad = Memo::new(move |_| form.checked.with(|c| c.1.contains_key(path)));
    view! {
        <textarea id=path name=format!("values[{path}]") dir="auto" rows="2"
            aria-describedby=format!("{path}-help {path}-error") aria-invalid=move || is_bad.get().to_string()
            on:input=move |e| form.values.update(|v| drop(v.insert(path.to_owned(), event_target_value(&e))))>{value}</textarea>
    }
}

#[component]
fn Check(form: Form, name: String, label: &'static str) -> impl IntoView {
    let checked = form.values.with_untracked(|v| v.contains_key(&name));
    let field_name = format!("values[{name}]");
    let change = move |e| {
        form.values.update(|v| {
            if event_target_checked(&e) {
                v.insert(name.clone(), ON.to_owned())
            } else {
                v.remove(&name)
            };
        });
    };
    view! { <label class="check"><input type="checkbox" name=field_name value=ON checked=checked on:change=change/><span>{label}</span></label> }
}

#[component]
fn Choice(form: Form, path: &'static str, of: &'static [(&'static str, Words)]) -> impl IntoView {
    let l = lang();
    let current = form.values.with_untracked(|v| v.get(path).cloned()).unwrap_or_default();
    let is_bad = Memo::new(move |_| form.checked.with(|c| c.1.contains_key(path)));
    let options =
        of.iter().map(|(value, words)| view! { <option value=*value selected=current == *value>{words(l)}</option> });
    view! {
        <select id=path name=format!("values[{path}]")
            aria-describedby=format!("{path}-help {path}-error") aria-invalid=move || is_bad.get().to_string()
            on:change=move |e| form.values.update(|v| drop(v.insert(path.to_owned(), event_target_value(&e))))>
            {options.collect_view()}
        </select>
    }
}
