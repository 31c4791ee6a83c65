//! From corrected bad cases to the next version of their dataset: one form per dataset.

use super::{api::AddCorrections as AddAction, text};
use crate::{
    text::lang,
    ui::{field::Field, form::PostForm},
};
use domain::{
    badcase::view::BadCaseSummary,
    id::{DatasetId, ProjectId},
};
use leptos::prelude::*;

/// The forms, for the corrected cases on this page.
#[component]
pub fn AddCorrections(project: ProjectId, cases: Vec<BadCaseSummary>) -> impl IntoView {
    let mut by_dataset: Vec<(DatasetId, String, Vec<BadCaseSummary>)> = Vec::new();
    for case in cases {
        match by_dataset.iter_mut().find(|d| d.0 == case.dataset_id) {
            Some(d) => d.2.push(case),
            None => by_dataset.push((case.dataset_id, case.dataset_name.clone(), vec![case])),
        }
    }
    by_dataset.into_iter().map(|(dataset, name, cases)| one(project, dataset, name, cases)).collect_view()
}

fn one(project: ProjectId, dataset: DatasetId, name: String, cases: Vec<BadCaseSummary>) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<AddAction>::new();
    let boxes = cases.into_iter().enumerate().map(|(i, case)| {
        view! {
            <li>
                <label class="check">
                    <input type="checkbox" name=format!("cases[{i}]") value=case.id.to_string() checked aria-label=text::choose(l)/>
                    <span><bdi>{case.prompt}</bdi>" → "<strong><bdi>{case.correction}</bdi></strong></span>
                </label>
            </li>
        }
    });
    let boxes = boxes.collect_view();
    view! {
        <section class="card">
            <h2>{text::add_title(l, name)}</h2>
            <p class="muted">{text::add_lead(l)}</p>
            <PostForm action>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="dataset" value=dataset.to_string()/>
                <ul class="add-list">{boxes}</ul>
                <p>
                    <label class="check"><input type="checkbox" name="move_to_train" value="true" checked/><span>{text::move_to_train(l)}</span></label>
                    <span class="help">" "{text::move_help(l)}</span>
                </p>
                <Field id=format!("note-{dataset}") label=text::version_note(l)>
                    <input id=format!("note-{dataset}") name="note" dir="auto" maxlength="500"/>
                </Field>
                <button class="button button-primary" type="submit">{text::add_button(l)}</button>
            </PostForm>
        </section>
    }
}
