//! Who may do what: the project is found and the caller's rights in it are asked for before a
//! handler sees the request.

use super::{artifacts::Location, refusal::Refusal};
use crate::{caller::Unidentified, state::AppState};
use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{Uri, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{
    access::{Action, Caller},
    id::{ProjectId, UserId},
};
use store::access::authorise;

/// Where a request works, and for whom. Only requests that may have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) project: ProjectId,
    pub(super) user: UserId,
}

impl<S: Sync> FromRequestParts<S> for Place {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get().copied().ok_or_else(Refusal::unauthenticated)
    }
}

/// The middleware of one endpoint.
pub(super) async fn admit(
    State((state, action)): State<(AppState, Action)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    if request.extensions().get::<Unidentified>().is_some() {
        return Refusal::unavailable().into_response();
    }
    let caller = request.extensions().get::<Caller>().cloned();
    let asked = caller.ok_or_else(Refusal::unauthenticated).and_then(|caller| {
        let project = project(&params, request.uri(), &caller)?;
        Ok((caller, project))
    });
    let (caller, project) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    if let Err(denied) = authorise(&state.db, &caller, project, action).await {
        return Refusal::from(denied).into_response();
    }
    request.extensions_mut().insert(Place { project, user: caller.user_id });
    next.run(request).await
}

/// The project that the address names, the path of an artifact, or the token.
fn project(params: &RawPathParams, uri: &Uri, caller: &Caller) -> Result<ProjectId, Refusal> {
    if let Some((_, text)) = params.iter().find(|(name, _)| *name == "project") {
        return text.parse().map_err(|_| Refusal::not_found("the tracking address does not name a project's id"));
    }
    if let Some(location) = Location::of_request(params, uri) {
        return Ok(location.project);
    }
    caller.only_project.ok_or_else(|| {
        Refusal::invalid(
            "this token opens all of your projects: use http://…/mlflow/PROJECT as tracking address, with the project's id, \
             or a token of that project alone",
        )
    })
}
