//! The form for dividing a version anew.

use super::{api::DivideVersion, text};
use crate::{
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, version_fields},
    },
};
use domain::{dataset::Version, id::ProjectId};
use leptos::prelude::*;

pub(super) fn card(project: ProjectId, version: &Version, fields: &[String]) -> impl IntoView + use<> {
    let l = lang();
    let (ids, mix, together, rest) =
        (version_fields(project, version), mix(version), together(fields), time_and_test(fields));
    view! {
        <section class="card stack" id="divide">
            <h2>{text::divide(l)}</h2>
            <p class="muted">{text::divide_lead(l)}</p>
            <PostForm action={ServerAction::<DivideVersion>::new()} class="stack">
                {ids}
                {amounts()}
                {mix}
                {together}
                {rest}
                <button class="button button-primary" type="submit">{text::start(l)}</button>
            </PostForm>
        </section>
    }
}

fn amounts() -> impl IntoView {
    let l = lang();
    let amount = |id: &'static str, label: &'static str, value: &'static str| {
        view! {
            <Field id label>
                <input id=id name=id inputmode="decimal" required value=value/>
            </Field>
        }
    };
    view! {
        <div class="field-row">
            <Field id="unit" label=text::unit(l)>
                <select id="unit" name="unit">
                    <option value="shares">{text::unit_shares(l)}</option>
                    <option value="counts">{text::unit_counts(l)}</option>
                </select>
            </Field>
            <Field id="train" label=text::train(l) help=text::train_help(l)>
                <input id="train" name="train" inputmode="decimal" value="80" aria-describedby="train-help"/>
            </Field>
            {amount("validation", text::validation(l), "10")}
            {amount("test", text::test(l), "10")}
            <Field id="seed" label=text::seed(l) help=text::seed_help(l)>
                <input id="seed" name="seed" inputmode="numeric" required value="42" aria-describedby="seed-help"/>
            </Field>
        </div>
    }
}

fn mix(version: &Version) -> impl IntoView + use<> {
    let l = lang();
    let has_labels = !version.stats.labels.is_empty();
    view! {
        <fieldset class="field">
            <legend>{text::same_mix(l)}</legend>
            <label class="check"><input type="checkbox" name="stratify_label" value="1" checked=has_labels/>{text::by_label(l)}</label>
            <label class="check"><input type="checkbox" name="stratify_length" value="1"/>{text::by_length(l)}</label>
            <p class="help">{text::same_mix_help(l)}</p>
        </fieldset>
    }
}

fn together(fields: &[String]) -> impl IntoView + use<> {
    let l = lang();
    let choices = [
        ("prompt", text::group_prompt(l)),
        ("near_duplicates", text::group_near(l)),
        ("field", text::group_field(l)),
        ("none", text::group_none(l)),
    ];
    let choices = choices.map(|(word, label)| view! { <option value=word>{label}</option> }).collect_view();
    let known = if fields.is_empty() { text::no_fields(l).to_owned() } else { fields.join(", ") };
    view! {
        <div class="field-row">
            <Field id="group" label=text::group(l) help=text::group_help(l)>
                <select id="group" name="group" aria-describedby="group-help">{choices}</select>
            </Field>
            <Field id="similarity" label=text::similarity(l) help=text::similarity_help(l)>
                <input id="similarity" name="similarity" inputmode="decimal" value="0.8" aria-describedby="similarity-help"/>
            </Field>
            <Field id="group_field" label=text::field(l) help=text::field_help(l, known)>
                <input id="group_field" name="group_field" list="fields" dir="auto" aria-describedby="group_field-help"/>
            </Field>
        </div>
    }
}

fn time_and_test(fields: &[String]) -> impl IntoView + use<> {
    let l = lang();
    let options = fields.iter().map(|f| view! { <option value=f.clone()></option> }).collect_view();
    view! {
        <datalist id="fields">{options}</datalist>
        <div class="field-row">
            <Field id="time_field" label=text::time_field(l) help=text::time_help(l)>
                <input id="time_field" name="time_field" list="fields" dir="auto" aria-describedby="time_field-help"/>
            </Field>
            <div class="field">
                <label class="check"><input type="checkbox" name="keep_test" value="1"/>{text::keep_test(l)}</label>
                <p class="help">{text::keep_test_help(l)}</p>
            </div>
        </div>
    }
}
