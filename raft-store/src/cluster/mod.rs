//! The cluster itself: who is in it, who may come in, who leads.

mod admit;
mod control;
mod files;
mod nodes;
mod peers;
mod remove;
mod rotate;
mod transfer;

pub(crate) use admit::{JoinRefused, ask_to_join};
pub(crate) use files::NodeFiles;
#[cfg(feature = "simulation")]
pub(crate) use nodes::allocate;
pub(crate) use nodes::{
    NODES_TABLE, NodeState, all_nodes, first_node, leave_only, removed_nodes, set_state as set_node_state,
};
pub(crate) use peers::Peers;

use openraft::async_runtime::WatchReceiver;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raft_store_core::cluster::ClusterError;
use raft_store_core::{Store, Timestamp};

use crate::agreement::Quarantine;
use crate::disk::{LogStore, Space, SyncThread};
use crate::env::SharedEnv;
use crate::machine::{Observer, Shared};
use crate::net::{Channels, Gate, Purpose, RefusedPeers};
use crate::origin::{Freshness, LeaderTime, Offsets, Proposer};
use crate::proto;
use crate::renewal::Credentials;
use crate::trust::{ClusterId, KeyringSealer};
use crate::types::{PeerNode, Raft};

/// How long an operator's change waits for one that is under way.
const CHANGE_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// What a node knows of its cluster.
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    pub(crate) id_text: String,
    pub(crate) node: u64,
    pub(crate) folder: PathBuf,
    pub(crate) raft: Raft,
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Store,
    pub(crate) channels: Arc<Channels>,
    pub(crate) sealer: Arc<KeyringSealer>,
    pub(crate) offsets: Arc<Offsets>,
    pub(crate) leader_time: LeaderTime,
    pub(crate) proposer: Proposer,
    pub(crate) freshness: Arc<Freshness>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) log: LogStore,
    pub(crate) space: Arc<Space>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) sync: Arc<SyncThread>,
    pub(crate) env: SharedEnv,
    pub(crate) version: String,
    pub(crate) refused: Arc<RefusedPeers>,
    pub(crate) quarantine: Arc<Quarantine>,
    /// As this node's own duties use it.
    pub(crate) inside: Store,
    pub(crate) files: NodeFiles,
    /// None where peers are not told apart by certificates: a simulation.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) certificate_life_ms: u64,
    pub(crate) observer: Arc<dyn Observer>,
    /// One change of membership or leadership at a time.
    pub(crate) change: tokio::sync::Mutex<()>,
    /// The highest vote this life has given to others.
    #[cfg(feature = "simulation")]
    pub(crate) answered: parking_lot::Mutex<Option<crate::types::Vote>>,
}

impl Cluster {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn cluster_id(&self) -> &str {
        &self.id_text
    }

    pub(crate) async fn leader_read_index(&self) -> Result<(u64, Timestamp), String> {
        crate::origin::leader_read_index(&self.raft, &self.leader_time).await
    }

    /// Takes the one turn to change membership or leadership. The duties hold it for a moment after a node has joined.
    pub(crate) async fn changing(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, ClusterError> {
        tokio::time::timeout(CHANGE_WAIT, self.change.lock()).await.map_err(|_| ClusterError::Busy)
    }

    /// Whether a majority of the voters' clocks was ever heard.
    pub(crate) fn knows_the_time(&self) -> bool {
        self.offsets.median(self.node, &self.voters()).is_some()
    }

    /// The wall clock, put right by the voters' median where this node's is visibly off: a certificate made under a
    /// wrong clock would be refused by everyone.
    pub(crate) fn true_time(&self) -> Timestamp {
        let skew = self.offsets.skew_ms(self.node, &self.voters()).unwrap_or_default();
        let wall = self.env.wall_ms();
        let time = if skew.abs() > crate::origin::SKEW_ALARM_MS { wall.saturating_sub(skew) } else { wall };
        Timestamp(u64::try_from(time).unwrap_or_default())
    }

    /// A sealed node looks whether its cluster key has been put in its place.
    pub(crate) fn try_unseal(&self) {
        if self.sealer.is_sealed()
            && let Ok(view) = self.shared.view()
        {
            self.observer.changed(&view);
        }
    }

    /// The members as openraft sees them here.
    pub(crate) fn members(&self) -> Vec<(u64, PeerNode)> {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        metrics.membership_config.nodes().map(|(id, node)| (*id, node.clone())).collect()
    }

    pub(crate) fn voters(&self) -> Vec<u64> {
        self.raft.voter_ids().collect()
    }

    /// Who leads, if it is not this node, and where.
    pub(crate) fn other_leader(&self) -> Option<(u64, PeerNode)> {
        let leader = self.raft.server_metrics().borrow_watched().current_leader?;
        let node = self.members().into_iter().find(|(id, _)| *id == leader)?;
        (leader != self.node).then_some(node)
    }

    pub(crate) fn client(&self, node: u64, address: &str) -> proto::peer_client::PeerClient<tonic::transport::Channel> {
        self.channels.client(node, address, Purpose::Calls)
    }
}

/// A refusal in words, from whoever refused.
pub(crate) fn refused(status: &tonic::Status) -> ClusterError {
    match status.code() {
        tonic::Code::FailedPrecondition => ClusterError::Unsafe(status.message().to_owned()),
        tonic::Code::Aborted => ClusterError::Busy,
        _ => ClusterError::Store(raft_store_core::StoreError::NotDone { retry: std::time::Duration::from_secs(1) }),
    }
}

/// The same refusal on the wire.
pub(crate) fn status(error: &ClusterError) -> tonic::Status {
    match error {
        ClusterError::Busy => tonic::Status::aborted(error.to_string()),
        ClusterError::Unsafe(why) => tonic::Status::failed_precondition(why.clone()),
        ClusterError::NoSuchMember(_) => tonic::Status::not_found(error.to_string()),
        ClusterError::Store(_) => tonic::Status::unavailable(error.to_string()),
    }
}
