//! The data card of a version: facts on record, for people who use the data or the models trained on them. The page and the
//! Markdown show the same [`facts::sections`].

pub mod api;
pub mod facts;
pub mod markdown;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{frame::PageHeader, load::load},
};
use api::get_card;
use domain::{access::Action, card::DataCard, id::ProjectId};
use facts::{Fact, Section, sections};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/card`.
#[component]
pub fn CardPage() -> impl IntoView {
    let asked = || -> Result<_, AppError> {
        Ok((routes::param("project")?, routes::param("dataset")?, routes::param("number")?))
    };
    let asked = asked();
    let data = async move {
        let (project, dataset, number) = asked?;
        Ok::<_, AppError>((project, get_card(project, dataset, number).await?))
    };
    load(data, |(project, card)| page(project, &card))
}

fn page(project: ProjectId, card: &DataCard) -> impl IntoView + use<> {
    let l = lang();
    let api = format!("/api/v1/projects/{project}/versions/{}/card", card.version_id);
    let to_version = routes::version(project, card.dataset_id, card.number.cast_signed());
    let edit = format!("{}#settings", routes::dataset(project, card.dataset_id));
    let incomplete = card.description.is_empty() || card.license.is_empty();
    let missing = (incomplete && role::may(Action::EditDatasets)).then(|| {
        view! { <p class="notice">{text::incomplete(l)} " " <a href=edit>{text::edit(l)}</a></p> }
    });
    let shown = sections(l, project, card).into_iter().map(section).collect_view();
    view! {
        <PageHeader title=text::title(l, &card.name, card.number) lead=card.description.clone()>
            <a class="button button-quiet" href=format!("{api}.json")>"JSON"</a>
            <a class="button button-quiet" href=format!("{api}.md") download>"Markdown"</a>
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {missing}
        <div class="stack">{shown}</div>
    }
}

fn section(section: Section) -> impl IntoView {
    let facts = section.facts.into_iter().map(|Fact { label, value, href }| {
        let value = match href {
            Some(href) => view! { <a href=href>{value}</a> }.into_any(),
            None => value.into_any(),
        };
        view! { <div><dt dir="auto">{label}</dt><dd dir="auto">{value}</dd></div> }
    });
    view! {
        <section class="card">
            <h2>{section.title}</h2>
            <dl class="meta">{facts.collect_view()}</dl>
        </section>
    }
}
