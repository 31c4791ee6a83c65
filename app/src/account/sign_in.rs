//! The sign-in page.

use super::{api::SignIn, text};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::{PageHeader, PlainPage},
    },
};
use leptos::prelude::*;

/// Signs in and goes on to the page that asked for it.
#[component]
pub fn SignInPage() -> impl IntoView {
    let l = lang();
    let next = routes::query::<String>("next").unwrap_or_default();
    view! {
        <PlainPage>
            <div class="plain-narrow stack">
                <PageHeader title=text::sign_in_title(l)/>
                <PostForm action={ServerAction::<SignIn>::new()} class="card">
                    <input type="hidden" name="next" value=next/>
                    <Field id="email" label=text::email(l)>
                        <input id="email" name="email" type="email" autocomplete="username" required autofocus maxlength="254"/>
                    </Field>
                    <Field id="password" label=text::password(l)>
                        <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"/>
                    </Field>
                    <button class="button button-primary" type="submit">{text::sign_in(l)}</button>
                </PostForm>
                <p class="muted">{text::no_account(l)}</p>
            </div>
        </PlainPage>
    }
}
