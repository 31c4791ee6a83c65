//! What the person may do in the project whose page is shown: the project's frame says it once
//! ([`show_as`]), the pages inside ask ([`may`]), so that nobody is offered what the server would
//! refuse. The server functions check for themselves all the same.

use domain::access::{Action, Role, permits};
use leptos::prelude::{provide_context, use_context};

/// Tells the pages inside the frame in which role their reader is a member.
pub fn show_as(role: Role) {
    provide_context(role);
}

/// Whether the reader of this page may do `action` in its project.
#[must_use]
pub fn may(action: Action) -> bool {
    permits(use_context::<Role>(), None, action)
}
