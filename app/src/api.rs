//! The door between server functions and the store: who asks, what they may do, and what a
//! store error means to a user. Every server function begins with [`caller`] or [`authorise`].
#![cfg(feature = "ssr")]

use crate::error::AppError;
use axum::http::request::Parts;
use domain::{
    access::{Action, Caller},
    id::ProjectId,
};
use leptos::prelude::use_context;
use store::{PgPool, StoreError, access::Denied};

/// What the server gives to every request.
#[derive(Clone)]
pub struct Services {
    pub db: PgPool,
    /// Address under which users reach us, without a trailing slash.
    pub public_url: String,
}

impl From<StoreError> for AppError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale(what) => Self::Conflict(what.to_owned()),
            StoreError::Taken(what) => Self::Conflict(format!("{what} already exists")),
            StoreError::Database(_) | StoreError::Corrupt(_) => Self::internal_from(e),
        }
    }
}

impl From<Denied> for AppError {
    fn from(e: Denied) -> Self {
        match e {
            Denied::NotFound => Self::NotFound,
            Denied::Forbidden => Self::Forbidden,
            Denied::Store(e) => e.into(),
        }
    }
}

/// The services of this request.
pub fn services() -> Result<Services, AppError> {
    use_context::<Services>().ok_or_else(|| AppError::internal_from("no services in context"))
}

/// The head of this request.
pub fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or_else(|| AppError::internal_from("no request in context"))
}

/// The signed-in caller. A middleware of the server has identified them.
pub fn caller() -> Result<Caller, AppError> {
    parts()?.extensions.get::<Caller>().cloned().ok_or(AppError::SignIn)
}

/// The database and the caller, if the caller may do `action` in `project`.
pub async fn authorise(project: ProjectId, action: Action) -> Result<(PgPool, Caller), AppError> {
    let caller = caller()?;
    let db = services()?.db;
    store::access::authorise(&db, &caller, project, action).await?;
    Ok((db, caller))
}
