//! A store in memory behind the node's face of a store, for tests of everything around it. Keeps nothing.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use prometheus::core::Collector;
use raft_store_core::cluster::{
    ClusterControl, ClusterError, ClusterStatus, DiskSpace, Health, JoinToken, TrustStatus,
};
use raft_store_core::memory::MemoryStore;
use raft_store_core::store::{BoxFuture, Request};
use raft_store_core::{NodeId, Store, Timestamp};

use super::{Bundle, Member, OpenError, Opener, Opening, Options, Presence};
use crate::config::SecretText;

/// The only node of a cluster in memory.
const ONLY: NodeId = NodeId(1);

/// Opens one store in memory.
pub struct MemoryOpener {
    presence: Presence,
    member: Arc<MemoryMember>,
}

impl MemoryOpener {
    /// One whose data folder seems to hold this.
    #[must_use]
    pub fn new(presence: Presence) -> Self {
        Self { presence, member: Arc::new(MemoryMember::default()) }
    }

    /// The store that it opens.
    #[must_use]
    pub fn member(&self) -> Arc<MemoryMember> {
        Arc::clone(&self.member)
    }
}

impl Opener for MemoryOpener {
    fn presence(&self, _: &Options) -> Result<Presence, OpenError> {
        Ok(self.presence)
    }

    fn init(&self, _: Options) -> Opening<(Arc<dyn Member>, Bundle)> {
        let member: Arc<dyn Member> = self.member();
        Box::pin(async { Ok((member, Bundle::new("{\"memory\":true}".to_owned()))) })
    }

    fn join(&self, _: Options, _: SecretText) -> Opening<Arc<dyn Member>> {
        Box::pin(async { Err(OpenError::Join("a store in memory joins nothing".into())) })
    }

    fn start(&self, _: Options) -> Opening<Arc<dyn Member>> {
        let member: Arc<dyn Member> = self.member();
        Box::pin(async { Ok(member) })
    }
}

/// A store in memory that says it is a cluster of one.
pub struct MemoryMember {
    store: Arc<MemoryStore>,
    health: Mutex<Health>,
}

impl Default for MemoryMember {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let health = Health {
            initialised: true,
            recovered: true,
            leader: Some(ONLY.0),
            quorum_age: Some(Duration::ZERO),
            storage_ok: true,
            ..Health::default()
        };
        let store = MemoryStore::new(Timestamp(u64::try_from(now).unwrap_or(u64::MAX)));
        Self { store, health: Mutex::new(health) }
    }
}

impl MemoryMember {
    /// Makes it tell something else of itself.
    pub fn set_health(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.lock());
    }
}

impl Member for MemoryMember {
    fn store(&self) -> Store {
        Store::new(Arc::clone(&self.store) as _)
    }

    fn control(&self) -> Arc<dyn ClusterControl> {
        Arc::new(MemoryControl)
    }

    fn health(&self) -> Health {
        self.health.lock().clone()
    }

    fn collectors(&self) -> Vec<Box<dyn Collector>> {
        Vec::new()
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

struct MemoryControl;

impl ClusterControl for MemoryControl {
    fn status(&self) -> ClusterStatus {
        ClusterStatus {
            cluster_id: "memory".to_owned(),
            node: ONLY,
            state: "leader".to_owned(),
            term: 1,
            leader: Some(ONLY),
            last_log: 0,
            applied: 0,
            purged: 0,
            snapshot: 0,
            level: 1,
            clock: Timestamp(0),
            sealed: false,
            custody_confirmed: false,
            trust: TrustStatus::default(),
            version: crate::VERSION.to_owned(),
            disk: DiskSpace::Ample,
            disk_free: 0,
            fault: None,
            members: Vec::new(),
        }
    }

    fn create_join_token<'a>(&'a self, _: &'a Request, _: Duration) -> BoxFuture<'a, Result<JoinToken, ClusterError>> {
        Box::pin(async { Err(ClusterError::Unsafe("a store in memory has no members".to_owned())) })
    }

    fn remove<'a>(
        &'a self,
        _: &'a Request,
        node: NodeId,
        _: bool,
    ) -> BoxFuture<'a, Result<Option<Bundle>, ClusterError>> {
        Box::pin(async move { Err(ClusterError::NoSuchMember(node)) })
    }

    fn rotate_key<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Bundle, ClusterError>> {
        Box::pin(async { Err(ClusterError::Unsafe("a store in memory has no keys".to_owned())) })
    }

    fn rotate_authority<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Bundle, ClusterError>> {
        Box::pin(async { Err(ClusterError::Unsafe("a store in memory has no authority".to_owned())) })
    }

    fn finish_rotation<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Vec<NodeId>, ClusterError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn confirm_custody<'a>(&'a self, _: &'a raft_store_core::Request) -> BoxFuture<'a, Result<bool, ClusterError>> {
        Box::pin(async { Ok(true) })
    }

    fn transfer<'a>(&'a self, _: &'a Request, _: Option<NodeId>) -> BoxFuture<'a, Result<NodeId, ClusterError>> {
        Box::pin(async { Ok(ONLY) })
    }
}
