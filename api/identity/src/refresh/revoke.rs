//! Revoking a refresh token (RFC 7009): its family and the access tokens of its grant end with it.

use raft_store_core::{Abort, Outcome, Tx};
use serde_json::json;

use super::look::find;
use crate::event::{self, Actor};
use crate::grant;
use crate::ids::{ClientId, RealmId};

/// What came of it. Every one is a success on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRevocation {
    /// The grant ended; no replica takes its tokens once the transaction is committed.
    Revoked,
    /// Not a token of this realm, or of a family that ended.
    Unknown,
    /// Another client's: nothing happened.
    NotTheCallers,
}

/// Revokes a token of the caller, also one that was replaced.
///
/// # Errors
/// When storage fails, or this node is sealed.
pub fn revoke(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    caller: &ClientId,
    token: &str,
    actor: &Actor,
) -> Result<Outcome<RefreshRevocation>, Abort> {
    let Some(found) = find(tx, realm, token)? else { return Ok(Outcome::Answer(RefreshRevocation::Unknown)) };
    let held = found.family.row.grant()?;
    if held.client_id != caller.as_str() {
        return Ok(Outcome::Answer(RefreshRevocation::NotTheCallers));
    }
    let user = held.user()?;
    grant::end(tx, realm, found.id)?;
    let changes = json!({"client": caller.as_str(), "user": user.to_string()});
    event::record(tx, realm, "refresh.revoke", &found.id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(RefreshRevocation::Revoked))
}
