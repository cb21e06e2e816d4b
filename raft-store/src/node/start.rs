//! Init, join, start.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openraft::{Config, SnapshotPolicy};
use raft_store_core::{NodeId, Outcome, ReadKv, Request, Store, Timestamp, View};
use rustls_pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::options::{Options, Presence, StartError, trust};
use super::{Held, Node};
use crate::cluster::{Cluster, NodeFiles, Peers, ask_to_join, first_node, removed_nodes};
use crate::disk::{DataLock, Database, LogStore, SyncThread};
use crate::duties::Duties;
use crate::env::SharedEnv;
use crate::machine::{Machine, Observer};
use crate::metrics::{PeerFailures, StoreMetrics};
use crate::net::{Channels, Gate, NetworkFactory, PeerService, TlsNet, serve};
use crate::origin::{Forwarder, Freshness, Offsets, Origin, Proposer, ReadIndex};
use crate::trust::keyring::{self, DataKey};
use crate::trust::{
    ClusterCa, ClusterId, ClusterKey, JoinToken, KeyringSealer, NodeIdentity, NodeKey, PeerAddress, PeerIdentity,
    PeerTls, RecoveryBundle, WallClock, ca, clock_plausible, cluster_record,
};
use crate::types::{PeerNode, Raft};

/// Milliseconds between two heartbeats (design §9).
const HEARTBEAT_MS: u64 = 100;
/// Milliseconds of an election time-out.
const ELECTION_MS: (u64, u64) = (400, 800);
/// How long a new cluster of one may take to elect itself and write its first record.
const FIRST_WRITE: Duration = Duration::from_secs(15);
/// The runtime of Raft and peers: user traffic never runs on it.
const RAFT_THREADS: usize = 2;

/// What a folder holds.
///
/// # Errors
/// When it cannot be looked at.
pub fn presence(folder: &Path) -> Result<Presence, StartError> {
    let member = folder.join(MEMBER_FILE).try_exists()?;
    Ok(if member { Presence::Member } else { Presence::Fresh })
}

/// Written last by init and join: node id and cluster id.
const MEMBER_FILE: &str = "member";

fn read_member(folder: &Path) -> Result<(u64, ClusterId), StartError> {
    let text = fs::read_to_string(folder.join(MEMBER_FILE)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StartError::NotMember,
        _ => StartError::Io(error),
    })?;
    let malformed = || StartError::Mixed("the file `member` is malformed".to_owned());
    let (node, cluster) = text.trim().split_once(' ').ok_or_else(malformed)?;
    Ok((node.parse().map_err(|_| malformed())?, cluster.parse().map_err(|_| malformed())?))
}

fn write_member(folder: &Path, node: u64, cluster: ClusterId) -> std::io::Result<()> {
    let temporary = folder.join("member.tmp");
    fs::write(&temporary, format!("{node} {cluster}\n"))?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(temporary, folder.join(MEMBER_FILE))?;
    fs::File::open(folder)?.sync_all()
}

/// A folder that this process holds and that no member lives in yet.
fn take_fresh(options: &Options) -> Result<DataLock, StartError> {
    let lock = take(&options.data_dir)?;
    if presence(&options.data_dir)? == Presence::Member {
        let (node, cluster) = read_member(&options.data_dir)?;
        return Err(StartError::Member { node, cluster: cluster.to_string() });
    }
    // The remains of an interrupted init or join were never part of a cluster that answered anyone.
    for remains in ["db", "snapshots", "staged"] {
        let path = options.data_dir.join(remains);
        if path.exists() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(lock)
}

fn take(folder: &Path) -> Result<DataLock, StartError> {
    fs::create_dir_all(folder)?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(folder, private)?;
    DataLock::take(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => StartError::Locked(folder.to_owned()),
        _ => StartError::Io(error),
    })
}

fn wall(env: &SharedEnv) -> Timestamp {
    Timestamp(u64::try_from(env.wall_ms()).unwrap_or_default())
}

fn address(options: &Options) -> Result<PeerAddress, StartError> {
    options.peer_advertise.parse().map_err(|_| StartError::Address(options.peer_advertise.clone()))
}

fn wall_clock(env: &SharedEnv) -> WallClock {
    let env = env.clone();
    WallClock::new(move || wall(&env).0)
}

/// Makes a cluster of this one node. The bundle is shown once.
///
/// # Errors
/// See [`StartError`]; nothing that counts is left behind then.
pub async fn init(options: Options) -> Result<(Node, RecoveryBundle), StartError> {
    let env = SharedEnv::system();
    let now = wall(&env);
    if !clock_plausible(now.0) {
        return Err(StartError::Clock(now.0));
    }
    let address = address(&options)?;
    let lock = take_fresh(&options)?;
    let fill = |buffer: &mut [u8]| env.fill_random(buffer);
    let id = ClusterId::generate(&fill);
    let authority = ClusterCa::generate(id, now, env.random_id()).map_err(trust)?;
    let key = NodeKey::generate().map_err(trust)?;
    let certificate = authority
        .issue(&ca::CertificateRequest {
            csr: &key.request().map_err(trust)?,
            node: PeerIdentity { cluster: id, node: NodeId(1) },
            address: &address,
            now,
            serial: env.random_id(),
        })
        .map_err(trust)?;
    let identity = NodeIdentity::new(key, vec![certificate, authority.certificate().clone()]).map_err(trust)?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    let cluster_key = match files.load_key()? {
        Some(key) => key,
        None => {
            let key = ClusterKey::generate(&fill);
            files.store_key(&key)?;
            key
        }
    };
    files.store_identity(&identity)?;
    files.store_ca(authority.certificate())?;
    let first = DataKey::generate(keyring::FIRST, &fill);
    let wrapping = keyring::wrapped(&first, &cluster_key, &fill).map_err(trust)?;

    let opening = Opening { env: env.clone(), options, files, lock, node: 1, cluster: id };
    let node = opening.open(Some((&cluster_key, &first))).await?;
    let members = BTreeMap::from([(1, PeerNode { address: address.to_string() })]);
    node.raft.initialize(members).await.map_err(|error| StartError::Raft(error.to_string()))?;
    let request = Request { id: "init".to_owned(), within: FIRST_WRITE };
    let written = node.cluster.store.transact(&request, |tx| {
        keyring::add(tx, keyring::FIRST, &wrapping)?;
        if cluster_record::create(tx, id, &authority)?.is_err() {
            return Ok(Outcome::Answer(false));
        }
        first_node(tx, &address.to_string())?;
        Ok(Outcome::Commit(true))
    });
    match written.await {
        Ok(done) if done.answer => {}
        Ok(_) => return Err(StartError::Raft("the new cluster already has a record".to_owned())),
        Err(error) => return Err(StartError::Raft(error.to_string())),
    }
    write_member(&node.cluster.folder, 1, id)?;
    tracing::info!(cluster = %id, "a cluster was made");
    Ok((node, RecoveryBundle { cluster: id, created: now, cluster_key, ca: authority }))
}

/// Joins the cluster that a token names. The node becomes a learner, and a voter once caught up.
///
/// # Errors
/// See [`StartError`].
pub async fn join(options: Options, token: &str) -> Result<Node, StartError> {
    let env = SharedEnv::system();
    let address = address(&options)?;
    let lock = take_fresh(&options)?;
    let token: JoinToken = token.trim().parse().map_err(crate::cluster::JoinRefused::from)?;
    let key = NodeKey::generate().map_err(trust)?;
    let answer = ask_to_join(&token, &key, &address, &wall_clock(&env)).await?;
    let cluster: ClusterId = answer.cluster_id.parse().map_err(trust)?;
    let authority = CertificateDer::from(answer.ca_der);
    if crate::trust::CaPin::of(&authority) != Some(token.pin) {
        return Err(StartError::Trust("the answer's authority is not the one the token pins".to_owned()));
    }
    let certificate = CertificateDer::from(answer.certificate_der);
    let identity = NodeIdentity::new(key, vec![certificate, authority.clone()]).map_err(trust)?;
    let cluster_key = ClusterKey::from_bytes(&answer.cluster_key)
        .ok_or_else(|| StartError::Trust("the answer's cluster key is malformed".to_owned()))?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    files.store_key(&cluster_key)?;
    files.store_identity(&identity)?;
    files.store_ca(&authority)?;
    let folder = options.data_dir.clone();
    let opening = Opening { env, options, files, lock, node: answer.node, cluster };
    let node = opening.open(None).await?;
    write_member(&folder, answer.node, cluster)?;
    tracing::info!(node = answer.node, cluster = %answer.cluster_id, "joined");
    Ok(node)
}

/// Opens the member that lives in the folder.
///
/// # Errors
/// See [`StartError`].
pub async fn start(options: Options) -> Result<Node, StartError> {
    let lock = take(&options.data_dir)?;
    let (node, cluster) = read_member(&options.data_dir)?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    Opening { env: SharedEnv::system(), options, files, lock, node, cluster }.open(None).await
}

/// Follows the store's own tables.
struct Follower {
    sealer: Arc<KeyringSealer>,
    gate: Arc<Gate>,
    files: NodeFiles,
}

impl Observer for Follower {
    fn changed(&self, kv: &dyn ReadKv) {
        let view = match View::open(kv, &*self.sealer, Timestamp(0)) {
            Ok(view) => view,
            Err(error) => {
                tracing::error!(%error, "the state cannot be read");
                return;
            }
        };
        match removed_nodes(&view) {
            Ok(removed) => self.gate.set_removed(removed),
            Err(error) => tracing::error!(%error, "the node records cannot be read"),
        }
        let held = self.sealer.cluster_key().is_some();
        let opened = if held {
            self.sealer.reload(&view)
        } else {
            match self.files.load_key() {
                Ok(Some(key)) => self.sealer.unseal(key, &view),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the cluster key cannot be read; this node stays sealed");
                    return;
                }
            }
        };
        match opened {
            // An empty keyring: the node has not caught up yet.
            Ok(Ok(()) | Err(keyring::KeyringError::Empty)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the keyring does not open; this node stays sealed"),
            Err(error) => tracing::error!(%error, "the keyring cannot be read"),
        }
    }
}

/// A member about to be opened.
struct Opening {
    env: SharedEnv,
    options: Options,
    files: NodeFiles,
    lock: DataLock,
    node: u64,
    cluster: ClusterId,
}

fn raft_config(cluster: &str) -> Result<Arc<Config>, StartError> {
    let config = Config {
        cluster_name: cluster.to_owned(),
        heartbeat_interval: HEARTBEAT_MS,
        election_timeout_min: ELECTION_MS.0,
        election_timeout_max: ELECTION_MS.1,
        quorum_loss_probe_interval: Some(2 * ELECTION_MS.1),
        enable_pre_vote: Some(true),
        enable_leader_restore: Some(false),
        allow_log_reversion: Some(false),
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: u64::MAX,
        replication_lag_threshold: u64::MAX,
        purge_batch_size: 4096,
        max_payload_entries: 1024,
        install_snapshot_timeout: 600_000,
        ..Config::default()
    };
    config.validate().map(Arc::new).map_err(|error| StartError::Raft(error.to_string()))
}

impl Opening {
    /// Opens on a runtime of its own.
    async fn open(self, begin: Option<(&ClusterKey, &DataKey)>) -> Result<Node, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RAFT_THREADS)
            .thread_name("raft")
            .enable_all()
            .build()?;
        let env = self.env.clone();
        let sealer = Arc::new(KeyringSealer::new(move |buffer| env.fill_random(buffer)));
        if let Some((key, first)) = begin {
            let key = ClusterKey::from_bytes(key.expose()).ok_or_else(|| trust("cluster key"))?;
            sealer.begin(key, first).map_err(trust)?;
        }
        let handle = runtime.handle().clone();
        let opened = handle.spawn(self.assemble(runtime, sealer)).await;
        opened.map_err(|error| StartError::Raft(error.to_string()))?
    }

    fn identity(&self) -> Result<(NodeIdentity, CertificateDer<'static>), StartError> {
        let missing = || StartError::Mixed("the peer certificate is missing".to_owned());
        let identity = self.files.load_identity()?.ok_or_else(missing)?;
        let name = identity.name();
        if name.node.0 != self.node || name.cluster != self.cluster {
            let why = format!("the certificate is of {name}, the folder of node {}", self.node);
            return Err(StartError::Mixed(why));
        }
        Ok((identity, self.files.load_ca()?))
    }

    /// The database knows whose it is, too.
    fn check_owner(&self, database: &Database) -> Result<(), StartError> {
        let owner = format!("{} {}", self.node, self.cluster);
        match database.meta("owner")? {
            None => Ok(database.set_meta("owner", owner.as_bytes())?),
            Some(found) if found == owner.as_bytes() => Ok(()),
            Some(found) => {
                let found = String::from_utf8_lossy(&found).into_owned();
                Err(StartError::Mixed(format!("the database is of node {found}, the folder of node {owner}")))
            }
        }
    }

    async fn assemble(
        self,
        runtime: tokio::runtime::Runtime,
        sealer: Arc<KeyringSealer>,
    ) -> Result<Node, StartError> {
        let (identity, authority) = self.identity()?;
        let address = address(&self.options)?;
        let database = Arc::new(Database::open(&self.options.data_dir)?);
        self.check_owner(&database)?;
        let listener = TcpListener::bind(self.options.peer_listen).await?;
        let sync = SyncThread::start(Arc::clone(&database), self.options.debug_fsync_delay)?;
        let log = LogStore::open(Arc::clone(&database), Arc::clone(&sync))?;
        let machine = Machine::open(Arc::clone(&database), self.env.clone(), Arc::clone(&sealer) as _)?;
        let shared = Arc::clone(&machine.0);
        let gate = Arc::new(Gate::default());
        let follower = Follower { sealer: Arc::clone(&sealer), gate: Arc::clone(&gate), files: self.files.clone() };
        *shared.observer.lock() = Some(Arc::new(follower));
        if shared.applied_index().0 > 0 {
            shared.observe();
        }
        let tls = PeerTls::new(self.cluster, &authority, &identity, wall_clock(&self.env)).map_err(trust)?;
        let tls = Arc::new(tls);
        let metric = |error: prometheus::Error| StartError::Raft(error.to_string());
        let failures = Arc::new(PeerFailures::new().map_err(metric)?);
        let metrics = Arc::new(StoreMetrics::new().map_err(metric)?);
        let channels = Arc::new(Channels::new(Arc::new(TlsNet(Arc::clone(&tls)))));
        let id_text = self.cluster.to_string();
        let network = NetworkFactory {
            node: self.node,
            cluster_id: id_text.clone(),
            channels: Arc::clone(&channels),
            failures: Arc::clone(&failures),
        };
        let raft: Raft = openraft::Raft::new(self.node, raft_config(&id_text)?, network, log.clone(), machine)
            .await
            .map_err(|error| StartError::Raft(error.to_string()))?;

        let offsets = Arc::new(Offsets::new(self.env.clone()));
        let freshness = Arc::new(Freshness::new(self.env.clone()));
        let own = crate::trust::TABLES.iter().chain([&crate::cluster::NODES_TABLE]);
        let tables = own.chain(&self.options.tables).map(|table| table.0).collect();
        let proposer = Proposer::start(raft.clone(), Arc::clone(&shared), Arc::clone(&offsets), self.node, tables);
        let forwarder = Forwarder::new(self.node, proposer.clone(), Arc::clone(&channels));
        let read_index = ReadIndex::start(
            raft.clone(),
            self.node,
            Arc::clone(&channels),
            Arc::clone(&shared),
            Arc::clone(&freshness),
        );
        let origin = Arc::new(Origin::new(
            raft.clone(),
            forwarder,
            read_index,
            Arc::clone(&freshness),
            Arc::clone(&shared),
            self.env.clone(),
            Arc::clone(&metrics),
        ));
        let cluster = Arc::new(Cluster {
            id: self.cluster,
            id_text,
            node: self.node,
            address,
            folder: self.options.data_dir.clone(),
            raft: raft.clone(),
            shared,
            store: Store::new(Arc::clone(&origin) as _),
            channels,
            sealer,
            offsets,
            peers: Peers::default(),
            sync: Arc::clone(&sync),
            env: self.env,
            version: self.options.version.clone(),
            change: tokio::sync::Mutex::new(()),
        });
        let stop = CancellationToken::new();
        let service = PeerService { raft: raft.clone(), gate, proposer, cluster: Arc::clone(&cluster) };
        let serving = serve(listener, Arc::clone(&tls), service, stop.clone());
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the peer listener stopped");
            }
        });
        let mut sweep = self.options.sweep;
        sweep.extend(crate::trust::sweepable());
        Duties {
            cluster: Arc::clone(&cluster),
            origin,
            freshness: Arc::clone(&freshness),
            log,
            files: self.files,
            tls,
            compaction: self.options.compaction,
            sweep,
            stop: stop.clone(),
        }
        .start();
        let recovered = Arc::new(AtomicBool::new(false));
        let (done, recovering) = (Arc::clone(&recovered), raft.clone());
        tokio::spawn(async move {
            if recovering.wait_for_recovery(None).await.is_ok() {
                done.store(true, Ordering::Relaxed);
            }
        });
        Ok(Node {
            raft,
            cluster,
            freshness,
            metrics,
            failures,
            sync,
            recovered,
            stop,
            held: parking_lot::Mutex::new(Some(Held { database, runtime, lock: self.lock })),
        })
    }
}
