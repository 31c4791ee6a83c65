//! The browser session of a request: who is signed in, and messages for the next page.
#![cfg(feature = "ssr")]

use crate::{api, error::AppError};
use domain::id::UserId;
use tower_sessions::Session;

/// Key of the user id in the session's data.
pub const USER_KEY: &str = "user";

fn session() -> Result<Session, AppError> {
    api::parts()?
        .extensions
        .get::<Session>()
        .cloned()
        .ok_or_else(|| AppError::internal_from("no session in the request"))
}

/// Signs the user in, under a new session id: one that somebody planted before is worth nothing.
pub async fn start(user: UserId) -> Result<(), AppError> {
    let session = session()?;
    session.cycle_id().await.map_err(AppError::internal_from)?;
    session.insert(USER_KEY, user).await.map_err(AppError::internal_from)
}

/// Ends the session.
pub async fn end() -> Result<(), AppError> {
    session()?.flush().await.map_err(AppError::internal_from)
}

/// The id of the session, as the store knows it; `None` before its first answer.
pub fn id() -> Result<Option<String>, AppError> {
    Ok(session()?.id().map(|id| id.to_string()))
}

/// Leaves a message for the next page that asks for `key`: how a form posted without JavaScript
/// hands over a secret that is shown once.
pub async fn leave(key: &str, message: &str) -> Result<(), AppError> {
    session()?.insert(key, message).await.map_err(AppError::internal_from)
}

/// Takes the message that was left under `key`.
pub async fn take(key: &str) -> Result<Option<String>, AppError> {
    session()?.remove(key).await.map_err(AppError::internal_from)
}
