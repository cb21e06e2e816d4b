//! Making, joining and starting a simulated member.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use raft_store_core::sweep::Sweepable;
use raft_store_core::{Outcome, Request, TableId};

use super::FakeDisk;
use crate::cluster::{NodeFiles, NodeState, allocate, first_node, set_node_state};
use crate::dial::{Incoming, Net};
use crate::disk::{Database, SyncThread};
use crate::env::SharedEnv;
use crate::node::{Compaction, Door, Entering, Ground, Node, Opening, Options, StartError};
use crate::trust::keyring::{self, DataKey};
use crate::trust::{ClusterId, ClusterKey, KeyringSealer};
use crate::types::PeerNode;

/// How long the next flush of a disk takes.
pub type Flush = Box<dyn FnMut() -> Duration + Send>;

/// How long a new cluster may take to elect and to write its first record.
const FIRST_WRITE: Duration = Duration::from_secs(15);

/// What a member is made of.
pub struct Parts {
    /// Its id.
    pub node: u64,
    /// `host:port`, as the others know it.
    pub address: String,
    /// A real folder, which holds the cluster key and nothing else.
    pub folder: PathBuf,
    /// Everything else.
    pub disk: FakeDisk,
    /// How slow that is.
    pub flush: Flush,
    /// Clocks and randomness; work that blocks runs at once, in place.
    pub env: SharedEnv,
    /// The way to the others.
    pub net: Arc<dyn Net>,
    /// The others' way here.
    pub incoming: Box<dyn Incoming>,
    /// When snapshots are built and the log is purged.
    pub compaction: Compaction,
    /// The domain's tables.
    pub tables: Vec<TableId>,
    /// Those whose records expire.
    pub sweep: Vec<Sweepable>,
}

/// Every simulated cluster's id and key: nothing is secret there.
fn cluster_id() -> ClusterId {
    ClusterId::generate(&|bytes| bytes.fill(7))
}

fn cluster_key() -> ClusterKey {
    ClusterKey::generate(&|bytes| bytes.fill(9))
}

fn wrong(error: impl std::fmt::Display) -> StartError {
    StartError::Trust(error.to_string())
}

impl Parts {
    async fn open(self, entering: Entering, begin: Option<&DataKey>) -> Result<Node, StartError> {
        let files = NodeFiles::new(&self.folder, None);
        if files.load_key()?.is_none() {
            files.store_key(&cluster_key())?;
        }
        let env = self.env.clone();
        let sealer = Arc::new(KeyringSealer::new(move |buffer| env.fill_random(buffer)));
        if let Some(first) = begin {
            sealer.begin(cluster_key(), first).map_err(wrong)?;
        }
        let database = Arc::new(Database::fake(&self.disk, &self.folder)?);
        let sync = SyncThread::simulated(Arc::clone(&database), self.flush)?;
        let options = Options {
            data_dir: self.folder,
            peer_listen: ([0, 0, 0, 0], 0).into(),
            peer_advertise: self.address,
            cluster_key_file: None,
            debug_fsync_delay: None,
            debug_certificate_life: None,
            compaction: self.compaction,
            watermarks: crate::disk::Watermarks::default(),
            spared: Vec::new(),
            tables: self.tables,
            sweep: self.sweep,
            version: "simulated".to_owned(),
        };
        let opening =
            Opening { env: self.env, options, files, lock: None, node: self.node, cluster: cluster_id(), entering };
        opening.check_owner(&database)?;
        let space = Arc::new(crate::disk::Space::endless());
        let ground = Ground {
            database,
            sync,
            space,
            sentinel: None,
            net: self.net,
            door: Door::Plain(self.incoming),
            tls: None,
        };
        opening.assemble(sealer, ground).await
    }
}

/// Makes a cluster of the given members, of which this is the first. The others are to be joined meanwhile.
///
/// # Errors
/// See [`StartError`].
pub async fn init(parts: Parts, members: &[(u64, String)]) -> Result<Node, StartError> {
    let env = parts.env.clone();
    let fill = |buffer: &mut [u8]| env.fill_random(buffer);
    let first = DataKey::generate(keyring::FIRST, &fill);
    let wrapping = keyring::wrapped(&first, &cluster_key(), &fill).map_err(wrong)?;
    let node = parts.open(Entering::Init, Some(&first)).await?;
    let peers: BTreeMap<u64, PeerNode> =
        members.iter().map(|(id, address)| (*id, PeerNode { address: address.clone() })).collect();
    node.raft.initialize(peers).await.map_err(|error| StartError::Raft(error.to_string()))?;
    let request = Request { id: "init".to_owned(), within: FIRST_WRITE };
    let written = node.cluster.store.transact(&request, |tx| {
        keyring::add(tx, keyring::FIRST, &wrapping)?;
        for (id, address) in members {
            if *id == 1 {
                first_node(tx, address)?;
            } else {
                let given = allocate(tx, address)?;
                set_node_state(tx, given, NodeState::Active)?;
            }
        }
        Ok(Outcome::Commit(()))
    });
    written.await.map_err(|error| StartError::Raft(error.to_string()))?;
    Ok(node)
}

/// What the cluster does when it lets a node in, once that has proved itself: gives it an id. From then on the leader
/// makes it a learner, and a voter once it has caught up.
///
/// # Errors
/// As of a transaction.
pub async fn admit(node: &Node, address: &str) -> Result<u64, raft_store_core::StoreError> {
    let request = Request::new("join");
    let given = node.cluster.store.transact(&request, |tx| Ok(Outcome::Commit(allocate(tx, address)?)));
    Ok(given.await?.answer)
}

/// Opens a member that was let in and has no data yet.
///
/// # Errors
/// See [`StartError`].
pub async fn join(parts: Parts) -> Result<Node, StartError> {
    parts.open(Entering::Join, None).await
}

/// Opens a member again.
///
/// # Errors
/// See [`StartError`].
pub async fn start(parts: Parts) -> Result<Node, StartError> {
    parts.open(Entering::Again, None).await
}
