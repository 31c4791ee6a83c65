//! Lists to choose from that several forms have: causes of both kinds, people, severities.

use super::text;
use crate::ui::format::shortened;
use domain::{
    badcase::{
        Cause, Severity,
        taxonomy::{OwnCause, tree},
    },
    id::{CauseId, UserId},
    lang::Lang,
};
use leptos::prelude::*;

/// Before a built-in kind and before a cause of the project's own, where one list has both.
const KIND: &str = "kind:";
const OWN: &str = "own:";

/// What was chosen of a list with kinds and own causes.
#[cfg(feature = "ssr")]
pub(super) fn chosen_cause(value: &str) -> (Option<Cause>, Option<CauseId>) {
    let kind = value.strip_prefix(KIND).and_then(|kind| kind.parse().ok());
    (kind, value.strip_prefix(OWN).and_then(|id| id.parse().ok()))
}

/// The five kinds, each with the project's own causes below it.
pub(super) fn all_causes(causes: &[OwnCause], l: Lang) -> AnyView {
    let groups = Cause::ALL.map(|kind| {
        let own = tree(causes, kind).into_iter().filter(|(_, c)| !c.archived).map(|(depth, cause)| {
            view! { <option value=format!("{OWN}{}", cause.id)>{indented(depth, &cause.name)}</option> }
        });
        let own = own.collect_view();
        view! {
            <optgroup label=text::cause_name(l, kind)>
                <option value=format!("{KIND}{}", kind.as_str())>{text::cause_name(l, kind)}</option>
                {own}
            </optgroup>
        }
    });
    groups.collect_view().into_any()
}

/// The project's own causes by kind. Archived ones are left out, but for the one that is chosen.
pub(super) fn own_causes(causes: &[OwnCause], chosen: Option<CauseId>, l: Lang) -> AnyView {
    let groups = Cause::ALL.into_iter().filter_map(|kind| {
        let own: Vec<_> = tree(causes, kind).into_iter().filter(|(_, c)| !c.archived || Some(c.id) == chosen).collect();
        (!own.is_empty()).then(|| {
            let options = own.into_iter().map(|(depth, c)| {
                let selected = Some(c.id) == chosen;
                view! { <option value=c.id.to_string() selected=selected>{indented(depth, &c.name)}</option> }
            });
            view! { <optgroup label=text::cause_name(l, kind)>{options.collect_view()}</optgroup> }
        })
    });
    groups.collect_view().into_any()
}

/// How deep a cause lies can be seen.
fn indented(depth: usize, name: &str) -> String {
    format!("{}{}", "\u{2003}".repeat(depth), shortened(name))
}

/// Members of the project.
pub(super) fn people(people: &[(UserId, String)], chosen: Option<UserId>) -> AnyView {
    let options = people.iter().map(|(id, name)| {
        let selected = Some(*id) == chosen;
        view! { <option value=id.to_string() selected=selected>{shortened(name)}</option> }
    });
    options.collect_view().into_any()
}

/// The four severities.
pub(super) fn severities(chosen: Option<Severity>, l: Lang) -> AnyView {
    let options = Severity::ALL.map(|s| {
        view! { <option value=s.as_str() selected={chosen == Some(s)}>{text::severity_name(l, s)}</option> }
    });
    options.collect_view().into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_kind_or_an_own_cause() {
        let id = CauseId::new();
        assert_eq!(chosen_cause("kind:data"), (Some(Cause::Data), None));
        assert_eq!(chosen_cause(&format!("own:{id}")), (None, Some(id)));
        assert_eq!(chosen_cause(""), (None, None));
        assert_eq!(chosen_cause("kind:nothing"), (None, None));
    }
}
