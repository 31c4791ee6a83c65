//! Authorisation against the database: the caller's role in a project, judged by
//! [`domain::access::permits`]. Every server function and REST handler calls [`authorise`].

use crate::{StoreError, users};
use domain::{
    access::{Action, Caller, Role, permits},
    id::ProjectId,
};
use sqlx::PgPool;

/// Why a caller may not do something.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Not a member: for this caller the project does not exist.
    #[error("not found")]
    NotFound,
    /// A member whose role or token does not allow the action.
    #[error("not allowed")]
    Forbidden,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The caller's role, if they may do `action` in `project`.
pub async fn authorise(db: &PgPool, caller: &Caller, project: ProjectId, action: Action) -> Result<Role, Denied> {
    if caller.only_project.is_some_and(|only| only != project) {
        return Err(Denied::NotFound);
    }
    let role = users::role(db, caller.user_id, project).await?.ok_or(Denied::NotFound)?;
    if permits(Some(role), caller.scope, action) { Ok(role) } else { Err(Denied::Forbidden) }
}
