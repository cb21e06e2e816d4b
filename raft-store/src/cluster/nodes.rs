//! The nodes a cluster has had: ids are handed out once, and what was removed stays known.

use std::collections::BTreeSet;

use prost::Message;
use raft_store_core::{Abort, Read, Set, SetId, Stored, Table, TableId, Through, Tx, View};

use crate::trust::events;

/// What is to become of a node. The leader makes the membership follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeState {
    /// It has its certificate; it becomes a learner, and a voter once caught up.
    Joining,
    /// It votes.
    Active,
    /// It was told to leave and is refused by everyone.
    Removed,
}

impl NodeState {
    const fn number(self) -> i32 {
        match self {
            Self::Joining => 1,
            Self::Active => 2,
            Self::Removed => 3,
        }
    }

    fn of(number: i32) -> Result<Self, Abort> {
        Ok(match number {
            1 => Self::Joining,
            2 => Self::Active,
            3 => Self::Removed,
            _ => return Err(Abort::corrupt("node state")),
        })
    }
}

/// Where the node records are.
pub(crate) const NODES_TABLE: TableId = TableId(20);

/// One row a node id that was ever handed out.
pub(crate) struct Nodes;

/// The fields.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeRow {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(int32, tag = "2")]
    pub(crate) state: i32,
    #[prost(uint64, tag = "3")]
    pub(crate) since_ms: u64,
}

/// All of them: joining needs the highest id, so concurrent joins run one after the other.
pub(crate) struct AllNodes;

impl Set for AllNodes {
    type Of = Nodes;
    type Prefix = ();
    const ID: SetId = SetId(1);
    const THROUGH: Through = Through::Primary;
    fn prefixes(_: &u64, _: &NodeRow) -> Vec<()> {
        vec![()]
    }
}

impl Table for Nodes {
    type Key = u64;
    type Row = NodeRow;
    type Indexes = ();
    type Sets = (AllNodes,);
    const ID: TableId = NODES_TABLE;
    const NAME: &'static str = "nodes";
}

/// A node as the state knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownNode {
    pub(crate) id: u64,
    pub(crate) address: String,
    pub(crate) state: NodeState,
}

fn known(stored: &Stored<Nodes>) -> Result<KnownNode, Abort> {
    Ok(KnownNode { id: stored.key, address: stored.row.address.clone(), state: NodeState::of(stored.row.state)? })
}

/// Every node there ever was.
pub(crate) fn all_nodes(read: &impl Read) -> Result<Vec<KnownNode>, Abort> {
    read.all::<AllNodes>(&())?.iter().map(known).collect()
}

/// Ids that are never to be spoken to again.
pub(crate) fn removed_nodes(view: &View<'_>) -> Result<BTreeSet<u64>, Abort> {
    let nodes = all_nodes(view)?;
    Ok(nodes.into_iter().filter(|node| node.state == NodeState::Removed).map(|node| node.id).collect())
}

fn put(tx: &mut Tx<'_>, id: u64, address: &str, state: NodeState) -> Result<(), Abort> {
    let row = NodeRow { address: address.to_owned(), state: state.number(), since_ms: tx.now().0 };
    // Never taken: the table has no unique index.
    let _ = tx.put::<Nodes>(id, row)?;
    Ok(())
}

/// Writes the cluster's first node.
pub(crate) fn first_node(tx: &mut Tx<'_>, address: &str) -> Result<(), Abort> {
    put(tx, 1, address, NodeState::Active)
}

/// Every node but one was lost with its quorum: it stays, the others are removed.
pub(crate) fn leave_only(tx: &mut Tx<'_>, id: u64, address: &str) -> Result<(), Abort> {
    for node in all_nodes(tx)? {
        if node.id != id && node.state != NodeState::Removed {
            put(tx, node.id, &node.address, NodeState::Removed)?;
            events::record(tx, events::NODE_REMOVED, node.id.to_string(), "lost with the quorum".to_owned());
        }
    }
    put(tx, id, address, NodeState::Active)
}

/// Ids of the nodes that are members, or are to become some.
pub(crate) fn present_nodes(read: &impl Read) -> Result<Vec<u64>, Abort> {
    let nodes = all_nodes(read)?;
    Ok(nodes.into_iter().filter(|node| node.state != NodeState::Removed).map(|node| node.id).collect())
}

/// Hands out the next id. Ids rise and are never reused.
pub(crate) fn allocate(tx: &mut Tx<'_>, address: &str) -> Result<u64, Abort> {
    let highest = all_nodes(tx)?.iter().map(|node| node.id).max().unwrap_or_default();
    put(tx, highest + 1, address, NodeState::Joining)?;
    Ok(highest + 1)
}

/// Notes a node's new state. Says whether that is news.
pub(crate) fn set_state(tx: &mut Tx<'_>, id: u64, state: NodeState) -> Result<bool, Abort> {
    let Some(stored) = tx.get::<Nodes>(&id)? else { return Ok(false) };
    if stored.row.state == state.number() || stored.row.state == NodeState::Removed.number() {
        return Ok(false);
    }
    put(tx, id, &stored.row.address, state)?;
    Ok(true)
}
