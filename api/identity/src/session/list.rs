//! A person's sessions, for them to see.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Abort, Read, Stored};

use super::record::{Sessions, SessionsOfUser};
use crate::ids::{RealmId, UserId};
use crate::opaque::TokenHash;

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

/// The sessions of a person that are not over, the one used last first.
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<Stored<Sessions>>, Abort> {
    let mut all = read.all::<SessionsOfUser>(&(realm.clone(), user))?;
    all.sort_by(|one, other| other.row.last_seen_ms.cmp(&one.row.last_seen_ms).then(one.key.1.cmp(&other.key.1)));
    Ok(all)
}
