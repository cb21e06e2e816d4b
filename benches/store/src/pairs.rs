//! One table: a key and its value.

use raft_store_core::{Table, TableId};

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Pair {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) value: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs;

impl Table for Pairs {
    type Key = Vec<u8>;
    type Row = Pair;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(900);
    const NAME: &'static str = "pairs";
}
