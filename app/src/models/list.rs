//! The list of base models.

use super::{api::list_models, text};
use crate::{
    role, routes,
    text::lang,
    ui::{
        format::{Time, bytes, count, integer},
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::Empty,
    },
};
use domain::{
    access::Action,
    id::{JobId, ProjectId},
    model::Model,
};
use leptos::prelude::*;

/// `/p/:project/models`
#[component]
pub fn ModelListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let job: Option<JobId> = routes::query("job");
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {role::may(Action::EditModels).then(|| view! {
                <a class="button button-primary" href=routes::new_model(project)>{text::register(l)}</a>
            })}
        </PageHeader>
        {job.map(|job| view! { <h2>{text::registering(l)}</h2> <JobProgress project job then=routes::models(project)/> })}
        {load(list_models(project), move |models| table(project, models))}
    }
    .into_any()
}

fn table(project: ProjectId, models: Vec<Model>) -> impl IntoView {
    let l = lang();
    if models.is_empty() {
        if !role::may(Action::EditModels) {
            return view! { <Empty title=text::none_title(l) hint=text::none_hint_reader(l)/> }.into_any();
        }
        return view! {
            <Empty title=text::none_title(l) hint=text::none_hint(l)>
                <a class="button" href=routes::new_model(project)>{text::register(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let rows = models.into_iter().map(|m| {
        let runs = u64::try_from(m.runs).unwrap_or(0);
        view! {
            <tr>
                <th scope="row"><a href=routes::model(project, m.id)><bdi>{m.name}</bdi></a></th>
                <td>{m.card.architecture}</td>
                <td class="num">{count(m.card.parameters, l)}</td>
                <td class="num">{integer(m.card.context_length.into())}</td>
                <td>{m.card.quantization}</td>
                <td class="num">{bytes(m.card.size_bytes)}</td>
                <td class="prose">{m.card.licence.unwrap_or_else(|| text::licence_unknown(l).to_owned())}</td>
                <td class="num">{integer(runs)}</td>
                <td class="nowrap"><Time at=m.created_at/></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::name(l)}</th>
                        <th scope="col">{text::architecture(l)}</th>
                        <th scope="col" class="num">{text::parameters(l)}</th>
                        <th scope="col" class="num">{text::context(l)}</th>
                        <th scope="col">{text::quantization(l)}</th>
                        <th scope="col" class="num">{text::size(l)}</th>
                        <th scope="col">{text::licence(l)}</th>
                        <th scope="col" class="num">{text::runs(l)}</th>
                        <th scope="col">{text::registered(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
