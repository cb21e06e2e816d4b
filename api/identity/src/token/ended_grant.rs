//! Grants that ended, kept until the last access token they can have given would have ended.
//!
//! Not a marker: grants are as many as sign-ins, and what is kept of them must go again.

use raft_store_core::{Abort, Blind, Read, Revision, Table, TableId, Timestamp, Tx};

use super::jti::GrantId;
use super::revoked::SKEW_SECONDS;
use crate::ids::RealmId;
use crate::realm::Settings;
use crate::tables;

/// That access tokens of a grant issued before this record was written are dead.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EndedGrant {
    /// When the record may go, cluster time in ms.
    #[prost(uint64, tag = "1")]
    pub expires_ms: u64,
}

/// Ended grants by realm and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedGrants;

impl Table for EndedGrants {
    type Key = (RealmId, GrantId);
    type Row = EndedGrant;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::ENDED_GRANTS;
    const NAME: &'static str = "ended grants";
    fn expires(row: &EndedGrant) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

impl Blind for EndedGrants {}

/// Ends every access token that the grant has given so far. Those issued at this transaction's commit count.
pub(crate) fn end_tokens(tx: &mut Tx<'_>, realm: &RealmId, grant: GrantId) -> Result<(), Abort> {
    // No access token lives longer than the longest that any realm may allow.
    let longest = u64::from(Settings::MAX_ACCESS_TOKEN).saturating_add(SKEW_SECONDS).saturating_mul(1000);
    let row = EndedGrant { expires_ms: tx.now().plus_ms(longest).0 };
    tx.put_blind::<EndedGrants>(&(realm.clone(), grant), &row)
}

/// Whether the grant's access tokens of this revision were ended.
pub(super) fn ended(read: &impl Read, realm: &RealmId, grant: GrantId, issued: Revision) -> Result<bool, Abort> {
    let ended = read.get::<EndedGrants>(&(realm.clone(), grant))?;
    Ok(ended.is_some_and(|ended| issued < ended.revision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, vo};

    #[test]
    fn what_is_kept_of_an_ended_grant_goes_when_no_token_can_be_left() {
        let (world, grant) = (World::new(), GrantId([7; 16]));
        let ended = |world: &World, revision| world.store.look(|view| ended(view, &vo(), grant, revision)).unwrap();
        let before = world.store.look(|view| Ok(view.revision())).unwrap();
        world.commit(|tx| end_tokens(tx, &vo(), grant).unwrap());
        let after = world.store.look(|view| Ok(view.revision())).unwrap();
        assert!(ended(&world, before));
        assert!(!ended(&world, after));
        world.pass(u64::from(Settings::MAX_ACCESS_TOKEN));
        assert!(ended(&world, before));
        world.pass(SKEW_SECONDS);
        assert!(!ended(&world, before));
    }
}
