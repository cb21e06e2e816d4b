//! The tables of the workload: the shapes that the domain's have.

use prost::Message;
use raft_store_core::sweep::Sweepable;
use raft_store_core::{
    Blind, Index, IndexId, Marker, MarkerId, Set, SetId, Table, TableId, Through, Timestamp, Unique,
};

/// A row of two numbers and an expiry.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Row {
    #[prost(uint64, tag = "1")]
    pub(crate) a: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) b: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) expires_ms: u64,
}

pub(crate) fn row(a: u64, b: u64) -> Row {
    Row { a, b, expires_ms: 0 }
}

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl Table for $name {
            type Key = u64;
            type Row = Row;
            type Indexes = ();
            type Sets = ();
            const ID: TableId = TableId($id);
            const NAME: &'static str = stringify!($name);
        }
    )+};
}

plain! {
    /// Single use: read and deleted in one transaction.
    Codes = 201;
    /// `a`: the secret that is good now; `b`: 1 when ended. Rotated like refresh tokens.
    Families = 202;
    /// `a`: the count.
    Counters = 203;
    /// Taken when absent, given back: `a` is who took it.
    Slots = 204;
    /// Written blindly: `a` is the writer.
    Registers = 205;
    /// `a`: whether the client is active.
    Clients = 206;
    /// One a committed transaction: `a` its answer, `b` the time it was evaluated at.
    Receipts = 207;
}

impl Blind for Registers {}
impl Blind for Receipts {}

/// Held until they expire: `a` is the holder.
pub(crate) struct Leases;
impl Table for Leases {
    type Key = u64;
    type Row = Row;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(208);
    const NAME: &'static str = "Leases";
    fn expires(row: &Row) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

/// Members by group and number; a group holds [`QUOTA`] at most.
pub(crate) struct Members;
/// How many members a group may have.
pub(crate) const QUOTA: usize = 3;
impl Table for Members {
    type Key = (u64, u64);
    type Row = Row;
    type Indexes = ();
    type Sets = (OfGroup,);
    const ID: TableId = TableId(209);
    const NAME: &'static str = "Members";
}

/// The members of a group.
pub(crate) struct OfGroup;
impl Set for OfGroup {
    type Of = Members;
    type Prefix = u64;
    const ID: SetId = SetId(209);
    const THROUGH: Through = Through::Primary;
    fn prefixes((group, _): &(u64, u64), _: &Row) -> Vec<u64> {
        vec![*group]
    }
}

/// People with a unique name: `a`.
pub(crate) struct Users;
impl Table for Users {
    type Key = u64;
    type Row = Row;
    type Indexes = (ByName,);
    type Sets = ();
    const ID: TableId = TableId(210);
    const NAME: &'static str = "Users";
}

/// The person of a name.
pub(crate) struct ByName;
impl Index for ByName {
    type Of = Users;
    type Key = u64;
    const ID: IndexId = IndexId(210);
    const NAME: &'static str = "name";
    const UNIQUE: bool = true;
    fn keys(_: &u64, row: &Row) -> Vec<u64> {
        vec![row.a]
    }
}
impl Unique for ByName {}

/// Tokens of a client issued before this are dead.
pub(crate) struct NotBefore;
impl Marker for NotBefore {
    type Key = u64;
    const ID: MarkerId = MarkerId(201);
}

/// All of them.
pub(crate) fn tables() -> Vec<TableId> {
    (201..=210).map(TableId).collect()
}

/// Those whose records expire.
pub(crate) fn sweepable() -> Vec<Sweepable> {
    vec![Sweepable::of::<Leases>()]
}
