//! Who may do what: the one authorisation function.
//!
//! Every server function and every REST handler ends up in [`permits`]. What is not listed is
//! denied.

use serde::{Deserialize, Serialize};

/// What a member is in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, members and settings included.
    Owner,
    /// Models, datasets, runs, evaluations.
    Scientist,
    /// Labels, reviews and corrects.
    Annotator,
    /// Reads everything; approves.
    Manager,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Scientist, Self::Annotator, Self::Manager];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Scientist => "scientist",
            Self::Annotator => "annotator",
            Self::Manager => "manager",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| UnknownRole(s.to_owned()))
    }
}

/// A word that names no role.
#[derive(Debug, thiserror::Error)]
#[error("unknown role {0:?}: expected owner, scientist, annotator or manager")]
pub struct UnknownRole(pub String);

/// What somebody wants to do inside a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the project: overview, models, datasets, runs, evaluations, bad cases.
    Read,
    /// Register or remove models.
    EditModels,
    /// Upload data, make versions.
    EditDatasets,
    /// Launch, clone, cancel runs.
    Launch,
    /// Work on bad cases: cause, note, corrected answer, status.
    Annotate,
    /// Approve reports, or return them.
    Approve,
    /// Rename or archive the project, manage members and invitations.
    Administer,
}

impl Action {
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::EditModels,
        Self::EditDatasets,
        Self::Launch,
        Self::Annotate,
        Self::Approve,
        Self::Administer,
    ];

    /// Whether the action changes nothing.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::Read)
    }
}

/// What an API token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    Read,
    Write,
}

impl TokenScope {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl std::str::FromStr for TokenScope {
    type Err = UnknownScope;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            _ => Err(UnknownScope(s.to_owned())),
        }
    }
}

/// A word that names no token scope.
#[derive(Debug, thiserror::Error)]
#[error("unknown token scope {0:?}: expected read or write")]
pub struct UnknownScope(pub String);

/// Who asks: a signed-in person, or a script with that person's API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user_id: crate::id::UserId,
    pub is_admin: bool,
    /// What the token may do; `None` for a browser session.
    pub scope: Option<TokenScope>,
    /// The only project the token opens; `None` for all of the person's.
    pub only_project: Option<crate::id::ProjectId>,
}

/// The authorisation function. `role` is the caller's role in the project (`None`: not a
/// member); `scope` limits a caller who came with an API token. Being the installation's
/// administrator gives no access to a project: an administrator who needs it is made a member.
#[must_use]
pub fn permits(role: Option<Role>, scope: Option<TokenScope>, action: Action) -> bool {
    if scope == Some(TokenScope::Read) && !action.is_read_only() {
        return false;
    }
    match (role, action) {
        (None, _) => false,
        (Some(Role::Owner), _) | (Some(_), Action::Read) => true,
        (Some(Role::Scientist), Action::EditModels | Action::EditDatasets | Action::Launch | Action::Annotate)
        | (Some(Role::Annotator), Action::Annotate)
        | (Some(Role::Manager), Action::Approve) => true,
        (Some(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_may_do_nothing() {
        assert!(Action::ALL.into_iter().all(|a| !permits(None, None, a)));
    }

    #[test]
    fn matrix() {
        let allowed = |r| Action::ALL.into_iter().filter(|a| permits(Some(r), None, *a)).count();
        assert_eq!(Role::ALL.map(allowed), [7, 5, 2, 2]);
    }

    #[test]
    fn a_read_token_never_writes() {
        for r in Role::ALL {
            for a in Action::ALL {
                assert_eq!(permits(Some(r), Some(TokenScope::Read), a), a == Action::Read);
            }
        }
    }
}
