//! What is stored of a code.

use raft_store_core::{Abort, Table, TableId, Timestamp};

use crate::grant::Grant;
use crate::ids::RealmId;
use crate::opaque::TokenHash;
use crate::tables;
use crate::token::GrantId;

/// How long a code may be redeemed: a browser's redirect takes less, also to a sleepy client.
pub const CODE_LIFE_MS: u64 = 60_000;
/// How long a used code is remembered, so that its second use is noticed. A code that leaked is tried at once or
/// when somebody reads a log; what it could have bought by then ended as an access token ends.
pub const USED_CODE_KEPT_MS: u64 = 3_600_000;

/// A code's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AuthorizationCode {
    /// Whom it binds, and what it allows.
    #[prost(message, optional, tag = "1")]
    pub grant: Option<Grant>,
    /// The grant's id.
    #[prost(bytes = "vec", tag = "2")]
    pub grant_id: Vec<u8>,
    /// Where the code was sent.
    #[prost(string, tag = "3")]
    pub redirect_uri: String,
    /// The request's PKCE challenge, S256; empty when it sent none.
    #[prost(string, tag = "4")]
    pub code_challenge: String,
    /// The request's `nonce`.
    #[prost(string, optional, tag = "5")]
    pub nonce: Option<String>,
    /// Whether the request asked to be told when the person signed in.
    #[prost(bool, tag = "6")]
    pub auth_time_asked: bool,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "7")]
    pub created_ms: u64,
    /// When the record may go, cluster time in ms. Until it is used: when it ends.
    #[prost(uint64, tag = "8")]
    pub expires_ms: u64,
    /// When it was used, cluster time in ms; zero: it was not.
    #[prost(uint64, tag = "9")]
    pub used_ms: u64,
    /// When it was used again, cluster time in ms; zero: it was not.
    #[prost(uint64, tag = "10")]
    pub reused_ms: u64,
    /// Whether the request named `redirect_uri`: then the client must name it again.
    #[prost(bool, tag = "11")]
    pub redirect_uri_sent: bool,
}

impl AuthorizationCode {
    pub(super) fn grant(&self) -> Result<&Grant, Abort> {
        self.grant.as_ref().ok_or_else(|| Abort::corrupt("code without grant"))
    }

    pub(super) fn grant_id(&self) -> Result<GrantId, Abort> {
        <[u8; 16]>::try_from(self.grant_id.as_slice()).map(GrantId).map_err(|_| Abort::corrupt("code grant"))
    }
}

/// Codes by realm and hash. Without an index by person: every record goes within the hour by itself, and what it is
/// for ends with the person at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes;

impl Table for Codes {
    type Key = (RealmId, TokenHash);
    type Row = AuthorizationCode;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::CODES;
    const NAME: &'static str = "codes";
    fn expires(row: &AuthorizationCode) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}
