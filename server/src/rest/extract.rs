//! Axum's extractors with problems as rejections, so that a malformed body, path or query is
//! answered like every other error. They keep axum's names, by which the OpenAPI macros know them.

use crate::rest::Problem;
use axum::{
    extract::{FromRequest, FromRequestParts, rejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// A JSON body, in or out.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parameters of the path.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// Parameters of the query.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

impl From<rejection::JsonRejection> for Problem {
    fn from(e: rejection::JsonRejection) -> Self {
        Self::new(e.status(), e.body_text())
    }
}

impl From<rejection::PathRejection> for Problem {
    /// An id that is none names nothing.
    fn from(e: rejection::PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, e.body_text())
    }
}

impl From<rejection::QueryRejection> for Problem {
    fn from(e: rejection::QueryRejection) -> Self {
        Self::new(e.status(), e.body_text())
    }
}
