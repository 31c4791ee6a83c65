//! The door between server functions and the store: who asks, what they may do, and what a
//! store error means to a user. Every server function begins with [`caller`] or [`authorise`].
#![cfg(feature = "ssr")]

use crate::error::AppError;
use axum::http::request::Parts;
use domain::{
    access::{Action, Caller},
    id::ProjectId,
    import::{Preview, PreviewRequest, Upload},
};
use leptos::prelude::use_context;
use std::{pin::Pin, sync::Arc};
use store::{PgPool, StoreError, access::Denied};

/// A first look at an uploaded data file. Pages know no files, so the server provides it.
pub trait FirstLook: Send + Sync {
    /// What the first rows show; [`AppError::Invalid`] when the file cannot be read as asked.
    fn look(&self, upload: Upload, request: PreviewRequest) -> LookFuture;
}

/// The answer of a [`FirstLook`].
pub type LookFuture = Pin<Box<dyn Future<Output = Result<Preview, AppError>> + Send>>;

/// What the server gives to every request.
#[derive(Clone)]
pub struct Services {
    pub db: PgPool,
    /// Address under which users reach us, without a trailing slash.
    pub public_url: String,
    /// The largest file that is taken.
    pub max_upload_bytes: u64,
    /// Reads uploaded files for their preview.
    pub first_look: Arc<dyn FirstLook>,
}

crate::texts! {
    nul = "The text holds a NUL character (U+0000). Remove it.", "文本中含有 NUL 字符（U+0000），请将其删除。";
}

impl From<StoreError> for AppError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale(what) => Self::Conflict(what.to_owned()),
            StoreError::Taken(what) => Self::Conflict(format!("{what} already exists")),
            StoreError::Nul => Self::invalid("text", nul(crate::text::lang())),
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

/// The caller, if it is a person in a browser: for what an API token must never do, such as
/// changing the password or making tokens.
pub fn in_person() -> Result<Caller, AppError> {
    let caller = caller()?;
    if caller.scope.is_none() { Ok(caller) } else { Err(AppError::Forbidden) }
}

/// Where the request comes from, as the throttle counts it: an IPv4 address, or the /64 network
/// of an IPv6 address, since one subscriber has all of it.
pub fn client_network() -> Result<String, AppError> {
    let parts = parts()?;
    let peer = parts.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
    Ok(match peer.map(|info| info.0.ip().to_canonical()) {
        Some(std::net::IpAddr::V4(ip)) => ip.to_string(),
        Some(std::net::IpAddr::V6(ip)) => std::net::Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        None => String::new(),
    })
}

/// The database and the caller, if the caller may do `action` in `project`.
pub async fn authorise(project: ProjectId, action: Action) -> Result<(PgPool, Caller), AppError> {
    let caller = caller()?;
    let db = services()?.db;
    store::access::authorise(&db, &caller, project, action).await?;
    Ok((db, caller))
}
