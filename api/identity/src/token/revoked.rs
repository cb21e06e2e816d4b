//! Ids of revoked tokens, kept until the token would have ended.

use raft_store_core::{Table, TableId, Timestamp};

use crate::ids::RealmId;
use crate::tables;

/// How long a revocation is kept after the token's end: the skew that cluster time may have.
pub const SKEW_SECONDS: u64 = 60;

/// A revocation's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct RevokedToken {
    /// Whose token it was.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// When the record may go, cluster time in ms.
    #[prost(uint64, tag = "2")]
    pub expires_ms: u64,
    /// When it was revoked, cluster time in ms.
    #[prost(uint64, tag = "3")]
    pub revoked_ms: u64,
}

/// Revoked tokens by realm and `jti`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedTokens;

impl Table for RevokedTokens {
    type Key = (RealmId, String);
    type Row = RevokedToken;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::REVOKED_TOKENS;
    const NAME: &'static str = "revoked tokens";
    fn expires(row: &RevokedToken) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}
