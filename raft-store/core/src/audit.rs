//! Audit chains: head' = SHA-256(head ‖ index ‖ digest of the event), extended at apply (store.md 24).
//!
//! An event's digest is over its stamp and its body's own digest, so that a body can be erased and the rest still
//! holds. Each event is stored with the head after it: the first that was tampered with can be named. What lies before
//! the *base* was pruned; the base is the head after the last pruned event, with a checkpoint that its signer vouches by.

use sha2::{Digest, Sha256};

use crate::ids::{Revision, Timestamp};
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

/// Events that one mutation prunes at most: apply removes each by its key.
pub const MAX_PRUNED: u64 = 256;

/// Digest of an event's body.
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Digest of an event: of its stamp and its body's digest.
#[must_use]
pub fn digest(stamp: Timestamp, body: [u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(stamp.0.to_be_bytes());
    hash.update(body);
    hash.finalize().into()
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

/// Where the head lies at which a pruned chain begins.
#[must_use]
pub fn base_key(chain: &str) -> Vec<u8> {
    chain_prefix(chain, 2)
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

/// Where a chain begins, and what vouches for what was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The head after the last pruned event; [`Head::EMPTY`] when nothing was pruned.
    pub head: Head,
    /// The checkpoint, as its signer encoded it.
    pub checkpoint: Vec<u8>,
}

impl Base {
    /// Of a chain that is whole.
    pub const WHOLE: Self = Self { head: Head::EMPTY, checkpoint: Vec::new() };

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.head.to_bytes();
        out.extend_from_slice(&self.checkpoint);
        out
    }

    /// Parses a stored base.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Abort> {
        let (head, checkpoint) = bytes.split_at_checked(40).ok_or_else(|| Abort::corrupt("audit base"))?;
        Ok(Self { head: Head::parse(head)?, checkpoint: checkpoint.to_vec() })
    }
}

/// A stored event, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Place in the chain, from 1.
    pub number: u64,
    /// The entry that carried it.
    pub index: Revision,
    /// That entry's stamp.
    pub stamp: Timestamp,
    /// Digest of its body as it was.
    pub body_digest: [u8; 32],
    /// The chain's digest after it.
    pub head: [u8; 32],
    /// What it says; empty when erased.
    pub body: Vec<u8>,
}

/// Bytes of a stored event before its body.
const EVENT_HEADER: usize = 8 + 8 + 32 + 32;

impl StoredEvent {
    /// As it is stored. The body may be cut off without breaking the chain.
    #[must_use]
    pub fn to_value(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(EVENT_HEADER + self.body.len());
        out.extend_from_slice(&self.index.0.to_be_bytes());
        out.extend_from_slice(&self.stamp.0.to_be_bytes());
        out.extend_from_slice(&self.body_digest);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.body);
        out
    }

    /// Parses a stored event.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(number: u64, value: &[u8]) -> Result<Self, Abort> {
        let bad = || Abort::corrupt("audit event");
        let (index, rest) = value.split_first_chunk::<8>().ok_or_else(bad)?;
        let (stamp, rest) = rest.split_first_chunk::<8>().ok_or_else(bad)?;
        let (body_digest, rest) = rest.split_first_chunk::<32>().ok_or_else(bad)?;
        let (head, body) = rest.split_first_chunk::<32>().ok_or_else(bad)?;
        Ok(Self {
            number,
            index: Revision(u64::from_be_bytes(*index)),
            stamp: Timestamp(u64::from_be_bytes(*stamp)),
            body_digest: *body_digest,
            head: *head,
            body: body.to_vec(),
        })
    }

    /// A stored event's value without its body.
    pub(crate) fn erased(mut value: Vec<u8>) -> Vec<u8> {
        value.truncate(EVENT_HEADER);
        value
    }

    /// The head after it, if it follows `before` and nothing of it was changed; a body that is there must be the one
    /// it was written with.
    #[must_use]
    pub fn follows(&self, before: Head) -> Option<Head> {
        let body = self.body.is_empty() || body_digest(&self.body) == self.body_digest;
        let after = before.extend(self.index, digest(self.stamp, self.body_digest));
        (body && self.number == after.count && self.head == after.digest).then_some(after)
    }
}
