//! More training samples from a model: what to ask, what it wrote, what people accept, the next version.

pub mod api;
mod review;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, version_fields},
        frame::PageHeader,
        job::JobProgress,
        load::load,
    },
};
use api::{AskModel, AugmentView, Choice, get_augment};
use domain::{
    access::Action,
    dataset::Version,
    id::{DatasetId, JobId, ProjectId},
    paraphrase::{Decision, MAX_SAMPLES, Way},
};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/augment`.
#[component]
pub fn AugmentPage() -> impl IntoView {
    let asked = asked();
    let shown = Shown {
        decision: routes::query("decision").unwrap_or_default(),
        stopped: routes::query::<String>("stopped").is_some(),
        after: routes::query("after").unwrap_or_default(),
    };
    let data = async move {
        let (project, dataset, number) = asked?;
        let view = get_augment(project, dataset, number, shown.decision, shown.stopped, shown.after).await?;
        Ok::<_, AppError>((project, view))
    };
    load(data, move |(project, view)| page(project, view, shown))
}

fn asked() -> Result<(ProjectId, DatasetId, u32), AppError> {
    Ok((routes::param("project")?, routes::param("dataset")?, routes::param("number")?))
}

/// Which texts are shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    decision: Decision,
    /// Those that did not pass the gate.
    stopped: bool,
    after: i64,
}

fn page(project: ProjectId, view: AugmentView, shown: Shown) -> impl IntoView {
    let l = lang();
    let version = view.version.clone();
    let here = routes::augment(project, version.dataset_id, version.number);
    let to_version = routes::version(project, version.dataset_id, version.number.cast_signed());
    let job = routes::query::<JobId>("job").map(|job| {
        // Taking the accepted texts makes another version; asking comes back here.
        let then = match routes::query::<String>("made") {
            Some(_) => format!("/p/{project}/datasets/{{dataset_id}}/v/{{number}}"),
            None => here.clone(),
        };
        view! { <JobProgress project job then/> }
    });
    let may_edit = role::may(Action::EditDatasets);
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, version.number) lead=text::lead(l)>
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {job}
        {may_edit.then(|| ask(project, &version, &view.writers))}
        {review::card(project, &view, shown)}
    }
}

/// What the model is asked.
fn ask(project: ProjectId, version: &Version, writers: &[Choice]) -> impl IntoView + use<> {
    let l = lang();
    let (ids, train) = (version_fields(project, version), version.stats.train);
    if writers.is_empty() {
        return view! {
            <section class="card">
                <h2>{text::ask(l)}</h2>
                <p class="muted">{text::no_writer(l)} " " <a href=routes::models(project)>{text::to_models(l)}</a></p>
            </section>
        }
        .into_any();
    }
    let options = writers.iter().map(|w| view! { <option value=w.value.clone()>{text::writer_name(l, w)}</option> });
    let options = options.collect_view();
    let ways = Way::ALL.map(|way| view! { <option value=way.as_str()>{text::way(l, way)}</option> }).collect_view();
    let count = train.clamp(1, 100);
    view! {
        <section class="card stack" id="ask">
            <h2>{text::ask(l)}</h2>
            <PostForm action={ServerAction::<AskModel>::new()} class="stack">
                {ids}
                <div class="field-row">
                    <Field id="writer" label=text::writer(l) help=text::writer_help(l)>
                        <select id="writer" name="writer" aria-describedby="writer-help">{options}</select>
                    </Field>
                    <Field id="way" label=text::way_label(l) help=text::way_help(l)>
                        <select id="way" name="way" aria-describedby="way-help">{ways}</select>
                    </Field>
                    <Field id="samples" label=text::samples(l) help=text::samples_help(l, MAX_SAMPLES)>
                        <input id="samples" name="samples" inputmode="numeric" required value=count.to_string() aria-describedby="samples-help"/>
                    </Field>
                    <Field id="temperature" label=text::temperature(l) help=text::temperature_help(l)>
                        <input id="temperature" name="temperature" inputmode="decimal" required value="0.7" aria-describedby="temperature-help"/>
                    </Field>
                    <Field id="seed" label=text::seed(l) help=text::seed_help(l)>
                        <input id="seed" name="seed" inputmode="numeric" required value="42" aria-describedby="seed-help"/>
                    </Field>
                </div>
                <Field id="instruction" label=text::instruction(l) help=text::instruction_help(l)>
                    <textarea id="instruction" name="instruction" dir="auto" rows="2" aria-describedby="instruction-help"></textarea>
                </Field>
                <div class="actions"><button class="button button-primary" type="submit">{text::start(l)}</button></div>
            </PostForm>
        </section>
    }
    .into_any()
}
