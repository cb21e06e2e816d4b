//! Every id this crate uses on disk, in one place: 100 to 999, never reused.

use raft_store_core::sweep::Sweepable;
use raft_store_core::{IndexId, MarkerId, SetId, TableId};

use crate::token::revoked::RevokedTokens;

pub(crate) const REALMS: TableId = TableId(100);
pub(crate) const REALM_SECRETS: TableId = TableId(101);
pub(crate) const SIGNING_KEYS: TableId = TableId(102);
pub(crate) const CLIENTS: TableId = TableId(103);
pub(crate) const REVOKED_TOKENS: TableId = TableId(104);

pub(crate) const REALM_BY_HOST: IndexId = IndexId(100);
pub(crate) const REALM_BY_ISSUER: IndexId = IndexId(101);
pub(crate) const ACTIVE_KEY: IndexId = IndexId(102);

pub(crate) const ALL_REALMS: SetId = SetId(100);
pub(crate) const REALM_SETTINGS: SetId = SetId(101);
pub(crate) const REALM_KEYS: SetId = SetId(102);

pub(crate) const REALM_NOT_BEFORE: MarkerId = MarkerId(100);
pub(crate) const CLIENT_NOT_BEFORE: MarkerId = MarkerId(101);
pub(crate) const GRANT_NOT_BEFORE: MarkerId = MarkerId(102);

/// The tables whose records expire, for the sweep.
#[must_use]
pub fn sweepable() -> Vec<Sweepable> {
    vec![Sweepable::of::<RevokedTokens>()]
}

/// Every table of this crate: the leader refuses writes to tables that nobody has declared.
#[must_use]
pub fn tables() -> Vec<TableId> {
    vec![REALMS, REALM_SECRETS, SIGNING_KEYS, CLIENTS, REVOKED_TOKENS]
}
