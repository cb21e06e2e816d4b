//! What openraft calls things here. Its types never leave this crate, nor reach disk or wire by derived serde.

use std::fmt;

use bytes::Bytes;
use openraft::raft::responder::Responder;

/// An encoded, stamped transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal(pub Bytes);

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "transaction of {} bytes", self.0.len())
    }
}

/// Where a member's peer listener is: `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PeerNode {
    /// Host and port.
    pub address: String,
}

impl fmt::Display for PeerNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// What apply answers to openraft: nothing. Outcomes come from the origin's own apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied;

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("applied")
    }
}

/// Tells one party how its proposal ended, without a task that waits for it.
pub(crate) struct Callback<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Callback<T> {
    /// Calls `f` once, from openraft's own task: it must not block.
    pub(crate) fn new(f: impl FnOnce(T) + Send + 'static) -> Self {
        Self(Box::new(f))
    }
}

impl<T: Send + 'static> Responder<TypeConfig, T> for Callback<T> {
    fn on_complete(self, result: T) {
        (self.0)(result);
    }
}

#[cfg(not(feature = "simulation"))]
pub(crate) type Runtime = openraft::impls::TokioRuntime;
#[cfg(feature = "simulation")]
pub(crate) type Runtime = crate::simulation::SeededRuntime;

/// The type configuration.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct TypeConfig {}

impl openraft::RaftTypeConfig for TypeConfig {
    type D = Proposal;
    type R = Applied;
    type NodeId = u64;
    type Node = PeerNode;
    type Term = u64;
    type LeaderId = openraft::impls::leader_id_adv::LeaderId<u64, u64>;
    type Vote = openraft::impls::Vote<Self::LeaderId>;
    type Payload = openraft::EntryPayload<Proposal, u64, PeerNode>;
    type Entry = openraft::Entry<Self::LeaderId, Self::Payload>;
    type Responder<T>
        = Callback<T>
    where
        T: openraft::OptionalSend + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: openraft::OptionalSend + 'static;
    type AsyncRuntime = Runtime;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

pub(crate) use openraft::alias::{LeaderIdOf, LogIdOf, SnapshotMetaOf, SnapshotOf, StoredMembershipOf, VoteOf};

pub(crate) type LeaderId = LeaderIdOf<TypeConfig>;
pub(crate) type LogId = LogIdOf<TypeConfig>;
pub(crate) type Vote = VoteOf<TypeConfig>;
pub(crate) type StoredMembership = StoredMembershipOf<TypeConfig>;
pub(crate) type Membership = openraft::Membership<u64, PeerNode>;
pub(crate) type Entry = <TypeConfig as openraft::RaftTypeConfig>::Entry;
pub(crate) type SnapshotMeta = SnapshotMetaOf<TypeConfig>;
pub(crate) type Snapshot = SnapshotOf<TypeConfig, crate::machine::SnapshotSource>;
pub(crate) type Raft = openraft::Raft<TypeConfig, crate::machine::Machine>;
