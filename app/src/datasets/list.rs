//! The list of datasets.

use super::{api::list_datasets, text};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Field,
        format::{Time, integer},
        frame::PageHeader,
        load::load,
        notice::{Empty, not_applied},
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    dataset::DatasetSummary,
    id::{DatasetId, ProjectId},
    page::{DEFAULT_LIMIT, Page},
};
use leptos::prelude::*;

/// `/p/:project/datasets`
#[component]
pub fn DatasetListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let search = routes::query::<String>("search").unwrap_or_default();
    let after = routes::query::<DatasetId>("after");
    let found = list_datasets(project, search.clone(), after);
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {role::may(Action::Administer).then(|| view! { <a class="button button-quiet" href=routes::forget(project)>{text::forget(l)}</a> })}
            {role::may(Action::EditDatasets).then(|| view! {
                <a class="button" href=routes::merge_datasets(project)>{text::merge(l)}</a>
                <a class="button button-primary" href=routes::new_dataset(project)>{text::upload_data(l)}</a>
            })}
        </PageHeader>
        {not_applied([routes::misread::<DatasetId>("after")])}
        {load(found, move |page| content(project, search, after, page))}
    }
    .into_any()
}

fn content(project: ProjectId, search: String, after: Option<DatasetId>, page: Page<DatasetSummary>) -> impl IntoView {
    let l = lang();
    let url = routes::datasets(project);
    if page.items.is_empty() && search.is_empty() && after.is_none() {
        return none_yet(project).into_any();
    }
    let place = Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor: page.next_cursor };
    let encoded = routes::encode(&search);
    let address = |after: &str| match after {
        "" => format!("{url}?search={encoded}"),
        _ => format!("{url}?search={encoded}&after={after}"),
    };
    let pages = pager(address, "", &after.map(|a| a.to_string()).unwrap_or_default(), place);
    let body = if page.items.is_empty() {
        let all = url.clone();
        view! {
            <Empty title=text::nothing_found(l) hint=text::nothing_found_hint(l)>
                <a class="button" href=all>{text::show_all(l)}</a>
            </Empty>
        }
        .into_any()
    } else {
        table(project, page.items).into_any()
    };
    view! {
        <form class="filters" method="get" action=url.clone()>
            <Field id="search" label=text::search_names(l)>
                <input id="search" name="search" type="search" dir="auto" value=search/>
            </Field>
            <button class="button" type="submit">{text::search(l)}</button>
        </form>
        {body}
        {pages}
    }
    .into_any()
}

fn none_yet(project: ProjectId) -> impl IntoView {
    let l = lang();
    if !role::may(Action::EditDatasets) {
        return view! { <Empty title=text::none_title(l) hint=text::none_hint_reader(l)/> }.into_any();
    }
    view! {
        <Empty title=text::none_title(l) hint=text::none_hint(l)>
            <a class="button" href=routes::new_dataset(project)>{text::upload_data(l)}</a>
        </Empty>
    }
    .into_any()
}

fn table(project: ProjectId, datasets: Vec<DatasetSummary>) -> impl IntoView {
    let l = lang();
    let rows = datasets.into_iter().map(|d| {
        view! {
            <tr>
                <th scope="row"><a href=routes::dataset(project, d.id)><bdi>{d.name}</bdi></a></th>
                <td class="num" data-label=text::versions(l)>{integer(d.versions.into())}</td>
                <td class="num" data-label=text::samples(l)>{integer(d.samples)}</td>
                <td class="num" data-label=text::labels(l)>{(d.labels > 0).then(|| integer(d.labels))}</td>
                <td class="nowrap" data-label=text::updated(l)><Time at=d.updated_at/></td>
            </tr>
        }
    });
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::name(l)}</th>
                        <th scope="col" class="num">{text::versions(l)}</th>
                        <th scope="col" class="num">{text::samples(l)}</th>
                        <th scope="col" class="num">{text::labels(l)}</th>
                        <th scope="col">{text::updated(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
