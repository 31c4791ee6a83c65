//! The sign-in page.

use super::{api::SignIn, text};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::{failure, posted},
        frame::{PageHeader, PlainPage},
        notice::{FormProblem, Problem},
    },
};
use leptos::{form::ActionForm, prelude::*};

/// Signs in and goes on to the page that asked for it.
#[component]
pub fn SignInPage() -> impl IntoView {
    let l = lang();
    let next = routes::query::<String>("next").unwrap_or_default();
    let problem = posted(ServerAction::<SignIn>::new()).map(|error| view! { <Problem error/> });
    view! {
        <PlainPage>
            <div class="plain-narrow stack">
                <PageHeader title=text::sign_in_title(l)/>
                {problem}
                <SignInForm next/>
                <p class="muted">{text::no_account(l)}</p>
            </div>
        </PlainPage>
    }
}

#[island]
fn SignInForm(next: String) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<SignIn>::new();
    let busy = action.pending();
    view! {
        <ActionForm action attr:class="card">
            <FormProblem error=failure(action)/>
            <input type="hidden" name="next" value=next/>
            <Field id="email" label=text::email(l)>
                <input id="email" name="email" type="email" autocomplete="username" required autofocus maxlength="254"/>
            </Field>
            <Field id="password" label=text::password(l)>
                <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"/>
            </Field>
            <button class="button button-primary" type="submit" disabled=busy>{text::sign_in(l)}</button>
        </ActionForm>
    }
}
