//! A person's sessions, for them to see.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read, Stored};

use super::record::{Sessions, SessionsOfUser};
use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;
use crate::realm::RealmNotBefore;
use crate::user::UserNotBefore;

/// Bytes of a session's public name: nobody guesses them, and they open nothing.
const ID_LEN: usize = 12;

/// A session's public name: the beginning of its token's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId([u8; ID_LEN]);

impl SessionId {
    /// The name of the session kept under this hash.
    #[must_use]
    pub fn of(hash: &TokenHash) -> Self {
        let mut out = [0; ID_LEN];
        out.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(out)
    }

    /// Takes what [`fmt::Display`] writes; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The sessions of a person that count, the one used last first.
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<Stored<Sessions>>, Abort> {
    let of_realm = read.marker::<RealmNotBefore>(realm)?;
    let not_before = read.marker::<UserNotBefore>(&(realm.clone(), user))?.max(of_realm);
    let mut all = records(read, realm, user)?;
    all.retain(|session| not_before.is_none_or(|at| at.0 <= session.row.born_revision));
    Ok(all)
}

/// The records of a person's sessions, of dead ones too.
pub(super) fn records(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<Stored<Sessions>>, Abort> {
    let mut all = read.all::<SessionsOfUser>(&(realm.clone(), user))?;
    all.sort_by(|one, other| other.row.last_seen_ms.cmp(&one.row.last_seen_ms).then(one.key.1.cmp(&other.key.1)));
    Ok(all)
}
