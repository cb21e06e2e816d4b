//! What a survivor has, and who else is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use openraft::EntryPayload;
use openraft::storage::RaftLogReader;
use raft_store_core::Revision;

use super::{INCARNATION_BITS, RecoverError};
use crate::cluster::NodeFiles;
use crate::disk::{DataLock, Database, LogStore, Sentinel, SyncThread};
use crate::env::SharedEnv;
use crate::machine::Machine;
use crate::net::{Channels, Purpose, TlsNet};
use crate::node::{self, Options, StartError};
use crate::proto;
use crate::renewal::Renewal;
use crate::trust::{ClusterId, KeyringSealer, NodeIdentity, PeerTls, WallClock};
use crate::types::{Entry, LogId, Membership, Vote};

/// How long the other voters are asked.
const ASK: Duration = Duration::from_secs(2);

/// Another voter, as this survivor found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Its id.
    pub node: u64,
    /// Its peer listener.
    pub address: String,
    /// Term and index that it has applied, if it answered.
    pub applied: Option<(u64, u64)>,
    /// Whether it answered.
    pub answers: bool,
}

/// What an operator compares before one survivor is chosen: the one whose (term, index) is highest has lost least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// The cluster.
    pub cluster: String,
    /// This node.
    pub node: u64,
    /// Term of the last entry in its log.
    pub last_term: u64,
    /// Index of the last entry in its log.
    pub last_index: u64,
    /// The last index that it has applied. What lies behind it in the log is adopted, too.
    pub applied: u64,
    /// Whether this node votes.
    pub votes: bool,
    /// The other voters.
    pub others: Vec<Voter>,
    /// Whether those that answer would be a quorum together with this node.
    pub quorum: bool,
}

/// A survivor's folder, open and held.
pub(super) struct Held {
    pub(super) env: SharedEnv,
    pub(super) options: Options,
    pub(super) files: NodeFiles,
    pub(super) node: u64,
    pub(super) cluster: ClusterId,
    pub(super) database: Arc<Database>,
    pub(super) machine: Machine,
    pub(super) sealer: Arc<KeyringSealer>,
    pub(super) vote: Option<Vote>,
    pub(super) last: LogId,
    /// Entries in the log that were not applied.
    pub(super) tail: Vec<Entry>,
    /// The last membership in the log, or the applied one.
    pub(super) membership: Membership,
    identity: NodeIdentity,
    _lock: DataLock,
}

impl Held {
    /// Opens the folder; nobody else may have it open.
    pub(super) async fn open(options: Options) -> Result<Self, RecoverError> {
        let state = |error: &dyn std::fmt::Display| RecoverError::State(error.to_string());
        let env = SharedEnv::system();
        let lock = node::take(&options.data_dir)?;
        super::finish_interrupted(&options)?;
        let (node, cluster) = node::read_member(&options.data_dir)?;
        let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
        let identity = node::identity_of(&files, node, cluster)?;
        let database = Arc::new(node::open_database(&options.data_dir, false)?);
        node::check_owner(&database, node, cluster, false)?;
        // A survivor that has lost what it had flushed is none.
        let sentinel = Sentinel::open(&options.data_dir).map_err(StartError::from)?;
        sentinel.compare(&cluster.to_string(), node, &LogStore::present(&database)?).map_err(StartError::from)?;
        let random = env.clone();
        let sealer = Arc::new(KeyringSealer::new(move |buffer| random.fill_random(buffer)));
        let machine = Machine::open(Arc::clone(&database), env.clone(), Arc::clone(&sealer) as _)?;
        let sync = SyncThread::start(Arc::clone(&database), None)?;
        let mut log = LogStore::open(Arc::clone(&database), Arc::clone(&sync))?;
        let (applied, mut membership) = {
            let progress = machine.0.progress.lock();
            (progress.log_id, progress.membership.membership().clone())
        };
        let from = applied.map_or(0, |id| id.index + 1);
        let tail = log.try_get_log_entries(from..).await?;
        let vote = log.read_vote().await?;
        sync.stop();
        drop((log, sync));
        for entry in &tail {
            if let EntryPayload::Membership(newer) = &entry.payload {
                membership = newer.clone();
            }
        }
        let last = tail.last().map(|entry| entry.log_id).or(applied);
        let last = last.ok_or_else(|| state(&"it is empty: this node never heard from its cluster"))?;
        let held = Self {
            env,
            options,
            files,
            node,
            cluster,
            database,
            machine,
            sealer,
            vote,
            last,
            tail,
            membership,
            identity,
            _lock: lock,
        };
        held.unseal()?;
        Ok(held)
    }

    /// With the first of its cluster keys that opens the keyring; otherwise it stays sealed.
    fn unseal(&self) -> Result<(), RecoverError> {
        let kv = self.machine.0.view()?;
        let view = raft_store_core::View::open(&kv, &*self.sealer, raft_store_core::Timestamp(0))?;
        for key in self.files.load_keys().map_err(StartError::from)? {
            if self.sealer.unseal(key, &view)?.is_ok() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn close(self) {
        let database = Arc::clone(&self.database);
        drop(self);
        database.close();
    }

    /// The incarnation that the survivor's log is of.
    pub(super) const fn incarnation(&self) -> u64 {
        self.last.index >> INCARNATION_BITS
    }

    /// Asks every other voter whether it is there.
    pub(super) async fn look_around(&self) -> Result<Survivor, RecoverError> {
        let mut others = Vec::new();
        let voters: BTreeSet<u64> = self.membership.voter_ids().collect();
        let calls = self.membership.nodes().filter(|(id, _)| **id != self.node && voters.contains(*id));
        if let Ok(channels) = self.channels() {
            let asked = calls.map(|(id, peer)| self.ask(&channels, *id, peer.address.clone()));
            others.extend(futures::future::join_all(asked).await);
        } else {
            others.extend(calls.map(|(id, peer)| Voter {
                node: *id,
                address: peer.address.clone(),
                applied: None,
                answers: false,
            }));
        }
        let there = |id: &u64| *id == self.node || others.iter().any(|voter| voter.node == *id && voter.answers);
        let majority = |config: &BTreeSet<u64>| config.iter().filter(|id| there(id)).count() > config.len() / 2;
        let quorum = self.membership.get_joint_config().iter().all(majority);
        Ok(Survivor {
            cluster: self.cluster.to_string(),
            node: self.node,
            last_term: self.last.leader_id.term,
            last_index: self.last.index,
            applied: self.machine.0.applied_index().0,
            votes: voters.contains(&self.node),
            others,
            quorum,
        })
    }

    fn channels(&self) -> Result<Channels, RecoverError> {
        let failed = |error: &dyn std::fmt::Display| RecoverError::State(error.to_string());
        let env = self.env.clone();
        let clock = WallClock::new(move || u64::try_from(env.wall_ms()).unwrap_or_default());
        let renewal = Renewal {
            shared: Arc::clone(&self.machine.0),
            sealer: Arc::clone(&self.sealer),
            files: self.files.clone(),
            env: self.env.clone(),
            name: self.identity.name(),
            address: node::address(&self.options)?,
            lifetime_ms: self.options.certificate_life_ms(),
        };
        let renewed = renewal.for_a_moment(&self.identity);
        let identity = renewed.as_ref().unwrap_or(&self.identity);
        let tls = PeerTls::new(self.cluster, &self.files.load_cas()?, identity, clock);
        let tls = tls.map_err(|error| failed(&error))?;
        Ok(Channels::new(Arc::new(TlsNet::new(Arc::new(tls)))))
    }

    async fn ask(&self, channels: &Channels, node: u64, address: String) -> Voter {
        let mut client = channels.client(node, &address, Purpose::Calls);
        let request = proto::HelloRequest {
            cluster_id: self.cluster.to_string(),
            node: self.node,
            last: Some(crate::convert::log_id_to(&self.last)),
            supported_level: raft_store_core::Level::SUPPORTED.0,
            version: self.options.version.clone(),
            applied: self.machine.0.applied_index().0,
            ..proto::HelloRequest::default()
        };
        let answer = tokio::time::timeout(ASK, client.hello(request)).await;
        let answer = answer.ok().and_then(Result::ok).map(tonic::Response::into_inner);
        let applied = answer.as_ref().and_then(|answer| {
            let last = answer.last.as_ref()?;
            Some((last.leader.as_ref()?.term, last.index))
        });
        Voter { node, address, applied, answers: answer.is_some() }
    }
}

impl Survivor {
    /// Whether another survivor that answered has applied more than this one's whole log.
    #[must_use]
    pub fn outdone_by(&self) -> Option<&Voter> {
        let own = (self.last_term, self.last_index);
        self.others.iter().filter(|voter| voter.applied > Some(own)).max_by_key(|voter| voter.applied)
    }

    /// The first revision of the life that would follow.
    #[must_use]
    pub const fn next_life(&self) -> Revision {
        Revision(((self.last_index >> INCARNATION_BITS) + 1) << INCARNATION_BITS)
    }
}

/// Looks at a stopped survivor's folder, and whether the other voters answer. Changes nothing.
///
/// # Errors
/// When the folder cannot be opened, is in use, or is no member's.
pub async fn survey(options: Options) -> Result<Survivor, RecoverError> {
    let held = Held::open(options).await?;
    let found = held.look_around().await;
    held.close();
    found
}
