//! The replicated store behind the node's face of a store.

use std::sync::Arc;

use prometheus::core::Collector;
use raft_store::{Node, RecoveryBundle};
use raft_store_core::Store;
use raft_store_core::cluster::{ClusterControl, Health};
use raft_store_core::store::BoxFuture;

use super::{Bundle, Member, OpenError, Opener, Opening, Options, Presence};
use crate::config::SecretText;

/// Opens members of real clusters.
pub(super) struct ReplicatedOpener;

impl From<Options> for raft_store::Options {
    fn from(options: Options) -> Self {
        let defaults = raft_store::Compaction::default();
        let compaction = raft_store::Compaction {
            snapshot_bytes: options.debug_snapshot_bytes.unwrap_or(defaults.snapshot_bytes),
            keep_bytes: options.debug_snapshot_bytes.map_or(defaults.keep_bytes, |bytes| bytes / 4),
            ..defaults
        };
        Self {
            data_dir: options.data_dir,
            peer_listen: options.peer_listen,
            peer_advertise: options.peer_advertise,
            cluster_key_file: options.cluster_key_file,
            debug_fsync_delay: options.debug_fsync_delay,
            debug_certificate_life: options.debug_certificate_life,
            compaction,
            watermarks: options.watermarks,
            spared: woad_identity::spared(),
            tables: woad_identity::tables().into_iter().chain(woad_http::idempotency::tables()).collect(),
            sweep: woad_identity::sweepable().into_iter().chain(woad_http::idempotency::sweepable()).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

fn bundle_text(bundle: &RecoveryBundle) -> Result<Bundle, OpenError> {
    bundle.to_text().map_err(|error| OpenError::Init(Box::new(error)))
}

impl Opener for ReplicatedOpener {
    fn presence(&self, options: &Options) -> Result<Presence, OpenError> {
        match raft_store::presence(&options.data_dir) {
            Ok(raft_store::Presence::Fresh) => Ok(Presence::Fresh),
            Ok(raft_store::Presence::Member) => Ok(Presence::Member),
            Err(error) => Err(OpenError::Folder(Box::new(error))),
        }
    }

    fn init(&self, options: Options) -> Opening<(Arc<dyn Member>, Bundle)> {
        Box::pin(async move {
            let made = raft_store::init(options.into()).await;
            let (node, bundle) = made.map_err(|error| OpenError::Init(Box::new(error)))?;
            Ok((Arc::new(Replicated(node)) as Arc<dyn Member>, bundle_text(&bundle)?))
        })
    }

    fn join(&self, options: Options, token: SecretText) -> Opening<Arc<dyn Member>> {
        Box::pin(async move {
            let joined = raft_store::join(options.into(), token.reveal()).await;
            let node = joined.map_err(|error| OpenError::Join(Box::new(error)))?;
            Ok(Arc::new(Replicated(node)) as Arc<dyn Member>)
        })
    }

    fn start(&self, options: Options) -> Opening<Arc<dyn Member>> {
        Box::pin(async move {
            let started = raft_store::start(options.into()).await;
            let node = started.map_err(|error| OpenError::Start(Box::new(error)))?;
            Ok(Arc::new(Replicated(node)) as Arc<dyn Member>)
        })
    }
}

/// A member of a real cluster.
struct Replicated(Node);

impl Member for Replicated {
    fn store(&self) -> Store {
        self.0.store()
    }

    fn control(&self) -> Arc<dyn ClusterControl> {
        self.0.control()
    }

    fn health(&self) -> Health {
        self.0.health()
    }

    fn collectors(&self) -> Vec<Box<dyn Collector>> {
        self.0.collectors()
    }

    fn failed(&self) -> BoxFuture<'_, raft_store::Fault> {
        Box::pin(self.0.failed())
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.shutdown())
    }
}
