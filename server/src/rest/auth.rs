//! Who calls the API. [`crate::caller::identify`] has looked at session and token before; here
//! the result becomes an extractor, and whoever is nobody is turned away.

use crate::rest::Problem;
use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::TokenScope;
use std::ops::Deref;

/// The caller of this request.
pub struct Caller(pub domain::access::Caller);

impl Deref for Caller {
    type Target = domain::access::Caller;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().map(Self).ok_or_else(Problem::unauthorised)
    }
}

impl Caller {
    /// For what concerns the person and no single project: a token bound to one project, or one
    /// that only reads (where `writes`), does not reach it.
    pub fn beyond_projects(&self, writes: bool) -> Result<(), Problem> {
        let reads_only = self.scope == Some(TokenScope::Read);
        if self.only_project.is_some() || (writes && reads_only) { Err(Problem::forbidden()) } else { Ok(()) }
    }

    /// For what a token must not do even with every right of its owner, such as making tokens:
    /// a stolen one could live on for ever.
    pub fn in_person(&self) -> Result<(), Problem> {
        if self.scope.is_some() { Err(Problem::forbidden()) } else { Ok(()) }
    }
}

/// Turns anonymous requests away, whatever they ask for.
pub async fn require_caller(request: Request, next: Next) -> Response {
    if request.extensions().get::<domain::access::Caller>().is_some() {
        next.run(request).await
    } else {
        Problem::unauthorised().into_response()
    }
}
