//! The page that has people compare models.

use super::{
    api::{MakeHumanEvaluation, list_compared},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    id::{EvalId, ProjectId},
};
use leptos::prelude::*;

/// `/p/:project/human-evaluations/new`.
#[component]
pub fn NewHumanEvaluationPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    view! {
        <PageHeader title=text::new_human_title(l) lead=text::new_human_lead(l)>
            <a class="button button-quiet" href=routes::judges(project)>{text::title(l)}</a>
        </PageHeader>
        {load(list_compared(project), move |evaluations| page(project, evaluations))}
    }
    .into_any()
}

fn page(project: ProjectId, evaluations: Vec<(EvalId, String)>) -> AnyView {
    let l = lang();
    if evaluations.len() < 2 {
        return view! { <Empty title=text::no_human(l) hint=text::no_human_hint(l)/> }.into_any();
    }
    let boxes = evaluations.into_iter().map(|(id, name)| {
        view! { <label class="check"><input type="checkbox" name="evals[]" value=id.to_string()/><span dir="auto">{name}</span></label> }
    });
    let boxes = boxes.collect_view();
    view! {
        <PostForm action={ServerAction::<MakeHumanEvaluation>::new()} class="card stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <Field id="name" label=text::name(l)>
                <input id="name" name="name" dir="auto" required maxlength="100"/>
            </Field>
            <fieldset>
                <legend>{text::models_label(l)}</legend>
                <p class="help">{text::models_help(l)}</p>
                <div class="judge-models">{boxes}</div>
            </fieldset>
            <Field id="question" label=text::human_question(l) help=text::human_question_help(l)>
                <input id="question" name="question" dir="auto" maxlength="100" value=text::human_question_usual(l) aria-describedby="question-help"/>
            </Field>
            <div class="field-row">
                <Field id="samples" label=text::samples(l) help=text::human_samples_help(l)>
                    <input id="samples" name="samples" inputmode="numeric" required value="100" aria-describedby="samples-help"/>
                </Field>
                <Field id="pairs_per_sample" label=text::pairs_per_sample(l) help=text::pairs_help(l)>
                    <input id="pairs_per_sample" name="pairs_per_sample" inputmode="numeric" required value="1" aria-describedby="pairs_per_sample-help"/>
                </Field>
                <Field id="overlap" label=text::overlap(l) help=text::overlap_help(l)>
                    <input id="overlap" name="overlap" inputmode="numeric" required value="1" aria-describedby="overlap-help"/>
                </Field>
                <Field id="seed" label=text::seed(l) help=text::human_seed_help(l)>
                    <input id="seed" name="seed" inputmode="numeric" required value="42" aria-describedby="seed-help"/>
                </Field>
            </div>
            <div class="actions"><button class="button button-primary" type="submit">{text::create(l)}</button></div>
        </PostForm>
    }
    .into_any()
}
