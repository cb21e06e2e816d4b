//! `Idempotency-Key`: a create that is sent again makes nothing twice.
//!
//! The record is written in the transaction that makes the object, so there is never one without the other. It holds
//! no answer: what can be shown again is read again, and a secret can't be shown again.

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use raft_store_core::sweep::Sweepable;
use raft_store_core::{Abort, Read, Table, TableId, Timestamp, Tx};

/// How long a key is remembered: longer than any client retries.
const REMEMBERED_MS: u64 = 24 * 3600 * 1000;
/// Longest key: a UUID has 36 characters.
const MAX_KEY: usize = 255;
/// The header.
const HEADER: &str = "idempotency-key";

/// What was made under a key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Record {
    /// SHA-256 of the request: path and body.
    #[prost(bytes = "vec", tag = "1")]
    pub request: Vec<u8>,
    /// The id of what was made.
    #[prost(string, tag = "2")]
    pub made: String,
    /// When it is forgotten, cluster time in ms.
    #[prost(uint64, tag = "3")]
    pub expires_ms: u64,
}

/// Records by realm (empty for what belongs to none) and digest of operator and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records;

impl Table for Records {
    type Key = (String, [u8; 32]);
    type Row = Record;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(1000);
    const NAME: &'static str = "idempotency keys";
    fn expires(row: &Record) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

/// The tables of this crate: the leader refuses writes to tables that nobody has declared.
#[must_use]
pub fn tables() -> Vec<TableId> {
    vec![Records::ID]
}

/// The tables of this crate whose records expire, for the sweep.
#[must_use]
pub fn sweepable() -> Vec<Sweepable> {
    vec![Sweepable::of::<Records>()]
}

/// The header is there and can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must be one value of 1 to {MAX_KEY} visible ASCII characters")]
pub struct InvalidKey;

/// The key was used for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this Idempotency-Key was used for another request")]
pub struct Reused;

/// A key and the request it stands for.
#[derive(Clone, Debug)]
pub struct Key {
    at: (String, [u8; 32]),
    request: [u8; 32],
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    // Each part is preceded by its length, so that no two lists of parts hash alike.
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, &all).as_ref());
    out
}

impl Key {
    /// The key of a request, if it has one. `who` separates callers, `path` and `body` are the request.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn of(
        headers: &HeaderMap,
        realm: &str,
        who: &str,
        path: &str,
        body: &[u8],
    ) -> Result<Option<Self>, InvalidKey> {
        let mut all = headers.get_all(HEADER).iter();
        let Some(value) = all.next() else { return Ok(None) };
        let value = value.as_bytes();
        let plain = value.iter().all(u8::is_ascii_graphic);
        if all.next().is_some() || !plain || !(1..=MAX_KEY).contains(&value.len()) {
            return Err(InvalidKey);
        }
        let at = (realm.to_owned(), hash(&[who.as_bytes(), value]));
        Ok(Some(Self { at, request: hash(&[path.as_bytes(), body]) }))
    }

    /// The id of what this request made before.
    ///
    /// # Errors
    /// Inner: [`Reused`]. Outer: when storage fails.
    pub fn made(&self, read: &impl Read) -> Result<Result<Option<String>, Reused>, Abort> {
        Ok(match read.get::<Records>(&self.at)? {
            None => Ok(None),
            Some(record) if record.row.request == self.request => Ok(Some(record.row.made)),
            Some(_) => Err(Reused),
        })
    }

    /// Remembers what this request made, in the transaction that makes it.
    ///
    /// # Errors
    /// When storage fails.
    pub fn remember(&self, tx: &mut Tx<'_>, made: &str) -> Result<(), Abort> {
        let expires_ms = tx.now().plus_ms(REMEMBERED_MS).0;
        let row = Record { request: self.request.to_vec(), made: made.to_owned(), expires_ms };
        // The table has no unique index, so there is nothing that could be taken.
        let _ = tx.put::<Records>(self.at.clone(), row)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use raft_store_core::Outcome;
    use raft_store_core::memory::MemoryStore;

    fn key(value: &str, who: &str, body: &[u8]) -> Result<Option<Key>, InvalidKey> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(value).unwrap());
        Key::of(&headers, "a", who, "/v1/realms/a/clients", body)
    }

    #[test]
    fn a_request_is_known_by_key_caller_and_content_for_a_day() {
        let store = MemoryStore::new(Timestamp(1));
        let known = key("k", "me", b"{}").unwrap().unwrap();
        store.run(|tx| known.remember(tx, "c").map(Outcome::Commit)).unwrap();
        let made = |key: &Key| store.look(|view| key.made(view)).unwrap();
        assert_eq!(made(&known), Ok(Some("c".to_owned())));
        assert_eq!(made(&key("k", "me", b"{ }").unwrap().unwrap()), Err(Reused));
        assert_eq!(made(&key("k", "you", b"{}").unwrap().unwrap()), Ok(None));
        store.set_now(Timestamp(1 + REMEMBERED_MS));
        assert_eq!(made(&known), Ok(None));
    }

    #[test]
    fn keys_are_visible_ascii() {
        for bad in ["", "a b", &"k".repeat(MAX_KEY + 1)] {
            assert_eq!(key(bad, "me", b"").err(), Some(InvalidKey), "{bad:?}");
        }
        assert!(Key::of(&HeaderMap::new(), "", "me", "/", b"").unwrap().is_none());
    }
}
