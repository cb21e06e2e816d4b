//! Why a person's record was not made or changed.

use http::StatusCode;
use woad_http::idempotency::Reused;
use woad_http::{BearerError, ScimType};
use woad_identity::password::PasswordFault;
use woad_identity::user::{CreateUserError, DeleteUserError, UpdateUserError};

use crate::fault::Fault;
use crate::patch::PatchError;

/// A refusal that wrote nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// The token ended, or lost its power, meanwhile.
    #[error(transparent)]
    Token(#[from] BearerError),
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// The record is not as the condition has it.
    #[error("the user was changed meanwhile")]
    Precondition,
    /// The change can't be made.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The record can't be made.
    #[error(transparent)]
    Create(#[from] CreateUserError),
    /// The record can't be so.
    #[error(transparent)]
    Update(#[from] UpdateUserError),
    /// The record can't go.
    #[error(transparent)]
    Delete(#[from] DeleteUserError),
    /// The password can't be theirs.
    #[error(transparent)]
    Password(#[from] PasswordFault),
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
            | Refused::Update(UpdateUserError::NotFound)
            | Refused::Delete(DeleteUserError::NotFound) => Self::not_found(),
            Refused::Precondition | Refused::Update(UpdateUserError::Changed) => Self::precondition(),
            Refused::Patch(error) => error.into(),
            Refused::Create(CreateUserError::NameTaken | CreateUserError::EmailTaken | CreateUserError::IdInUse)
            | Refused::Update(UpdateUserError::NameTaken | UpdateUserError::EmailTaken) => Self::taken(detail),
            Refused::Create(CreateUserError::Invalid(_))
            | Refused::Update(UpdateUserError::Invalid(_))
            | Refused::Password(_) => Self::bad(ScimType::InvalidValue, detail),
            Refused::Update(UpdateUserError::LastAdministrator)
            | Refused::Delete(DeleteUserError::LastAdministrator) => Self::status(StatusCode::CONFLICT, detail),
            Refused::Reused(error) => error.into(),
        }
    }
}
