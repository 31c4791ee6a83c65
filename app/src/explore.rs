//! Exploring a version of any size: search, facets, pages, single samples with their history, tags, and the looks at its
//! sealed test split. All state is in the address.

mod address;
pub mod api;
mod facets;
mod rows;
mod sample;
mod sealed;
mod search;
pub mod text;
mod window;

pub use sample::SamplePage;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        form::PostForm,
        format::integer,
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::{Empty, not_applied},
    },
};
use address::{Asked, Place};
use api::{BuildIndex, ExploreView, explore};
use domain::{access::Action, explore::Found, id::ScoringId};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/explore`.
#[component]
pub fn ExplorePage() -> impl IntoView {
    let place = place();
    let (asked, odd) = Asked::of_address();
    let wanted = asked.clone();
    let data = async move {
        let place = place?;
        Ok::<_, AppError>((place, explore(place.project, place.dataset, place.number, wanted).await?))
    };
    load(data, move |(place, view)| page(place, asked, odd, view))
}

fn place() -> Result<Place, AppError> {
    Ok(Place {
        project: routes::param("project")?,
        dataset: routes::param("dataset")?,
        number: routes::param("number")?,
    })
}

fn page(place: Place, asked: Asked, odd: Vec<String>, view: ExploreView) -> impl IntoView {
    let l = lang();
    let ExploreView { version, found, scorings, scoring, job, looking, looks } = view;
    let to_version = routes::version(place.project, place.dataset, place.number.cast_signed());
    let odd = (!odd.is_empty()).then(|| odd.join(", "));
    let body = match found {
        Some(found) => {
            let form = search::form(place, &asked, &scorings, scoring);
            let asked = Asked { scoring, ..asked };
            view! { {form} {results(place, &asked, &scorings, found, looking)} }.into_any()
        }
        None => building(place, job).into_any(),
    };
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, place.number) lead=text::lead(l)>
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {not_applied([odd])}
        {body}
        {(version.stats.test > 0).then(|| sealed::log(place, &version, looks))}
    }
}

/// What stands there until the index does.
fn building(place: Place, job: Option<domain::id::JobId>) -> impl IntoView {
    let l = lang();
    let again = role::may(Action::EditDatasets).then(|| {
        view! {
            <PostForm action={ServerAction::<BuildIndex>::new()}>
                {ids(place)}
                <button class="button button-small" type="submit">{text::build_again(l)}</button>
            </PostForm>
        }
    });
    view! {
        <section class="card">
            <h2>{text::building(l)}</h2>
            <p>{text::building_help(l)}</p>
            {again}
        </section>
        {job.map(|job| view! { <JobProgress project=place.project job then=place.list(&Asked::default())/> })}
    }
}

/// The version that a form is about.
fn ids(place: Place) -> impl IntoView {
    view! {
        <input type="hidden" name="project" value=place.project.to_string()/>
        <input type="hidden" name="dataset" value=place.dataset.to_string()/>
        <input type="hidden" name="number" value=place.number.to_string()/>
    }
}

fn results(
    place: Place,
    asked: &Asked,
    scorings: &[(ScoringId, String)],
    found: Found,
    looking: bool,
) -> impl IntoView + use<> {
    let l = lang();
    let total = if found.is_exact {
        text::found(l, integer(found.total))
    } else {
        text::found_at_least(l, integer(found.total))
    };
    let edit = (role::may(Action::EditDatasets) && found.total > 0).then(|| {
        let href = format!("{}{}", routes::bulk_edit(place.project, place.dataset, place.number), asked.selection());
        view! { " " <a class="button button-small" href=href>{text::edit_these(l)}</a> }
    });
    let list = if found.items.is_empty() {
        view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any()
    } else {
        window::window(place, asked, &found).into_any()
    };
    view! {
        {facets::chips(place, asked, scorings)}
        {looking.then(|| view! { <p class="notice notice-warn" role="status">{text::looking(l)}</p> })}
        {(found.sealed > 0).then(|| sealed::notice(place, asked, None, found.sealed))}
        <div class="explore">
            <aside class="explore-facets" aria-label=text::filters(l)>{facets::cards(place, asked, &found.facets)}</aside>
            <section class="stack">
                <p role="status"><strong>{total}</strong>{edit}</p>
                {list}
            </section>
        </div>
    }
}
