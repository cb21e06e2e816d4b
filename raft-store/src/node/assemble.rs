//! Putting a member together: database, Raft, peers, duties.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use openraft::{Config, SnapshotPolicy};
use raft_store_core::{Level, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::follower::Follower;
use super::options::{Options, StartError, trust};
use super::start::{address, wall_clock, write_member};
use super::{Held, Node, PeerRuntime};
use crate::agreement::{Agreeing, AgreementMetrics, Quarantine};
use crate::cluster::{Cluster, NodeFiles, Peers};
use crate::dial::Net;
use crate::disk::{DataLock, Database, LogStore, OpenError, Refusal, Sentinel, Space, SyncThread, judge};
use crate::duties::Duties;
use crate::env::SharedEnv;
use crate::fault::Fault;
use crate::machine::{Machine, Observer};
use crate::metrics::{PeerFailures, StoreMetrics};
use crate::net::{Channels, Doors, Gate, NetworkFactory, PeerService, Replicated, TlsNet, serve_tls};
use crate::origin::{Forwarder, Freshness, Inside, LeaderTime, Offsets, Origin, Proposer, ReadIndex, Room};
use crate::renewal::{Credentials, Renewal};
use crate::trust::keyring::DataKey;
use crate::trust::{ClusterId, ClusterKey, KeyringSealer, NodeIdentity, PeerTls};
use crate::types::Raft;

/// Milliseconds between two heartbeats (design §9).
const HEARTBEAT_MS: u64 = 100;
/// Milliseconds of an election time-out.
const ELECTION_MS: (u64, u64) = (400, 800);
/// The runtime of Raft and peers: user traffic never runs on it.
const RAFT_THREADS: usize = 2;

/// A member about to be opened.
pub(crate) struct Opening {
    pub(crate) env: SharedEnv,
    pub(crate) options: Options,
    pub(crate) files: NodeFiles,
    pub(crate) lock: Option<DataLock>,
    pub(crate) node: u64,
    pub(crate) cluster: ClusterId,
    pub(crate) entering: Entering,
}

/// The node's key and certificate, which must be its own.
pub(crate) fn identity_of(files: &NodeFiles, node: u64, cluster: ClusterId) -> Result<NodeIdentity, StartError> {
    let missing = || StartError::Mixed("the peer certificate is missing".to_owned());
    let identity = files.load_identity()?.ok_or_else(missing)?;
    let name = identity.name();
    if name.node.0 != node || name.cluster != cluster {
        let why = format!("the certificate is of {name}, the folder of node {node}");
        return Err(StartError::Mixed(why));
    }
    Ok(identity)
}

/// Opens a folder's database. A member's must be there: an empty one would take its place.
pub(crate) fn open_database(folder: &std::path::Path, new: bool) -> Result<Database, StartError> {
    let current = folder.join("db").join("CURRENT");
    if !new && !current.exists() {
        return Err(StartError::Damaged { why: format!("the database is missing: {}", current.display()) });
    }
    Database::open(folder).map_err(|error| match error {
        OpenError::Database { source, .. } => match judge(folder, source.as_ref()) {
            Refusal::Damaged(why) => StartError::Damaged { why },
            Refusal::Disk(why) => StartError::Disk(why),
        },
        other => other.into(),
    })
}

/// What the database says of whose it is.
pub(crate) fn owner(node: u64, cluster: ClusterId) -> Vec<u8> {
    format!("{node} {cluster}").into_bytes()
}

/// The database knows whose it is; a new one is told.
pub(crate) fn check_owner(database: &Database, node: u64, cluster: ClusterId, new: bool) -> Result<(), StartError> {
    let owner = owner(node, cluster);
    match database.meta("owner")? {
        // Under its old name it would vote a second time in terms that it has forgotten.
        None if !new => Err(StartError::Damaged { why: "the database is empty and knows no owner".to_owned() }),
        None => Ok(database.set_meta("owner", &owner)?),
        Some(found) if found == owner => Ok(()),
        Some(found) => {
            let found = String::from_utf8_lossy(&found).into_owned();
            Err(StartError::Mixed(format!("the database is of node {found}, the folder of node {node} {cluster}")))
        }
    }
}

/// What a member stands on: its disk, and its way to the others and theirs to it.
pub(crate) struct Ground {
    pub(crate) database: Arc<Database>,
    pub(crate) sync: Arc<SyncThread>,
    pub(crate) space: Arc<Space>,
    /// None in a simulation.
    pub(crate) sentinel: Option<Arc<Sentinel>>,
    pub(crate) net: Arc<dyn Net>,
    pub(crate) door: Door,
    /// None in a simulation.
    pub(crate) tls: Option<Arc<PeerTls>>,
}

/// Where the others come in.
pub(crate) enum Door {
    Tls(TcpListener, Arc<PeerTls>),
    #[cfg(feature = "simulation")]
    Plain(Box<dyn crate::dial::Incoming>),
}

impl Door {
    async fn serve(
        self,
        doors: Doors,
        service: PeerService,
        stop: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        match self {
            Self::Tls(listener, tls) => serve_tls(listener, tls, doors, service, stop).await,
            #[cfg(feature = "simulation")]
            Self::Plain(incoming) => crate::net::serve_plain(incoming, service, stop).await,
        }
    }
}

/// How a member comes to its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entering {
    /// It makes the cluster, and is a member once the cluster's record is written.
    Init,
    /// It was let in, and is a member from its first moment.
    Join,
    /// It was here before.
    Again,
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

/// Why Raft did not start, in the words of what was found first.
fn why_not(database: &Database, error: &impl std::fmt::Display) -> StartError {
    match database.faults.first() {
        Some(Fault::Apply(why)) => StartError::Apply(why),
        Some(Fault::Damaged(why)) => StartError::Damaged { why },
        Some(fault) => StartError::Raft(format!("{fault}: {error}")),
        None => match Fault::of_storage(error) {
            Fault::Damaged(why) => StartError::Damaged { why },
            _ => StartError::Raft(error.to_string()),
        },
    }
}

impl Opening {
    /// Opens on a runtime of its own.
    pub(super) async fn open(self, begin: Option<(&ClusterKey, &DataKey)>) -> Result<Node, StartError> {
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
        let runtime = PeerRuntime::new(runtime);
        let opened = handle.spawn(async move {
            let mut opening = self;
            let lock = opening.lock.take();
            let ground = opening.ground().await?;
            let database = Arc::clone(&ground.database);
            Ok::<_, StartError>((opening.assemble(sealer, ground).await?, database, lock))
        });
        let (node, database, lock) = opened.await.map_err(|error| StartError::Raft(error.to_string()))??;
        *node.held.lock() = Some(Held { database, runtime, lock });
        Ok(node)
    }

    /// Opens the database. A member's must be there: an empty one would take its place.
    fn database(&self) -> Result<Database, StartError> {
        open_database(&self.options.data_dir, self.entering != Entering::Again)
    }

    /// The database knows whose it is, too.
    pub(crate) fn check_owner(&self, database: &Database) -> Result<(), StartError> {
        check_owner(database, self.node, self.cluster, self.entering != Entering::Again)
    }

    /// The sentinel: made for a new member, compared with the database of an old one (store.md 15).
    fn sentinel(&self, database: &Arc<Database>) -> Result<Sentinel, StartError> {
        let cluster = self.cluster.to_string();
        if self.entering != Entering::Again {
            return Ok(Sentinel::create(&self.options.data_dir, &cluster, self.node)?);
        }
        let sentinel = Sentinel::open(&self.options.data_dir)?;
        sentinel.compare(&cluster, self.node, &LogStore::present(database)?)?;
        Ok(sentinel)
    }

    /// The machine's own disk and network.
    async fn ground(&self) -> Result<Ground, StartError> {
        let identity = identity_of(&self.files, self.node, self.cluster)?;
        let authorities = self.files.load_cas()?;
        // First of all: at the hard watermark it makes room for what follows.
        let space = Arc::new(Space::open(&self.options.data_dir, self.options.watermarks)?);
        let database = Arc::new(self.database()?);
        self.check_owner(&database)?;
        let sentinel = Arc::new(self.sentinel(&database)?);
        if self.entering == Entering::Join {
            // From here on it may be counted on: interrupted, it is started again, not joined again.
            write_member(&self.options.data_dir, self.node, self.cluster)?;
        }
        let listener = TcpListener::bind(self.options.peer_listen).await?;
        let sync = SyncThread::start(Arc::clone(&database), self.options.debug_fsync_delay)?;
        let tls = PeerTls::new(self.cluster, &authorities, &identity, wall_clock(&self.env)).map_err(trust)?;
        let tls = Arc::new(tls);
        let net = Arc::new(TlsNet::new(Arc::clone(&tls)));
        Ok(Ground {
            database,
            sync,
            space,
            sentinel: Some(sentinel),
            net,
            door: Door::Tls(listener, Arc::clone(&tls)),
            tls: Some(tls),
        })
    }

    #[expect(clippy::too_many_lines, reason = "the one place where everything meets, each part once")]
    pub(crate) async fn assemble(self, sealer: Arc<KeyringSealer>, ground: Ground) -> Result<Node, StartError> {
        let Ground { database, sync, space, sentinel, net, door, tls } = ground;
        let address = address(&self.options)?;
        let mut log = LogStore::open(Arc::clone(&database), Arc::clone(&sync))?;
        if let Some(sentinel) = sentinel {
            log = log.watched_by(Arc::clone(&sentinel));
            database.faults.keep_in(sentinel);
        }
        let machine = Machine::open(Arc::clone(&database), self.env.clone(), Arc::clone(&sealer) as _)?;
        let shared = Arc::clone(&machine.0);
        let (found, known) = (shared.progress.lock().position.level.0, Level::SUPPORTED.0);
        if found > known {
            return Err(StartError::Level { found, known });
        }
        let gate = Arc::new(Gate::default());
        let follower = Follower { sealer: Arc::clone(&sealer), gate: Arc::clone(&gate), files: self.files.clone() };
        let observer: Arc<dyn Observer> = Arc::new(follower);
        *shared.observer.lock() = Some(Arc::clone(&observer));
        if shared.applied_index().0 > 0 {
            shared.observe();
        }
        let credentials = tls.map(|tls| Credentials {
            renewal: Renewal {
                shared: Arc::clone(&shared),
                sealer: Arc::clone(&sealer),
                files: self.files.clone(),
                env: self.env.clone(),
                name: tls.name(),
                address,
                lifetime_ms: self.options.certificate_life_ms(),
            },
            tls,
            told: parking_lot::Mutex::default(),
        });
        if let Some(credentials) = &credentials {
            // Before anybody is called or answered.
            credentials.look(credentials.renewal.wall());
        }
        let metric = |error: prometheus::Error| StartError::Raft(error.to_string());
        let failures = Arc::new(PeerFailures::new().map_err(metric)?);
        let metrics = Arc::new(StoreMetrics::new().map_err(metric)?);
        let channels = Arc::new(Channels::new(net));
        let id_text = self.cluster.to_string();
        let replicated = Replicated::default();
        let network = NetworkFactory {
            node: self.node,
            cluster_id: id_text.clone(),
            channels: Arc::clone(&channels),
            failures: Arc::clone(&failures),
            env: self.env.clone(),
            gate: Arc::clone(&gate),
            replicated: replicated.clone(),
            faults: Arc::clone(&database.faults),
        };
        let raft: Raft = openraft::Raft::new(self.node, raft_config(&id_text)?, network, log.clone(), machine)
            .await
            .map_err(|error| why_not(&database, &error))?;
        replicated.follow(&raft);

        let offsets = Arc::new(Offsets::new(self.env.clone()));
        let freshness = Arc::new(Freshness::new(self.env.clone()));
        let own = crate::trust::TABLES.iter().chain([&crate::cluster::NODES_TABLE]).chain(&crate::agreement::TABLES);
        let tables = own.chain(&self.options.tables).map(|table| table.0).collect();
        let peers = Arc::new(Peers::default());
        let room = Room {
            node: self.node,
            space: Arc::clone(&space),
            peers: Arc::clone(&peers),
            env: self.env.clone(),
            spared: self.options.spared.iter().map(|table| table.0).collect(),
        };
        let proposer =
            Proposer::start(raft.clone(), Arc::clone(&shared), Arc::clone(&offsets), self.node, tables, room);
        let forwarder = Forwarder::new(self.node, proposer.clone(), Arc::clone(&channels));
        let leader_time = LeaderTime::new(self.node, Arc::clone(&shared), Arc::clone(&offsets));
        let read_index = ReadIndex::start(
            raft.clone(),
            self.node,
            Arc::clone(&channels),
            Arc::clone(&shared),
            Arc::clone(&freshness),
            leader_time.clone(),
            Arc::clone(&metrics),
        );
        let quarantine = Quarantine::open(&database)?;
        let origin = Arc::new(Origin::new(
            raft.clone(),
            forwarder,
            read_index,
            Arc::clone(&freshness),
            Arc::clone(&shared),
            self.env.clone(),
            Arc::clone(&metrics),
            Arc::clone(&quarantine),
        ));
        let inside = Store::new(Arc::new(Inside(Arc::clone(&origin))));
        let cluster = Arc::new(Cluster {
            id: self.cluster,
            id_text,
            node: self.node,
            folder: self.options.data_dir.clone(),
            raft: raft.clone(),
            shared,
            store: Store::new(Arc::clone(&origin) as _),
            channels,
            sealer,
            offsets,
            leader_time,
            proposer: proposer.clone(),
            freshness: Arc::clone(&freshness),
            peers,
            log: log.clone(),
            space,
            gate: Arc::clone(&gate),
            sync: Arc::clone(&sync),
            env: self.env,
            version: self.options.version.clone(),
            refused: Arc::default(),
            quarantine,
            inside: inside.clone(),
            files: self.files,
            credentials,
            certificate_life_ms: self.options.certificate_life_ms(),
            observer,
            change: tokio::sync::Mutex::new(()),
            #[cfg(feature = "simulation")]
            answered: parking_lot::Mutex::default(),
        });
        let stop = CancellationToken::new();
        let service = PeerService { raft: raft.clone(), gate, proposer, cluster: Arc::clone(&cluster) };
        let (members, strangers) = metrics.doors();
        let doors = Doors::new(members, strangers, Arc::clone(&cluster.refused));
        let serving = door.serve(doors, service, stop.clone());
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
            log: log.clone(),
            compaction: self.options.compaction,
            sweep,
            stop: stop.clone(),
        }
        .start();
        let agreement = AgreementMetrics::new().map_err(metric)?;
        let agreeing =
            Agreeing { cluster: Arc::clone(&cluster), inside, metrics: agreement.clone(), stop: stop.clone() };
        agreeing.start();
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
            agreement,
            sync,
            recovered,
            stop,
            #[cfg(feature = "simulation")]
            log,
            held: parking_lot::Mutex::new(None),
        })
    }
}
