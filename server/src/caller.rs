//! Who asks: a middleware that identifies the caller of each request, by session cookie or by
//! bearer token, and leaves a [`Caller`] in the request's extensions. It decides nothing: that
//! is `store::access::authorise`'s job.

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
use domain::{access::Caller, id::UserId};
use store::{PgPool, StoreError};
use tower_sessions::Session;

/// The middleware. A request without valid credentials goes on without a [`Caller`].
pub async fn identify(State(db): State<PgPool>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    match find(&db, request.headers(), session).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "failed to identify the caller"),
    }
    next.run(request).await
}

async fn find(db: &PgPool, headers: &HeaderMap, session: Option<Session>) -> Result<Option<Caller>, StoreError> {
    let header = |name| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(value) = header(AUTHORIZATION) {
        // A request that brings a token is judged by the token alone, never by a cookie beside it.
        let Some(token) = value.strip_prefix("Bearer ") else { return Ok(None) };
        return store::tokens::caller(db, token.trim()).await;
    }
    let Some(session) = session else { return Ok(None) };
    let Ok(Some(user_id)) = session.get::<UserId>(USER_KEY).await else { return Ok(None) };
    let Some(person) = store::users::get(db, user_id).await? else { return Ok(None) };
    if let Some(id) = session.id() {
        store::sessions::touch(db, &id.to_string(), user_id, header(USER_AGENT).unwrap_or("")).await?;
    }
    Ok(Some(Caller { user_id, is_admin: person.is_admin, scope: None, only_project: None }))
}
