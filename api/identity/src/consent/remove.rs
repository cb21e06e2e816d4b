//! Taking an approval back.

use raft_store_core::{Abort, Outcome, Tx};
use serde_json::json;

use super::access::families;
use super::list;
use super::record::Consents;
use crate::event::{self, Actor};
use crate::ids::{ClientId, RealmId, UserId};
use crate::token::ConsentNotBefore;
use crate::{Decided, refuse};

/// The client has nothing of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client has no access")]
pub struct NoAccess;

/// Takes back what a person allowed a client, remembered or not: it is asked again, and every code, refresh family and
/// access token of the two is dead at every replica once the transaction is committed.
///
/// # Errors
/// Inner: nothing is remembered of this client, and no refresh family of it lives. Outer: when storage fails.
pub fn remove(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    user: UserId,
    client: &ClientId,
    actor: &Actor,
) -> Decided<(), NoAccess> {
    let key = (realm.clone(), user, client.clone());
    let families = families(tx, realm, user, client)?;
    let remembered = tx.delete::<Consents>(&key)?;
    if !remembered && families == 0 {
        return refuse(NoAccess);
    }
    tx.touch::<ConsentNotBefore>(&key);
    let changes = json!({"client": client.as_str(), "remembered": remembered, "families": families});
    event::record(tx, realm, "consent.remove", &user.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(())))
}

/// Removes at most `limit` approvals of a person who is being deleted; answers how many.
pub(crate) fn purge(tx: &mut Tx<'_>, realm: &RealmId, user: UserId, limit: usize) -> Result<usize, Abort> {
    let all = list(tx, realm, user)?;
    for consent in all.iter().take(limit) {
        tx.delete::<Consents>(&consent.key)?;
    }
    Ok(all.len().min(limit))
}
