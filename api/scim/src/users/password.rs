//! Passwords that come with a record. They are hashed before the transaction, on the bounded pool.

use raft_store_core::{Abort, Outcome, Stored, Tx};
use serde_json::Value;
use woad_http::{ScimType, Services};
use woad_identity::Actor;
use woad_identity::password::{self, NoPassword, PasswordHash, check_policy};
use woad_identity::realm::Realms;
use woad_identity::user::Users;
use zeroize::Zeroizing;

use super::refused::Refused;
use crate::fault::Fault;
use crate::input::InputError;

/// What is to become of a password.
pub(super) enum NewPassword {
    /// Nothing.
    Kept,
    /// It goes.
    Removed,
    /// It is this.
    Set {
        /// For the realm's rules.
        plain: Zeroizing<String>,
        /// What is stored.
        hash: PasswordHash,
    },
}

impl NewPassword {
    /// From an attribute's value; `Null` removes.
    pub(super) async fn of(services: &Services, value: Option<Value>) -> Result<Self, Fault> {
        let plain = match value {
            None => return Ok(Self::Kept),
            Some(Value::Null) => return Ok(Self::Removed),
            Some(Value::String(plain)) => Zeroizing::new(plain),
            Some(_) => return Err(InputError::Type("password").into()),
        };
        let hashed = services.passwords.hash(plain.clone(), services.random()?).await?;
        let hash = hashed.map_err(|fault| Fault::bad(ScimType::InvalidValue, fault.to_string()))?;
        Ok(Self::Set { plain, hash })
    }

    /// The hash of a new record.
    pub(super) const fn hash(&self) -> Option<&PasswordHash> {
        match self {
            Self::Set { hash, .. } => Some(hash),
            Self::Kept | Self::Removed => None,
        }
    }

    /// Whether the realm lets this person have it.
    pub(super) fn check(&self, realm: &Stored<Realms>, person: &Stored<Users>) -> Result<(), Refused> {
        match self {
            Self::Set { plain, .. } => Ok(check_policy(&realm.row, &person.row, plain)?),
            Self::Kept | Self::Removed => Ok(()),
        }
    }

    /// Sets or removes it; says whether anything was written.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        person: &Stored<Users>,
        actor: &Actor,
    ) -> Result<Result<bool, Refused>, Abort> {
        let (realm, id) = (&person.key.0, person.key.1);
        Ok(match self {
            Self::Kept => Ok(false),
            Self::Set { hash, .. } => match password::set(tx, realm, id, hash, actor)? {
                Outcome::Commit(Ok(())) => Ok(true),
                Outcome::Answer(Ok(())) => Ok(false),
                Outcome::Commit(Err(_)) | Outcome::Answer(Err(_)) => Err(Refused::NotFound),
            },
            Self::Removed => match password::remove(tx, realm, id, actor)? {
                Outcome::Commit(Ok(())) => Ok(true),
                Outcome::Answer(Ok(()) | Err(NoPassword::None)) | Outcome::Commit(Err(NoPassword::None)) => Ok(false),
                Outcome::Commit(Err(_)) | Outcome::Answer(Err(_)) => Err(Refused::NotFound),
            },
        })
    }
}
