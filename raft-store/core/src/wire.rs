//! The entry format: what stands in the log, on disk and on the wire. Golden bytes guard it.

use prost::{Message, Oneof};

/// An evaluated transaction.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    /// The attempt, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub attempt: Vec<u8>,
    /// Cluster time in ms after which it must not take effect.
    #[prost(uint64, tag = "2")]
    pub deadline_ms: u64,
    /// The cluster level its view had.
    #[prost(uint32, tag = "3")]
    pub level: u32,
    /// What it rests on.
    #[prost(message, repeated, tag = "4")]
    pub guards: Vec<Guard>,
    /// What it writes.
    #[prost(message, repeated, tag = "5")]
    pub mutations: Vec<Mutation>,
    /// What is to be said of it.
    #[prost(message, repeated, tag = "6")]
    pub audit: Vec<AuditEvent>,
    /// Leader's stamp: cluster time in ms. Set by the leader just before it appends.
    #[prost(uint64, tag = "14")]
    pub stamp_ms: u64,
    /// The node it came from, from that node's certificate. Set by the leader.
    #[prost(uint64, tag = "15")]
    pub origin: u64,
}

/// A condition that must hold at apply.
#[derive(Clone, PartialEq, Message)]
pub struct Guard {
    /// Which. Unset: written by a newer version, which stops the node.
    #[prost(oneof = "guard::Kind", tags = "1, 2, 3, 4")]
    pub kind: Option<guard::Kind>,
}

/// Kinds of guard.
pub mod guard {
    use super::Oneof;

    /// See [`super::Guard`].
    #[derive(Clone, PartialEq, Oneof)]
    pub enum Kind {
        /// The value at the key has this revision.
        #[prost(message, tag = "1")]
        Unchanged(super::At),
        /// There is no value at the key.
        #[prost(bytes = "vec", tag = "2")]
        Absent(Vec<u8>),
        /// The stamp is before this cluster time, ms.
        #[prost(uint64, tag = "3")]
        Before(u64),
        /// The stamp is not before this cluster time, ms.
        #[prost(uint64, tag = "4")]
        NotBefore(u64),
    }
}

/// A key at a revision.
#[derive(Clone, PartialEq, Message)]
pub struct At {
    /// Physical key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Its revision.
    #[prost(uint64, tag = "2")]
    pub revision: u64,
}

/// A write.
#[derive(Clone, PartialEq, Message)]
pub struct Mutation {
    /// Which. Unset: written by a newer version, which stops the node.
    #[prost(oneof = "mutation::Kind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    pub kind: Option<mutation::Kind>,
}

/// Kinds of mutation.
pub mod mutation {
    use super::Oneof;

    /// See [`super::Mutation`].
    #[derive(Clone, PartialEq, Oneof)]
    pub enum Kind {
        /// Write a record.
        #[prost(message, tag = "1")]
        Put(super::Put),
        /// Remove a record; nothing happens when there is none.
        #[prost(bytes = "vec", tag = "2")]
        Delete(Vec<u8>),
        /// Write an index entry.
        #[prost(message, tag = "3")]
        IndexPut(super::IndexPut),
        /// Remove an index entry.
        #[prost(bytes = "vec", tag = "4")]
        IndexDelete(Vec<u8>),
        /// Set the revision of an epoch or marker.
        #[prost(bytes = "vec", tag = "5")]
        Touch(Vec<u8>),
        /// Remove an expired record, if it is still the same.
        #[prost(message, tag = "6")]
        DeleteIf(super::DeleteIf),
        /// Raise the cluster level.
        #[prost(uint32, tag = "7")]
        Level(u32),
        /// Remove the oldest events of an audit chain.
        #[prost(message, tag = "8")]
        AuditPrune(super::AuditPrune),
        /// Remove the body of an audit event.
        #[prost(message, tag = "9")]
        AuditErase(super::AuditErase),
    }
}

/// A record to write.
#[derive(Clone, PartialEq, Message)]
pub struct Put {
    /// Physical key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Encoded fields.
    #[prost(bytes = "vec", tag = "2")]
    pub fields: Vec<u8>,
    /// When it ceases to be, cluster time in ms; zero: never.
    #[prost(uint64, tag = "3")]
    pub expires_ms: u64,
}

/// An index entry to write.
#[derive(Clone, PartialEq, Message)]
pub struct IndexPut {
    /// Physical key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The record's typed key.
    #[prost(bytes = "vec", tag = "2")]
    pub of: Vec<u8>,
}

/// An expired record to remove, all or nothing.
#[derive(Clone, PartialEq, Message)]
pub struct DeleteIf {
    /// Physical key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Skipped when the record has another revision.
    #[prost(uint64, tag = "2")]
    pub revision: u64,
    /// Skipped when the stamp is earlier than this, ms.
    #[prost(uint64, tag = "3")]
    pub not_before_ms: u64,
    /// Its index entries.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub index_entries: Vec<Vec<u8>>,
}

/// Events to remove from the tail of a chain. Nothing happens unless `from` is the first that is left.
#[derive(Clone, PartialEq, Message)]
pub struct AuditPrune {
    /// The chain.
    #[prost(string, tag = "1")]
    pub chain: String,
    /// The first to go.
    #[prost(uint64, tag = "2")]
    pub from: u64,
    /// The last to go.
    #[prost(uint64, tag = "3")]
    pub through: u64,
    /// What vouches for the head after it.
    #[prost(bytes = "vec", tag = "4")]
    pub checkpoint: Vec<u8>,
}

/// An event whose body is to go; nothing happens when there is none.
#[derive(Clone, PartialEq, Message)]
pub struct AuditErase {
    /// The chain.
    #[prost(string, tag = "1")]
    pub chain: String,
    /// Its number.
    #[prost(uint64, tag = "2")]
    pub number: u64,
}

/// A security event.
#[derive(Clone, PartialEq, Message)]
pub struct AuditEvent {
    /// The chain: a realm's id, or empty for the cluster's own.
    #[prost(string, tag = "1")]
    pub chain: String,
    /// What happened, as the domain encoded it.
    #[prost(bytes = "vec", tag = "2")]
    pub body: Vec<u8>,
}

/// A remembered outcome.
#[derive(Clone, PartialEq, Message)]
pub struct OutcomeRecord {
    /// The attempt, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub attempt: Vec<u8>,
    /// Its entry's stamp, ms.
    #[prost(uint64, tag = "2")]
    pub stamp_ms: u64,
    /// How it ended; see [`crate::apply::Verdict`].
    #[prost(uint32, tag = "3")]
    pub verdict: u32,
    /// The key of the guard that failed.
    #[prost(bytes = "vec", tag = "4")]
    pub conflict: Vec<u8>,
}
