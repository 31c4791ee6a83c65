//! Signing in, invitations, and a person's own settings.

use leptos::prelude::*;

/// Page.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn InvitationPage() -> impl IntoView {
    view! { <p></p> }
}

/// Page.
#[component]
pub fn AccountPage() -> impl IntoView {
    view! { <p></p> }
}
