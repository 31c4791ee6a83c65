//! The account page: name, password, signed-in browsers, API tokens.

use super::{
    api::{ChangePassword, RenameMe, SignOut, me},
    sessions::Sessions,
    text,
    tokens::Tokens,
};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::{PageHeader, PlainPage},
        load::load_page,
    },
};
use domain::people::Person;
use leptos::{form::ActionForm, prelude::*};

/// Everything a person decides about their own account.
#[component]
pub fn AccountPage() -> impl IntoView {
    load_page(me(), |person| {
        view! {
            <PlainPage person=person.name.clone()>
                <Header person=person.clone()/>
                <Done/>
                <Name name=person.name/>
                <Password email=person.email/>
                <Sessions/>
                <Tokens/>
            </PlainPage>
        }
    })
}

#[component]
fn Header(person: Person) -> impl IntoView {
    let l = lang();
    view! {
        <PageHeader title=text::account_title(l) lead=text::account_of(l, person.email)>
            {person.is_admin.then(|| view! { <span class="badge badge-quiet">{text::administrator(l)}</span> })}
            <ActionForm action={ServerAction::<SignOut>::new()}>
                <button class="button" type="submit">{text::sign_out(l)}</button>
            </ActionForm>
        </PageHeader>
    }
}

/// What the form before this page has done.
#[component]
fn Done() -> impl IntoView {
    let l = lang();
    let message = match routes::query::<String>("done").as_deref() {
        Some("name") => Some(text::saved(l)),
        Some("password") => Some(text::password_changed(l)),
        _ => None,
    };
    message.map(|message| view! { <p class="notice notice-good" role="status">{message}</p> })
}

#[component]
fn Name(name: String) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<RenameMe>::new();
    view! {
        <section class="card">
            <PostForm action>
                <Field id="name" label=text::name(l) help=text::name_help(l)>
                    <input id="name" name="name" autocomplete="name" required maxlength="200" value=name aria-describedby="name-help"/>
                </Field>
                <button class="button" type="submit">{text::save(l)}</button>
            </PostForm>
        </section>
    }
}

#[component]
fn Password(email: String) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<ChangePassword>::new();
    view! {
        <section class="card">
            <h2>{text::password_title(l)}</h2>
            <PostForm action>
                <input class="visually-hidden" name="username" autocomplete="username" value=email tabindex="-1" aria-hidden="true" readonly/>
                <div class="field-row">
                    <Field id="current_password" label=text::current_password(l)>
                        <input id="current_password" name="current_password" type="password" autocomplete="current-password" required maxlength="256"/>
                    </Field>
                    <Field id="new_password" label=text::new_password(l) help=text::password_help(l)>
                        <input id="new_password" name="new_password" type="password" autocomplete="new-password" required minlength="12" maxlength="256" aria-describedby="new_password-help"/>
                    </Field>
                </div>
                <div class="actions">
                    <button class="button" type="submit">{text::change_password(l)}</button>
                    <span class="muted">{text::others_end(l)}</span>
                </div>
            </PostForm>
        </section>
    }
}
