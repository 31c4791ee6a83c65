//! Who asks: a middleware that identifies the caller of each request, by session cookie or by
//! API token, and leaves a [`Caller`] in the request's extensions. It decides nothing: that
//! is `store::access::authorise`'s job.
//!
//! A token comes as `Bearer`, or as `Basic` in the place of a password beside its owner's e-mail
//! address, for programs that know nothing else. The account's own password opens no API.

use app::session::USER_KEY;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap,
        header::{AUTHORIZATION, USER_AGENT},
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{access::Caller, id::UserId};
use store::{PgPool, StoreError};
use tower_sessions::Session;

/// Left in the extensions where nobody could be asked who the caller is: that is not the caller's fault.
#[derive(Clone, Copy, Debug)]
pub struct Unidentified;

/// The middleware. A request without valid credentials goes on without a [`Caller`].
pub async fn identify(State(db): State<PgPool>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    match find(&db, request.headers(), session).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "failed to identify the caller");
            request.extensions_mut().insert(Unidentified);
        }
    }
    next.run(request).await
}

/// User name and password of Basic authentication (RFC 7617).
fn basic(encoded: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

/// The caller with this token, if it is this person's.
async fn owner_with_token(db: &PgPool, email: &str, token: &str) -> Result<Option<Caller>, StoreError> {
    let Some(caller) = store::tokens::caller(db, token).await? else { return Ok(None) };
    let person = store::users::get(db, caller.user_id).await?;
    Ok(person.filter(|person| person.email.eq_ignore_ascii_case(email)).map(|_| caller))
}

async fn find(db: &PgPool, headers: &HeaderMap, session: Option<Session>) -> Result<Option<Caller>, StoreError> {
    let header = |name| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(value) = header(AUTHORIZATION) {
        // A request that brings a token is judged by the token alone, never by a cookie beside it.
        if let Some(token) = value.strip_prefix("Bearer ") {
            return store::tokens::caller(db, token.trim()).await;
        }
        let Some((email, token)) = value.strip_prefix("Basic ").and_then(basic) else { return Ok(None) };
        return owner_with_token(db, &email, &token).await;
    }
    let Some(session) = session else { return Ok(None) };
    let Ok(Some(user_id)) = session.get::<UserId>(USER_KEY).await else { return Ok(None) };
    let Some(person) = store::users::get(db, user_id).await? else { return Ok(None) };
    if let Some(id) = session.id() {
        store::sessions::touch(db, &id.to_string(), user_id, header(USER_AGENT).unwrap_or("")).await?;
    }
    Ok(Some(Caller { user_id, is_admin: person.is_admin, scope: None, only_project: None }))
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn the_name_ends_at_the_first_colon() {
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(basic("YWRhQGEuYjpsYXRoZV8wOng="), pair("ada@a.b", "lathe_0:x"));
        assert_eq!(basic("bm8gY29sb24="), None);
        assert_eq!(basic("%"), None);
    }
}
