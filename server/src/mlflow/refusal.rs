//! Errors as MLflow's clients read them: a code, a message, and the status that goes with the code.
//! Source: `mlflow/exceptions.py`, `ERROR_CODE_TO_HTTP_STATUS`.

use crate::artifacts::ArtifactError;
use axum::{
    extract::rejection::{JsonRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::tracking::{UnknownTrackedStatus, cursor::NoCursor, filter::FilterError, limits::Refused};
use serde::Serialize;
use store::{StoreError, access::Denied, tracking::TrackError};

/// Why a request is not answered.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl std::fmt::Display) -> Self {
        Self { status, code, message: message.to_string() }
    }

    /// A value that cannot be used.
    pub(super) fn invalid(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
    }

    /// A parameter that is not there.
    pub(super) fn missing(name: &'static str) -> Self {
        Self::invalid(Refused::Missing(name))
    }

    /// What was named is not there, or not for this caller.
    pub(super) fn not_found(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
    }

    /// Neither a session nor a valid token.
    pub(super) fn unauthenticated() -> Self {
        let message = "set MLFLOW_TRACKING_TOKEN to a valid API token of Lathe";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
    }

    /// Part of MLflow that Lathe does not have.
    pub(super) fn no_endpoint() -> Self {
        let message = "Lathe does not have this part of MLflow's API";
        Self::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message)
    }

    /// The database does not answer; clients ask again by themselves.
    pub(super) fn unavailable() -> Self {
        let message = "the database does not answer: try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", message)
    }

    /// Logged here under a number; the client learns the number alone, and tries again.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let id = &uuid::Uuid::new_v4().simple().to_string()[..8];
        tracing::error!(%id, %error, "an MLflow request failed");
        let message = format!("something went wrong on the server; tell the administrator this number: {id}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }
}

/// The body.
#[derive(Serialize)]
struct Body<'a> {
    error_code: &'static str,
    message: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Body { error_code: self.code, message: &self.message };
        let mut response = (self.status, axum::Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            // Not Basic: a browser that asks its user for a password would send it by itself ever after.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Nul => Self::invalid(e),
            _ if e.is_connection_lost() => Self::unavailable(),
            _ => Self::internal(e),
        }
    }
}

impl From<TrackError> for Refusal {
    fn from(e: TrackError) -> Self {
        match e {
            TrackError::NoExperiment(_) | TrackError::NoRun(_) | TrackError::NoModel(_) | TrackError::NoTag(_) => {
                Self::not_found(e)
            }
            TrackError::ExperimentTaken(_) => Self::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", e),
            TrackError::RunDeleted(_) | TrackError::ExperimentDeleted(_) | TrackError::ParamChanged { .. } => {
                Self::invalid(e)
            }
            TrackError::Store(e) => e.into(),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(e: Denied) -> Self {
        match e {
            Denied::NotFound => Self::not_found("this project does not exist, or you are not a member of it"),
            Denied::Forbidden => Self::new(
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                "your role in this project, or this token's scope, does not allow this",
            ),
            Denied::Store(e) => e.into(),
        }
    }
}

impl From<ArtifactError> for Refusal {
    fn from(e: ArtifactError) -> Self {
        match e {
            ArtifactError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RESOURCE_LIMIT_EXCEEDED", e),
            ArtifactError::Broken(_) => Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", e),
            ArtifactError::Store(e) => e.into(),
            ArtifactError::Io(_) | ArtifactError::Remote(_) | ArtifactError::Missing(_) => Self::internal(e),
        }
    }
}

macro_rules! invalid {
    ($($error:ty),*) => {$(
        impl From<$error> for Refusal {
            fn from(e: $error) -> Self {
                Self::invalid(e)
            }
        }
    )*};
}
invalid!(FilterError, Refused, NoCursor, UnknownTrackedStatus);

impl From<JsonRejection> for Refusal {
    fn from(e: JsonRejection) -> Self {
        Self::new(e.status(), "BAD_REQUEST", e.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(e: QueryRejection) -> Self {
        Self::new(e.status(), "BAD_REQUEST", e.body_text())
    }
}
