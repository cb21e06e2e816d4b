//! Audit chains: head' = SHA-256(head ‖ index ‖ digest of the event), extended at apply (store.md 24).

use sha2::{Digest, Sha256};

use crate::ids::Revision;
use crate::layout::Kind;
use crate::read::Abort;

/// Which chain an event belongs to: one a realm, and one for the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// The cluster's own.
    Cluster,
    /// A realm's, by its id. Must not be empty.
    Realm(String),
}

impl Chain {
    /// The name on the wire; empty for the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Cluster => "",
            Self::Realm(realm) => realm,
        }
    }
}

/// What happened, encoded by who says it. The chain holds its digest, so that the body can be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event(pub Vec<u8>);

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Events so far.
    pub count: u64,
    /// The chain's digest.
    pub digest: [u8; 32],
}

impl Head {
    /// A chain without events.
    pub const EMPTY: Self = Self { count: 0, digest: [0; 32] };

    /// The head after one more event.
    #[must_use]
    pub fn extend(self, index: Revision, event: [u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(index.0.to_be_bytes());
        hash.update(event);
        Self { count: self.count + 1, digest: hash.finalize().into() }
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = self.count.to_be_bytes().to_vec();
        out.extend_from_slice(&self.digest);
        out
    }

    /// Parses a stored head.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Abort> {
        let (count, digest) = bytes.split_first_chunk::<8>().ok_or_else(|| Abort::corrupt("audit head"))?;
        let digest = digest.try_into().map_err(|_| Abort::corrupt("audit head"))?;
        Ok(Self { count: u64::from_be_bytes(*count), digest })
    }
}

/// Digest of an event's body.
#[must_use]
pub fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

fn chain_prefix(chain: &str, part: u8) -> Vec<u8> {
    let mut writer = crate::key::KeyWriter::default();
    writer.fixed(&[Kind::Audit as u8]);
    writer.variable(chain.as_bytes());
    writer.fixed(&[part]);
    writer.into_bytes()
}

/// Where a chain's head lies.
#[must_use]
pub fn head_key(chain: &str) -> Vec<u8> {
    chain_prefix(chain, 0)
}

/// Before every event of a chain.
#[must_use]
pub fn events_prefix(chain: &str) -> Vec<u8> {
    chain_prefix(chain, 1)
}

/// Where the event with this number (from 1) lies.
#[must_use]
pub fn event_key(chain: &str, number: u64) -> Vec<u8> {
    let mut key = events_prefix(chain);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// An event's value: index, digest, body. The body may be erased without breaking the chain.
#[must_use]
pub fn event_value(index: Revision, digest: [u8; 32], body: &[u8]) -> Vec<u8> {
    let mut out = index.0.to_be_bytes().to_vec();
    out.extend_from_slice(&digest);
    out.extend_from_slice(body);
    out
}

/// A stored event, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Place in the chain, from 1.
    pub number: u64,
    /// The entry that carried it.
    pub index: Revision,
    /// Digest of its body as it was.
    pub digest: [u8; 32],
    /// What it says; empty when erased.
    pub body: Vec<u8>,
}

impl StoredEvent {
    /// Parses a stored event.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(number: u64, value: &[u8]) -> Result<Self, Abort> {
        let bad = || Abort::corrupt("audit event");
        let (index, rest) = value.split_first_chunk::<8>().ok_or_else(bad)?;
        let (digest, body) = rest.split_first_chunk::<32>().ok_or_else(bad)?;
        Ok(Self { number, index: Revision(u64::from_be_bytes(*index)), digest: *digest, body: body.to_vec() })
    }
}
