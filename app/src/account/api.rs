//! Server functions of the account pages.

use crate::error::AppError;
use domain::{
    access::TokenScope,
    id::TokenId,
    people::{InvitationOffer, Person, Project, SessionInfo, TokenInfo},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, password, routes, session, text::lang, words},
    domain::{
        account::{AccountError, Email, check_password, parse_name},
        id::{ProjectId, UserId},
    },
    leptos_axum::redirect,
    store::{
        PgPool,
        invitations::Guest,
        throttle::{self, Key},
    },
};

/// Signs in and goes on to `next`.
#[server]
pub async fn sign_in(email: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    let db = api::services()?.db;
    let email = Email::parse(&email).map_err(|_| AppError::Conflict(text::wrong(lang()).to_owned()))?;
    let user = guess(&db, &email, &password).await?;
    let user = user.ok_or_else(|| AppError::Conflict(text::wrong(lang()).to_owned()))?;
    session::start(user).await?;
    redirect(routes::safe_next(&next));
    Ok(())
}

/// The user whose password this is. Throttled; an unknown address costs as much as a known one.
#[cfg(feature = "ssr")]
async fn guess(db: &PgPool, email: &Email, password: &str) -> Result<Option<UserId>, AppError> {
    let keys = [Key::account(email.as_str()), Key::address(&api::client_network()?)];
    let turn = password::turn().await?;
    if throttle::is_blocked(db, &keys).await? {
        return Err(AppError::Throttled);
    }
    let (user, hash) = store::users::credentials(db, email).await?.unzip();
    if turn.verify(hash, password).await? {
        throttle::clear(db, &keys[0]).await?;
        Ok(user)
    } else {
        throttle::record(db, &keys).await?;
        Ok(None)
    }
}

/// Ends this browser's session.
#[server]
pub async fn sign_out() -> Result<(), AppError> {
    session::end().await?;
    redirect(routes::SIGN_IN);
    Ok(())
}

/// What an invitation link offers, and who looks at it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offered {
    /// `None` when the link is not good any more.
    pub offer: Option<InvitationOffer>,
    pub person: Option<Person>,
}

/// Looks at an invitation link.
#[server]
pub async fn find_invitation(secret: String) -> Result<Offered, AppError> {
    let db = api::services()?.db;
    let offer = store::invitations::offer(&db, &secret).await?;
    let person = match api::caller() {
        Ok(caller) => store::users::get(&db, caller.user_id).await?,
        Err(_) => None,
    };
    Ok(Offered { offer, person })
}

/// Accepts an invitation: as the person signed in, else as the owner of `email`, whose account is
/// made if there is none. Signs in.
#[server]
pub async fn accept_invitation(
    secret: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let db = api::services()?.db;
    let void = || AppError::Conflict(text::invalid_title(lang()).to_owned());
    let offer = store::invitations::offer(&db, &secret).await?.ok_or_else(void)?;
    let accepted = if let Ok(caller) = api::in_person() {
        check_offer_is_for(&db, &offer, caller.user_id).await?;
        store::invitations::accept(&db, &secret, Guest::Member(caller.user_id)).await?.ok_or_else(void)?
    } else {
        let email = if offer.email.is_empty() { email } else { offer.email };
        let accepted = accept_by_password(&db, &secret, &name, &email, &password).await?.ok_or_else(void)?;
        session::start(accepted.user).await?;
        accepted
    };
    redirect(&accepted.project.map_or(routes::PROJECTS.to_owned(), routes::project));
    Ok(())
}

/// A set-up link makes a new account, and an invitation to one address is for that address.
#[cfg(feature = "ssr")]
async fn check_offer_is_for(db: &PgPool, offer: &InvitationOffer, user: UserId) -> Result<(), AppError> {
    let person = store::users::get(db, user).await?.ok_or(AppError::SignIn)?;
    if offer.is_setup {
        Err(AppError::Conflict(text::setup_signed_in(lang()).to_owned()))
    } else if !offer.email.is_empty() && offer.email != person.email {
        Err(AppError::Conflict(text::other_address(lang(), &offer.email)))
    } else {
        Ok(())
    }
}

#[cfg(feature = "ssr")]
async fn accept_by_password(
    db: &PgPool,
    secret: &str,
    name: &str,
    email: &str,
    password: &str,
) -> Result<Option<store::invitations::Accepted>, AppError> {
    let email = Email::parse(email).map_err(|e| invalid("email", e))?;
    if store::users::credentials(db, &email).await?.is_some() {
        let taken = || AppError::invalid("password", text::email_taken(lang()));
        let user = guess(db, &email, password).await?.ok_or_else(taken)?;
        return Ok(store::invitations::accept(db, secret, Guest::Member(user)).await?);
    }
    let name = parse_name(name).map_err(|e| invalid("name", e))?;
    check_password(password).map_err(|e| invalid("password", e))?;
    let password_hash = &password::turn().await?.hash(password).await?;
    Ok(store::invitations::accept(db, secret, Guest::New { email: &email, name: &name, password_hash }).await?)
}

#[cfg(feature = "ssr")]
fn invalid(field: &str, e: AccountError) -> AppError {
    AppError::invalid(field, words::account_problem(lang(), e))
}

/// Who is signed in.
#[server]
pub async fn me() -> Result<Person, AppError> {
    let caller = api::in_person()?;
    store::users::get(&api::services()?.db, caller.user_id).await?.ok_or(AppError::SignIn)
}

/// Changes the name that others see.
#[server]
pub async fn rename_me(name: String) -> Result<(), AppError> {
    let caller = api::in_person()?;
    let name = parse_name(&name).map_err(|e| invalid("name", e))?;
    store::users::rename(&api::services()?.db, caller.user_id, &name).await?;
    redirect(&format!("{}?done=name", routes::ACCOUNT));
    Ok(())
}

/// Changes the password; every other session ends.
#[server]
pub async fn change_password(current_password: String, new_password: String) -> Result<(), AppError> {
    let user = api::in_person()?.user_id;
    let db = api::services()?.db;
    check_password(&new_password).map_err(|e| invalid("new_password", e))?;
    let turn = password::turn().await?;
    if !api::is_password_of(&db, &turn, user, &current_password).await? {
        return Err(AppError::invalid("current_password", text::wrong_current(lang())));
    }
    store::users::set_password_hash(&db, user, &turn.hash(&new_password).await?).await?;
    store::sessions::revoke_others(&db, user, None).await?;
    session::start(user).await?;
    redirect(&format!("{}?done=password", routes::ACCOUNT));
    Ok(())
}

/// The browsers I am signed in with.
#[server]
pub async fn my_sessions() -> Result<Vec<SessionInfo>, AppError> {
    let caller = api::in_person()?;
    let current = session::id()?;
    Ok(store::sessions::of_user(&api::services()?.db, caller.user_id, current.as_deref()).await?)
}

/// Signs one of my browsers out.
#[server]
pub async fn revoke_session(handle: String) -> Result<(), AppError> {
    let caller = api::in_person()?;
    store::sessions::revoke(&api::services()?.db, caller.user_id, &handle).await?;
    redirect(routes::ACCOUNT);
    Ok(())
}

/// Key of the message with a new token's secret.
#[cfg(feature = "ssr")]
const NEW_TOKEN: &str = "new_token";

/// My tokens, the projects a new one may be bound to, and the secret of one just made, which is
/// handed over once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tokens {
    pub tokens: Vec<TokenInfo>,
    pub projects: Vec<Project>,
    pub fresh: Option<String>,
}

/// My API tokens.
#[server]
pub async fn my_tokens() -> Result<Tokens, AppError> {
    let caller = api::in_person()?;
    let db = api::services()?.db;
    let tokens = store::tokens::of_user(&db, caller.user_id).await?;
    let projects = store::projects::of_user(&db, caller.user_id).await?;
    Ok(Tokens { tokens, projects, fresh: session::take(NEW_TOKEN).await? })
}

/// Makes an API token; the account page shows its secret once. `project` is empty for all.
#[server]
pub async fn create_token(
    name: String,
    scope: TokenScope,
    #[server(default)] project: String,
    days: i32,
) -> Result<(), AppError> {
    let user = api::in_person()?.user_id;
    let db = api::services()?.db;
    let name = parse_name(&name).map_err(|e| invalid("name", e))?;
    if !(1..=366).contains(&days) {
        return Err(AppError::invalid("days", text::token_days_problem(lang())));
    }
    let project: Option<ProjectId> = match project.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| AppError::NotFound)?),
    };
    if let Some(id) = project {
        let stranger = || AppError::invalid("project", text::token_project_problem(lang()));
        store::projects::get(&db, id, user).await?.ok_or_else(stranger)?;
    }
    let new = store::tokens::NewToken { user, name: &name, scope, project, days };
    let (_, secret) = store::tokens::create(&db, new).await?;
    session::leave(NEW_TOKEN, &secret).await?;
    redirect(&format!("{}#tokens", routes::ACCOUNT));
    Ok(())
}

/// Revokes one of my tokens.
#[server]
pub async fn revoke_token(token: TokenId) -> Result<(), AppError> {
    let caller = api::in_person()?;
    store::tokens::revoke(&api::services()?.db, caller.user_id, token).await?;
    redirect(&format!("{}#tokens", routes::ACCOUNT));
    Ok(())
}
