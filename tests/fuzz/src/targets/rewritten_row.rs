//! A record of a newer version that an older one writes again: what the older does not know stays as it was.

use prost::Message;
use raft_store_core::kv::{Batch, Kv, Write};
use raft_store_core::memory::{MemoryKv, PlainSealer};
use raft_store_core::wire::mutation;
use raft_store_core::{AttemptId, Key, Read, Revision, Space, Table, TableId, Timestamp, Tx, View, layout};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target { name: "rewritten_row", run: target, seeds, words: &[], rounds: 15_000 };

#[derive(Clone, PartialEq, Message)]
struct Part {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, repeated, tag = "2")]
    texts: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Newer {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    count: u64,
    #[prost(message, repeated, tag = "3")]
    known: Vec<Part>,
    #[prost(string, repeated, tag = "4")]
    texts: Vec<String>,
    #[prost(message, optional, tag = "5")]
    part: Option<Part>,
    #[prost(fixed32, tag = "6")]
    fixed: u32,
    #[prost(double, optional, tag = "7")]
    double: Option<f64>,
    #[prost(uint64, repeated, tag = "8")]
    numbers: Vec<u64>,
    #[prost(bytes = "vec", tag = "900")]
    bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Older {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    count: u64,
    #[prost(message, repeated, tag = "3")]
    known: Vec<Part>,
}

struct Rows;

impl Table for Rows {
    type Key = u32;
    type Row = Older;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(7);
    const NAME: &'static str = "rows";
}

fn seeds() -> Vec<Vec<u8>> {
    let part = |number| Part { number, texts: vec!["x".into()] };
    let newer = Newer {
        name: "a".into(),
        count: 7,
        known: vec![part(1), Part::default()],
        texts: vec!["t".into(), String::new()],
        part: Some(part(2)),
        fixed: 9,
        double: Some(0.0),
        numbers: vec![1, 300],
        bytes: vec![1, 2],
    };
    vec![newer.encode_to_vec(), Newer { part: Some(Part::default()), ..Newer::default() }.encode_to_vec()]
}

/// Any bytes that are a record of the newer version.
pub fn target(data: &[u8]) {
    let (Ok(newer), Ok(older)) = (Newer::decode(data), Older::decode(data)) else { return };
    let kv = MemoryKv::default();
    let key = layout::row_key(Rows::ID, &1_u32.to_bytes());
    let value = layout::row_value(Revision(1), None, data);
    kv.write(Batch { writes: vec![Write::Set(Space::State, key, Some(value))] }).unwrap();
    let snapshot = kv.snapshot();
    let mut tx = Tx::new(View::open(&snapshot, &PlainSealer, Timestamp(5)).unwrap());
    let read = tx.get::<Rows>(&1).unwrap().expect("it is there").row;
    assert_eq!(read, older);
    tx.put::<Rows>(1, Older { name: "new".into(), count: 0, ..read }).unwrap().unwrap();
    let entry = tx.finish(AttemptId([1; 16]), Timestamp(9)).unwrap();
    let Some(mutation::Kind::Put(put)) = entry.mutations.into_iter().find_map(|mutation| mutation.kind) else {
        panic!("a record is written")
    };
    let after = Newer::decode(put.fields.as_slice()).expect("a rewritten record can be read");
    let wanted = Newer { name: "new".into(), count: 0, ..newer };
    // Bytes, since not every number is equal to itself.
    assert_eq!(after.encode_to_vec(), wanted.encode_to_vec(), "what is not known stays");
}
