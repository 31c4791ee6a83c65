//! The frame of a project's pages: top bar, navigation, and the page in it.

use super::{
    api::{Frame, find_frame},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{form::Refused, frame::TopBar, load::load_page},
};
use domain::id::ProjectId;
use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

/// Shows its page only to members.
#[component]
pub fn ProjectLayout() -> impl IntoView {
    let project = routes::param::<ProjectId>("project");
    let frame = async move { find_frame(project?).await };
    load_page(frame, |Frame { project, person }| {
        let l = lang();
        role::show_as(project.role);
        let (id, name) = (project.id, project.name.clone());
        view! {
            <TopBar person=person.name>
                <a class="topbar-link crumb-up" href=routes::PROJECTS>{text::projects(l)}</a>
                <span class="crumb-up" aria-hidden="true">"/"</span>
                <a class="topbar-link" href=routes::project(id) dir="auto" title=name.clone()>{name.clone()}</a>
            </TopBar>
            <details class="sidebar-menu">
                <summary>{text::menu(l)}</summary>
                <Navigation project=id/>
            </details>
            <div class="shell">
                <aside class="sidebar">
                    <p class="sidebar-project" dir="auto">{project.name}</p>
                    <Navigation project=id/>
                </aside>
                <main id="content" class="content"><Refused/><Outlet/></main>
            </div>
        }
    })
}

/// A heading, and the addresses and names below it.
type Group = (Option<&'static str>, Vec<(String, &'static str)>);

#[component]
fn Navigation(project: ProjectId) -> impl IntoView {
    let l = lang();
    let here = use_location().pathname.get_untracked();
    // Headings over what is done one after the other; the overview stands before all.
    let groups: [Group; 5] = [
        (None, vec![(routes::project(project), text::overview(l))]),
        (
            Some(text::group_data(l)),
            vec![
                (routes::datasets(project), text::datasets(l)),
                (routes::annotation(project), text::annotation(l)),
                (routes::bad_cases(project), text::bad_cases(l)),
            ],
        ),
        (
            Some(text::group_training(l)),
            vec![
                (routes::models(project), text::models(l)),
                (routes::runs(project), text::runs(l)),
                (routes::table(project), text::run_table(l)),
                (routes::sweeps(project), text::sweeps(l)),
                (routes::tracked_runs(project), text::tracked_runs(l)),
            ],
        ),
        (
            Some(text::group_evaluation(l)),
            vec![
                (routes::compare(project, &[]), text::compare(l)),
                (routes::suites(project), text::suites(l)),
                (routes::judges(project), text::judges(l)),
            ],
        ),
        (
            Some(text::group_project(l)),
            vec![(routes::reports(project), text::reports(l)), (routes::settings(project), text::settings(l))],
        ),
    ];
    let overview = routes::project(project);
    let groups = groups.map(|(heading, places)| {
        let places = places.into_iter().map(|(href, name)| {
            let current = is_current(&here, &href, &overview);
            view! { <li><a href=href aria-current=current>{name}</a></li> }
        });
        // A list of its own under each heading, which names it.
        view! {
            {heading.map(|heading| view! { <p class="nav-heading" aria-hidden="true">{heading}</p> })}
            <ul class="nav" aria-label=heading>{places.collect_view()}</ul>
        }
    });
    view! { <nav aria-label=text::navigation(l)>{groups.into_iter().collect_view()}</nav> }
}

/// `page` for the very page, `true` for one below it. The overview has no pages below it: its
/// address begins all others.
fn is_current(here: &str, place: &str, overview: &str) -> Option<&'static str> {
    let place = place.split('?').next().unwrap_or_default();
    let below = here.trim_end_matches('/').strip_prefix(place)?;
    match below {
        "" => Some("page"),
        _ if below.starts_with('/') && place != overview => Some("true"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_current;

    #[test]
    fn the_overview_is_not_current_on_pages_below_it() {
        assert_eq!(is_current("/p/1/", "/p/1", "/p/1"), Some("page"));
        assert_eq!(is_current("/p/1/runs/2", "/p/1", "/p/1"), None);
        assert_eq!(is_current("/p/1/runs/2", "/p/1/runs", "/p/1"), Some("true"));
        assert_eq!(is_current("/p/1/compare", "/p/1/compare?runs=", "/p/1"), Some("page"));
        assert_eq!(is_current("/p/1/models", "/p/1/runs", "/p/1"), None);
    }
}
