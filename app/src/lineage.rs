//! The graph of what led to what: file → version → run → evaluation → bad case → corrected sample → version. Drawn as an
//! SVG whose nodes are links, and listed as text for screen readers and narrow screens.

pub mod api;
mod drawing;
mod layout;
pub mod text;

use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        frame::PageHeader,
        load::load,
        notice::{Empty, not_applied},
    },
};
use api::get_lineage;
use domain::{
    id::ProjectId,
    lineage::{Lineage, Node, NodeId},
};
use leptos::prelude::*;

/// `/p/:project/lineage?of=KIND:ID`.
#[component]
pub fn LineagePage() -> impl IntoView {
    let l = lang();
    let project = routes::param::<ProjectId>("project");
    let Some(item) = routes::query::<NodeId>("of") else {
        return view! {
            <PageHeader title=text::title(l) lead=text::lead(l)/>
            {not_applied([routes::misread::<NodeId>("of")])}
            <Empty title=text::choose(l) hint=text::choose_hint(l)/>
        }
        .into_any();
    };
    let data = async move {
        let project = project?;
        Ok::<_, AppError>((project, get_lineage(project, item).await?))
    };
    load(data, |(project, lineage)| page(project, &lineage)).into_any()
}

fn page(project: ProjectId, lineage: &Lineage) -> impl IntoView + use<> {
    let l = lang();
    let item = lineage.nodes.iter().find(|node| node.id == lineage.of);
    let name = item.map(|node| text::node(l, node)).unwrap_or_default();
    let open = item.map(|node| address(project, node));
    let json = format!("/api/v1/projects/{project}/lineage?of={}", lineage.of);
    view! {
        <PageHeader title=text::title_of(l, &name) lead=text::lead(l)>
            <a class="button button-quiet" href=json download="lineage.json">"JSON"</a>
            {open.map(|href| view! { <a class="button" href=href>{text::open(l)}</a> })}
        </PageHeader>
        {lineage.is_cut.then(|| view! { <p class="notice notice-warn" role="status">{text::cut(l)}</p> })}
        {drawing::drawing(project, lineage)}
        {list(project, lineage)}
    }
}

/// The page of what a node stands for.
fn address(project: ProjectId, node: &Node) -> String {
    let lineage = || routes::lineage_of(project, &node.id);
    match &node.id {
        // A file has no page of its own.
        NodeId::File(_) => lineage(),
        NodeId::Version(_) => match (node.dataset_id, node.number) {
            (Some(dataset), Some(number)) => routes::version(project, dataset, number.cast_signed()),
            _ => lineage(),
        },
        NodeId::Run(id) => routes::run(project, *id),
        NodeId::Evaluation(_) => node.run_id.map_or_else(lineage, |run| routes::evaluation(project, run)),
        NodeId::BadCase(id) => routes::bad_case(project, *id),
        NodeId::Sample(id) => match (node.dataset_id, node.version_number) {
            (Some(dataset), Some(number)) => routes::explored_sample(project, dataset, number, *id),
            _ => lineage(),
        },
    }
}

/// The same graph in words, generation by generation: each with what led to it.
fn list(project: ProjectId, lineage: &Lineage) -> impl IntoView + use<> {
    let l = lang();
    let name = |id: &NodeId| lineage.nodes.iter().find(|node| node.id == *id).map(|node| text::node(l, node));
    let rows = lineage.nodes.iter().map(|node| {
        let from: Vec<_> =
            lineage.edges.iter().filter(|edge| edge.to == node.id).filter_map(|edge| name(&edge.from)).collect();
        let from = from.join(", ");
        let is_item = node.id == lineage.of;
        view! {
            <tr aria-current=is_item.then_some("true")>
                <td data-label=text::kind_word(l)>{text::kind(l, &node.id)}</td>
                <th scope="row"><a href=address(project, node)><bdi>{text::node(l, node)}</bdi></a></th>
                <td data-label=text::state_word(l)>{text::detail(l, node)}</td>
                <td dir="auto" data-label=text::from_word(l)>{from}</td>
                <td><a class="button button-small button-quiet" href=routes::lineage_of(project, &node.id)>{text::this_lineage(l)}</a></td>
            </tr>
        }
    });
    view! {
        <section class="card">
            <h2>{text::as_list(l)}</h2>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead>
                        <tr>
                            <th scope="col">{text::kind_word(l)}</th>
                            <th scope="col">{text::name_word(l)}</th>
                            <th scope="col">{text::state_word(l)}</th>
                            <th scope="col">{text::from_word(l)}</th>
                            <th scope="col"></th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
