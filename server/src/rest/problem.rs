//! Errors of the API: RFC 9457 problem details.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::account::AccountError;
use serde::Serialize;
use store::{StoreError, access::Denied};
use utoipa::ToSchema;

/// Media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong, for a program and for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says all there is about the kind (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// Which fields of the request cannot be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// One field that cannot be used.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError {
    field: String,
    problem: String,
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind: "about:blank", title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    /// 401: neither a session nor a valid token.
    #[must_use]
    pub fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "send a valid API token as `Authorization: Bearer lathe_…`")
    }

    /// 403: a member whose role, or a token whose scope, does not allow it.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "your role in this project, or this token's scope, does not allow this")
    }

    /// 404: it does not exist, or not for this caller.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "this does not exist, or you are not a member of its project")
    }

    /// 409: the state does not allow it, or has changed meanwhile.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 422: one field cannot be used.
    #[must_use]
    pub fn invalid(field: &str, problem: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{field}: {problem}")).and(field, problem)
    }

    /// Names one more field that cannot be used.
    #[must_use]
    pub fn and(mut self, field: &str, problem: impl std::fmt::Display) -> Self {
        self.errors.push(FieldError { field: field.to_owned(), problem: problem.to_string() });
        self
    }

    /// 500: logged here under a number; the caller learns the number alone.
    #[must_use]
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let id = &uuid::Uuid::new_v4().simple().to_string()[..8];
        tracing::error!(%id, %error, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("something went wrong on the server; tell the administrator this number: {id}"),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale(why) => Self::conflict(why.to_string()),
            StoreError::Taken(_) => Self::conflict(e.to_string()),
            StoreError::Nul => Self::new(StatusCode::UNPROCESSABLE_ENTITY, e.to_string()),
            StoreError::Database(_) | StoreError::Corrupt(_) => Self::internal(e),
        }
    }
}

impl From<Denied> for Problem {
    fn from(e: Denied) -> Self {
        match e {
            Denied::NotFound => Self::not_found(),
            Denied::Forbidden => Self::forbidden(),
            Denied::Store(e) => e.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(e: AccountError) -> Self {
        let field = match e {
            AccountError::Email => "email",
            AccountError::PasswordTooShort | AccountError::PasswordTooLong => "password",
            AccountError::Name => "name",
        };
        Self::invalid(field, e)
    }
}
