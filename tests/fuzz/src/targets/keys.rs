//! Typed keys of records: in order as their values, and read again only from their own bytes.

use raft_store_core::{Key, KeyReader};

use crate::Target;
use crate::script::Script;

/// See [`target`].
pub const TARGET: Target = Target { name: "keys", run: target, seeds, words: &["\0", "\u{1}", "\0\u{1}"], rounds: 20_000 };

type Several = (String, u32, [u8; 4]);

fn seeds() -> Vec<Vec<u8>> {
    let key = |realm: &str, number, fixed| (realm.to_owned(), number, fixed);
    vec![
        Several::to_bytes(&key("vo", 7, [0; 4])),
        Several::to_bytes(&key("a\0b", u32::MAX, [0xff; 4])),
        Several::to_bytes(&key("", 0, [1, 0, 1, 0])),
        (String::from("a"), String::from("b")).to_bytes(),
    ]
}

fn reads<K: Key>(data: &[u8]) {
    if let Ok(key) = K::from_bytes(data) {
        assert_eq!(key.to_bytes(), data, "a key has one form");
    }
}

/// Any bytes as keys of several shapes, and texts as keys that keep their order.
pub fn target(data: &[u8]) {
    reads::<Several>(data);
    reads::<(String, String)>(data);
    reads::<(u64, [u8; 16])>(data);
    reads::<String>(data);
    let mut reader = KeyReader::new(data);
    while !reader.is_empty() && reader.variable().is_ok() {}
    let mut script = Script::new(data);
    let mut texts = || String::from_utf8_lossy(script.bytes(12)).into_owned();
    let (one, other) = ((texts(), texts()), (texts(), texts()));
    assert_eq!(one.cmp(&other), one.to_bytes().cmp(&other.to_bytes()), "keys lie as their values do: {one:?} {other:?}");
}
