//! Making a one-time link.

use std::time::Duration;

use raft_store_core::{Outcome, Read, Timestamp, Tx};
use serde_json::json;

use super::record::{LinkKind, OneTimeLink, OneTimeLinks};
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::user;
use crate::{Decided, refuse};

/// The longest that a link may live: it is a password lying in somebody's mail.
pub const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// Why no link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateLinkError {
    /// There is no such person.
    #[error("no such user")]
    NoSuchUser,
    /// They may not act, so that no link would work.
    #[error("the user is not active")]
    Inactive,
    /// It would live too long, or not at all.
    #[error("a link lives between one second and one hour")]
    Lifetime,
    /// A link of this token exists.
    #[error("a link of this token exists")]
    Exists,
}

/// A link that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkMade {
    /// When it ends.
    pub expires: Timestamp,
}

/// Makes a link under the hash of a fresh token, for so long. It dies with everything else that is ended for the person: when they
/// are suspended, when they set a password by another link.
///
/// # Errors
/// Inner: see [`CreateLinkError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    kind: LinkKind,
    (hash, lifetime): (TokenHash, Duration),
    actor: &Actor,
) -> Decided<LinkMade, CreateLinkError> {
    if lifetime > MAX_LIFETIME || lifetime < Duration::from_secs(1) {
        return refuse(CreateLinkError::Lifetime);
    }
    let Some(person) = user::get(tx, realm, user)? else { return refuse(CreateLinkError::NoSuchUser) };
    if !user::is_active(&person.row, tx.now()) {
        return refuse(CreateLinkError::Inactive);
    }
    let expires = tx.now().plus_ms(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
    let row = OneTimeLink {
        user: user.0.to_vec(),
        kind: kind.stored(),
        created_ms: tx.now().0,
        expires_ms: expires.0,
        born_revision: tx.revision().0,
    };
    if tx.insert::<OneTimeLinks>((realm.clone(), hash), row)?.is_err() {
        return refuse(CreateLinkError::Exists);
    }
    let changes = json!({"kind": kind.name(), "expires_ms": expires.0});
    event::record(tx, realm, "link.create", &user.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(LinkMade { expires })))
}
