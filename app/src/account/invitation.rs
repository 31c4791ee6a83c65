//! The page behind a set-up or invitation link.

use super::{
    api::{AcceptInvitation, Offered, find_invitation},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::{PageHeader, PlainPage},
        load::load,
        notice::Empty,
    },
    words,
};
use domain::people::InvitationOffer;
use leptos::{either::EitherOf3, form::ActionForm, prelude::*};

/// Makes an account, or joins a project with an account.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let secret = routes::param::<String>("secret").unwrap_or_default();
    let offered = find_invitation(secret.clone());
    view! {
        <PlainPage>
            <div class="plain-narrow stack">{load(offered, move |offered| view! { <Offer secret offered/> })}</div>
        </PlainPage>
    }
}

#[component]
fn Offer(secret: String, offered: Offered) -> impl IntoView {
    let l = lang();
    let Offered { offer, person } = offered;
    let Some(offer) = offer else {
        return EitherOf3::A(view! { <Empty title=text::invalid_title(l) hint=text::invalid_hint(l)/> });
    };
    let (title, lead) = header(&offer);
    match person {
        Some(person) => EitherOf3::B(view! {
            <PageHeader title lead/>
            <ActionForm action={ServerAction::<AcceptInvitation>::new()} attr:class="card">
                <p>{text::join_as(l, person.name)}</p>
                <input type="hidden" name="secret" value=secret/>
                <button class="button button-primary" type="submit">{text::join(l)}</button>
            </ActionForm>
        }),
        None => EitherOf3::C(view! {
            <PageHeader title lead/>
            <AccountForm secret email=offer.email has_account=offer.has_account is_setup=offer.is_setup/>
        }),
    }
}

fn header(offer: &InvitationOffer) -> (&'static str, String) {
    let l = lang();
    let lead = offer
        .project
        .as_ref()
        .zip(offer.role)
        .map(|(project, role)| text::invited_to(l, project, words::role(l, role)));
    if offer.is_setup {
        (text::setup_title(l), text::setup_lead(l).to_owned())
    } else {
        (text::invitation_title(l), lead.unwrap_or_default())
    }
}

/// Name, address and password; of an account that exists only the password.
#[component]
fn AccountForm(
    secret: String,
    /// Empty when the person chooses it.
    email: String,
    has_account: bool,
    is_setup: bool,
) -> impl IntoView {
    let l = lang();
    let fixed = !email.is_empty();
    let hint = if has_account { Some(text::has_account(l)) } else { (!is_setup).then_some(text::already(l)) };
    let submit = if has_account { text::join(l) } else { text::create_account(l) };
    view! {
        <PostForm action={ServerAction::<AcceptInvitation>::new()} class="card">
            {hint.map(|hint| view! { <p class="muted">{hint}</p> })}
            <input type="hidden" name="secret" value=secret/>
            {(!has_account).then(|| view! {
                <Field id="name" label=text::name(l) help=text::name_help(l)>
                    <input id="name" name="name" autocomplete="name" maxlength="200" required=is_setup aria-describedby="name-help"/>
                </Field>
            })}
            <Field id="email" label=text::email(l)>
                <input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value=email readonly=fixed/>
            </Field>
            <Field id="password" label=text::password(l) help=if has_account { "" } else { text::password_help(l) }>
                <input
                    id="password" name="password" type="password" required maxlength="256" aria-describedby="password-help"
                    autocomplete=if has_account { "current-password" } else { "new-password" }
                />
            </Field>
            <button class="button button-primary" type="submit">{submit}</button>
        </PostForm>
    }
}
