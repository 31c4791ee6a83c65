//! Scoring the version with a model, for the steps that read scores, and which models have scored it.

use super::{
    api::{CleaningView, StartScoring},
    form::StepsForm,
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, integer, shortened},
    },
    words,
};
use domain::{id::ProjectId, score::Scoring, steps::Step};
use leptos::prelude::*;

/// The page comes back with `steps`, the recipe being made.
pub(super) fn card(project: ProjectId, view: &CleaningView, steps: &[Step]) -> impl IntoView + use<> {
    let l = lang();
    let known = view.scorings.iter().map(row).collect_view();
    let table = (!view.scorings.is_empty()).then(|| {
        view! {
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{text::model(l)}</th>
                            <th scope="col" class="num">{text::scored(l)}</th>
                            <th scope="col" class="num">{text::unscored(l)}</th>
                            <th scope="col">{text::embeddings(l)}</th>
                            <th scope="col">{text::scored_at(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{known}</tbody>
                </table>
            </div>
        }
    });
    let form = if view.models.is_empty() {
        view! { <p><a href=routes::new_model(project)>{text::no_model(l)}</a></p> }.into_any()
    } else {
        form(project, view, steps).into_any()
    };
    view! {
        <section class="card stack" id="scores">
            <h2>{text::score(l)}</h2>
            <p class="muted">{text::score_help(l)}</p>
            {table}
            {form}
        </section>
    }
}

fn row(scoring: &Scoring) -> impl IntoView + use<> {
    let l = lang();
    let embeddings = if scoring.dimensions > 0 { integer(scoring.dimensions.into()) } else { text::none(l).to_owned() };
    let (model, at) = (scoring.model.clone(), scoring.created_at);
    view! {
        <tr>
            <th scope="row"><span class="clip" dir="auto" title=model.clone()>{model.clone()}</span></th>
            <td class="num">{integer(scoring.scored)}</td>
            <td class="num">{integer(scoring.unscored)}</td>
            <td>{embeddings}</td>
            <td class="nowrap"><Time at/></td>
        </tr>
    }
}

fn form(project: ProjectId, view: &CleaningView, steps: &[Step]) -> impl IntoView + use<> {
    let l = lang();
    let version = &view.version;
    let (dataset, number) = (version.dataset_id.to_string(), version.number.to_string());
    let models = view.models.iter().map(|(value, name, saw_erased)| {
        let (value, name) = (value.clone(), words::marked_run(l, shortened(name), *saw_erased));
        view! { <option value=value>{name}</option> }
    });
    let models = models.collect_view();
    let steps = StepsForm::of_steps(steps);
    let steps =
        steps.pairs().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <PostForm action={ServerAction::<StartScoring>::new()} class="stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="dataset" value=dataset/>
            <input type="hidden" name="number" value=number/>
            {steps}
            <div class="field-row">
            <Field id="model" label=text::model(l) help=text::model_help(l)>
                <select id="model" name="model" required aria-describedby="model-help">{models}</select>
            </Field>
            <div class="field field-check">
                <label class="check"><input type="checkbox" name="embed" value="true" checked aria-describedby="embed-help"/><span>{text::embed(l)}</span></label>
                <p class="help" id="embed-help">{text::embed_help(l)}</p>
            </div>
            </div>
            <div class="actions"><button class="button" type="submit">{text::score(l)}</button></div>
        </PostForm>
    }
}
