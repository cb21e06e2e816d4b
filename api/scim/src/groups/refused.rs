//! Why a group was not made or changed.

use http::StatusCode;
use woad_http::idempotency::Reused;
use woad_http::{BearerError, ScimType};
use woad_identity::group::{CreateGroupError, DeleteGroupError, MemberError, MoveGroupError, UpdateGroupError};

use crate::fault::Fault;
use crate::patch::PatchError;

/// A refusal that wrote nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// The token ended, or lost its power, meanwhile.
    #[error(transparent)]
    Token(#[from] BearerError),
    /// There is no such group.
    #[error("no such group")]
    NotFound,
    /// The record is not as the condition has it.
    #[error("the group was changed meanwhile")]
    Precondition,
    /// The change can't be made.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// What is to be a user's or group's id is none.
    #[error("{0} has a value that is no id")]
    NoId(&'static str),
    /// A member that is no user.
    #[error("members are users; a subgroup names its parent")]
    NoUser,
    /// More members than one request may move.
    #[error("too many members at once")]
    TooManyMembers,
    /// The record can't be made.
    #[error(transparent)]
    Create(#[from] CreateGroupError),
    /// The record can't be so.
    #[error(transparent)]
    Update(#[from] UpdateGroupError),
    /// It can't be there.
    #[error(transparent)]
    Move(#[from] MoveGroupError),
    /// Somebody can't join or leave.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The record can't go.
    #[error(transparent)]
    Delete(#[from] DeleteGroupError),
    /// The key was used for another request.
    #[error(transparent)]
    Reused(#[from] Reused),
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::Token(error) => error.into(),
            Refused::NotFound
            | Refused::Update(UpdateGroupError::NotFound)
            | Refused::Delete(DeleteGroupError::NotFound)
            | Refused::Move(MoveGroupError::NotFound)
            | Refused::Member(MemberError::NoSuchGroup) => Self::not_found(),
            Refused::Precondition | Refused::Update(UpdateGroupError::Changed) => Self::precondition(),
            Refused::Patch(error) => error.into(),
            Refused::Create(CreateGroupError::NameTaken | CreateGroupError::IdInUse)
            | Refused::Update(UpdateGroupError::NameTaken)
            | Refused::Move(MoveGroupError::NameTaken) => Self::taken(detail),
            Refused::Delete(DeleteGroupError::NotEmpty) => Self::status(StatusCode::CONFLICT, detail),
            Refused::TooManyMembers => Self::too_many_members(),
            Refused::NoId(_)
            | Refused::NoUser
            | Refused::Create(_)
            | Refused::Update(_)
            | Refused::Move(_)
            | Refused::Member(_) => Self::bad(ScimType::InvalidValue, detail),
            Refused::Reused(error) => error.into(),
        }
    }
}
