//! Every id this crate uses on disk, in one place: 100 to 999, never reused.

use raft_store_core::sweep::Sweepable;
use raft_store_core::{IndexId, MarkerId, SetId, TableId};

use crate::token::revoked::RevokedTokens;

pub(crate) const REALMS: TableId = TableId(100);
pub(crate) const REALM_SECRETS: TableId = TableId(101);
pub(crate) const SIGNING_KEYS: TableId = TableId(102);
pub(crate) const CLIENTS: TableId = TableId(103);
pub(crate) const REVOKED_TOKENS: TableId = TableId(104);
pub(crate) const USERS: TableId = TableId(105);
pub(crate) const PASSWORDS: TableId = TableId(106);
pub(crate) const GROUPS: TableId = TableId(107);
pub(crate) const MEMBERSHIPS: TableId = TableId(108);
pub(crate) const GROUP_MANAGERS: TableId = TableId(109);
pub(crate) const SESSIONS: TableId = TableId(110);
pub(crate) const LOGIN_FAILURES: TableId = TableId(111);
pub(crate) const ONE_TIME_LINKS: TableId = TableId(112);
pub(crate) const CODES: TableId = TableId(113);
pub(crate) const REFRESH_FAMILIES: TableId = TableId(114);
pub(crate) const CONSENTS: TableId = TableId(115);
pub(crate) const SCOPE_POLICIES: TableId = TableId(116);
pub(crate) const LAST_LOGINS: TableId = TableId(117);
pub(crate) const REALM_LOGOS: TableId = TableId(118);
pub(crate) const ENDED_GRANTS: TableId = TableId(119);
pub(crate) const REFUSAL_BATCHES: TableId = TableId(120);
pub(crate) const AUDIT_KEYS: TableId = TableId(121);
pub(crate) const AUDIT_CHECKPOINTS: TableId = TableId(122);
pub(crate) const AUDIT_RETENTIONS: TableId = TableId(123);
pub(crate) const GROUP_REMAINS: TableId = TableId(124);

pub(crate) const REALM_BY_HOST: IndexId = IndexId(100);
pub(crate) const REALM_BY_ISSUER: IndexId = IndexId(101);
pub(crate) const ACTIVE_KEY: IndexId = IndexId(102);
pub(crate) const USER_BY_NAME: IndexId = IndexId(103);
pub(crate) const USER_BY_EMAIL: IndexId = IndexId(104);
pub(crate) const USER_BY_EXTERNAL_ID: IndexId = IndexId(105);
pub(crate) const USER_BY_LINKED_IDENTITY: IndexId = IndexId(106);
pub(crate) const ADMINISTRATORS: IndexId = IndexId(107);
pub(crate) const USERS_BEING_DELETED: IndexId = IndexId(108);
pub(crate) const GROUP_BY_NAME: IndexId = IndexId(109);
pub(crate) const GROUP_BY_EXTERNAL_ID: IndexId = IndexId(110);
pub(crate) const MEMBERS_BY_GROUP: IndexId = IndexId(111);
pub(crate) const MANAGED_BY_USER: IndexId = IndexId(112);
pub(crate) const SESSIONS_BY_USER: IndexId = IndexId(113);
pub(crate) const FAMILIES_BY_USER: IndexId = IndexId(114);

pub(crate) const ALL_REALMS: SetId = SetId(100);
pub(crate) const REALM_SETTINGS: SetId = SetId(101);
pub(crate) const REALM_KEYS: SetId = SetId(102);
pub(crate) const USERS_WITH_EMAIL: SetId = SetId(103);
pub(crate) const REALM_ADMINISTRATORS: SetId = SetId(104);
pub(crate) const SUBGROUPS: SetId = SetId(105);
pub(crate) const GROUPS_OF_USER: SetId = SetId(106);
pub(crate) const MEMBERS_OF_GROUP: SetId = SetId(107);
pub(crate) const MANAGERS_OF_GROUP: SetId = SetId(108);
pub(crate) const GROUPS_MANAGED_BY: SetId = SetId(109);
pub(crate) const SESSIONS_OF_USER: SetId = SetId(110);
pub(crate) const FAMILIES_OF_USER: SetId = SetId(111);
pub(crate) const CONSENTS_OF_USER: SetId = SetId(112);
pub(crate) const REALM_POLICIES: SetId = SetId(113);

pub(crate) const REALM_NOT_BEFORE: MarkerId = MarkerId(100);
pub(crate) const CLIENT_NOT_BEFORE: MarkerId = MarkerId(101);
// 102 was a marker of grants.
pub(crate) const USER_NOT_BEFORE: MarkerId = MarkerId(103);
pub(crate) const CONSENT_NOT_BEFORE: MarkerId = MarkerId(104);

/// The tables whose records expire, for the sweep.
#[must_use]
pub fn sweepable() -> Vec<Sweepable> {
    vec![
        Sweepable::of::<RevokedTokens>(),
        Sweepable::of::<crate::token::EndedGrants>(),
        Sweepable::of::<crate::group::Memberships>(),
        Sweepable::of::<crate::session::Sessions>(),
        Sweepable::of::<crate::signin::LoginAttempts>(),
        Sweepable::of::<crate::link::OneTimeLinks>(),
        Sweepable::of::<crate::code::Codes>(),
        Sweepable::of::<crate::refresh::RefreshFamilies>(),
        Sweepable::of::<crate::consent::Consents>(),
    ]
}

/// Every table of this crate: the leader refuses writes to tables that nobody has declared.
#[must_use]
pub fn tables() -> Vec<TableId> {
    vec![
        REALMS,
        REALM_SECRETS,
        SIGNING_KEYS,
        CLIENTS,
        REVOKED_TOKENS,
        USERS,
        PASSWORDS,
        GROUPS,
        MEMBERSHIPS,
        GROUP_MANAGERS,
        SESSIONS,
        LOGIN_FAILURES,
        ONE_TIME_LINKS,
        CODES,
        REFRESH_FAMILIES,
        CONSENTS,
        SCOPE_POLICIES,
        LAST_LOGINS,
        REALM_LOGOS,
        ENDED_GRANTS,
        REFUSAL_BATCHES,
        AUDIT_KEYS,
        AUDIT_CHECKPOINTS,
        AUDIT_RETENTIONS,
        GROUP_REMAINS,
    ]
}

/// Tables whose records end something. A nearly full disk takes them: a revocation must never fail for want of room.
#[must_use]
pub fn spared() -> Vec<TableId> {
    vec![REVOKED_TOKENS, ENDED_GRANTS]
}
