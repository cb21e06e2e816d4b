//! What is kept beside the chains.

use prost::Message;
use raft_store_core::{Table, TableId};

use crate::tables;

/// The key that signs checkpoints, at the empty key: the cluster's, and used for nothing else.
pub struct AuditKeys;

/// A key's record.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct AuditKey {
    /// Its id.
    #[prost(string, tag = "1")]
    pub kid: String,
    /// The public key as a JWK.
    #[prost(string, tag = "2")]
    pub public_jwk: String,
    /// The private key as PKCS#8, sealed.
    #[prost(bytes = "vec", tag = "3")]
    pub private_key: Vec<u8>,
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Table for AuditKeys {
    type Key = ();
    type Row = AuditKey;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::AUDIT_KEYS;
    const NAME: &'static str = "audit keys";
}

/// The newest checkpoint of each chain, by its name.
pub struct Checkpoints;

/// A signed head.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Checkpoint {
    /// Events up to it.
    #[prost(uint64, tag = "1")]
    pub count: u64,
    /// Cluster time, ms.
    #[prost(uint64, tag = "2")]
    pub at_ms: u64,
    /// A compact JWS.
    #[prost(string, tag = "3")]
    pub jws: String,
}

impl Table for Checkpoints {
    type Key = String;
    type Row = Checkpoint;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::AUDIT_CHECKPOINTS;
    const NAME: &'static str = "audit checkpoints";
}

/// How long each chain is kept, by its name; without a record: for ever.
pub struct Retentions;

/// A setting.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Retention {
    /// Days.
    #[prost(uint32, tag = "1")]
    pub keep_days: u32,
}

impl Table for Retentions {
    type Key = String;
    type Row = Retention;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::AUDIT_RETENTIONS;
    const NAME: &'static str = "audit retention";
}
