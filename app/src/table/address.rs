//! What the address of the table says, and the addresses of other views.

use crate::routes;
use domain::{
    id::{ProjectId, RowId, ViewId},
    table::{SavedView, Source, TableView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The kept view that it began with.
    pub view: Option<ViewId>,
    /// What it says itself; `None` where it is the kept view as it is.
    pub own: Option<TableView>,
    /// A column to be shown too.
    pub add: String,
    /// Rows before this page.
    pub offset: u64,
}

/// What this page's address asks for.
pub(super) fn asked() -> Ask {
    let map = use_query_map().get_untracked();
    let view = routes::query::<ViewId>("view");
    // Without `own`, a kept view stands in the address by its id alone.
    let is_own = view.is_none() || map.get("own").is_some();
    // The form that groups has a list for each of the two columns.
    let says = |name: &str| match (name, map.get("group2")) {
        ("group", Some(second)) => Some(format!("{},{second}", map.get(name).unwrap_or_default())),
        _ => map.get(name),
    };
    Ask {
        view,
        own: is_own.then(|| TableView::of_address(says)),
        add: map.get("add").unwrap_or_default(),
        offset: routes::query("cursor").unwrap_or_default(),
    }
}

/// The place of the page: its project, and the view that it shows.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) project: ProjectId,
    pub(super) saved: Option<SavedView>,
    pub(super) state: TableView,
}

impl Here {
    /// The address of another view, as short as it can be.
    pub(super) fn to(&self, state: &TableView) -> String {
        let begin = routes::table(self.project);
        match &self.saved {
            Some(saved) if saved.state == *state => format!("{begin}?view={}", saved.id),
            _ => format!("{begin}?{}", joined(&self.pairs(state))),
        }
    }

    /// The address of this view at other rows.
    pub(super) fn at(&self, cursor: &str) -> String {
        let here = self.to(&self.state);
        if cursor.is_empty() { here } else { format!("{here}&cursor={cursor}") }
    }

    fn pairs(&self, state: &TableView) -> Vec<(&'static str, String)> {
        let saved = self.saved.iter().flat_map(|v| [("view", v.id.to_string()), ("own", "1".to_owned())]);
        saved.chain(state.address()).collect()
    }

    /// The hidden fields of a form that changes the fields `without` of this view.
    pub(super) fn hidden(&self, without: &[&str]) -> impl IntoView + use<> {
        let pairs = self.pairs(&self.state).into_iter().filter(|(name, _)| !without.contains(name));
        pairs.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
    }

    /// What the REST API is asked for the same.
    pub(super) fn rest(&self, path: &str) -> String {
        let pairs = self.state.address();
        let known = ["filter", "sort", "group", "columns", "pins", "hidden", "archived"];
        let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| known.contains(name)).collect();
        format!("/api/v1/projects/{}/{path}?{}", self.project, joined(&pairs))
    }
}

fn joined(pairs: &[(&str, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", routes::encode(value))).collect::<Vec<_>>().join("&")
}

/// The page of a run.
pub(super) fn run(project: ProjectId, source: Source, id: RowId) -> String {
    match source {
        Source::Lathe => routes::run(project, domain::id::RunId(id.0)),
        Source::Mlflow => routes::tracked_run(project, domain::id::TrackedRunId(id.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::table::Sort;

    #[test]
    fn a_kept_view_has_a_short_address_until_it_is_changed() {
        let state = TableView { filter: "status = failed".to_owned(), ..TableView::default() };
        let id = ViewId::new();
        let saved = SavedView {
            id,
            name: "Failed".to_owned(),
            is_shared: true,
            state: state.clone(),
            revision: 0,
            created_by: "Ada".to_owned(),
            is_own: true,
            updated_at: time::OffsetDateTime::UNIX_EPOCH,
        };
        let project = ProjectId::new();
        let here = Here { project, saved: Some(saved), state: state.clone() };
        assert_eq!(here.to(&state), format!("/p/{project}/table?view={id}"));
        let sorted = TableView { sort: Sort::of("-name"), ..state };
        assert_eq!(
            here.to(&sorted),
            format!("/p/{project}/table?view={id}&own=1&filter=status%20%3D%20failed&sort=-name")
        );
        let plain = Here { project, saved: None, state: TableView::default() };
        assert_eq!(plain.at("50"), format!("/p/{project}/table?&cursor=50"));
    }
}
