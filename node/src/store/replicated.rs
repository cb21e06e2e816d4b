//! The replicated store behind the node's face of a store.

use std::sync::Arc;

use prometheus::core::Collector;
use raft_store_core::Store;
use raft_store_core::cluster::{ClusterControl, Health};
use raft_store_core::store::BoxFuture;

use super::{Bundle, Member, OpenError, Opener, Opening, Options, Presence};
use crate::config::SecretText;

/// Opens stores of `raft-store`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplicatedOpener;

impl From<Options> for raft_store::Options {
    fn from(options: Options) -> Self {
        Self {
            data_dir: options.data_dir,
            peer_listen: options.peer_listen,
            peer_advertise: options.peer_advertise,
            cluster_key_file: options.cluster_key_file,
            debug_fsync_delay: options.debug_fsync_delay,
            compaction: raft_store::Compaction::default(),
            tables: woad_identity::tables(),
            sweep: woad_identity::sweepable(),
            version: crate::VERSION.to_owned(),
        }
    }
}

impl Opener for ReplicatedOpener {
    fn presence(&self, options: &Options) -> Result<Presence, OpenError> {
        match raft_store::presence(&options.data_dir) {
            Ok(raft_store::Presence::Fresh) => Ok(Presence::Fresh),
            Ok(raft_store::Presence::Member) => Ok(Presence::Member),
            Err(error) => Err(OpenError::Folder(error.into())),
        }
    }

    fn init(&self, options: Options) -> Opening<(Arc<dyn Member>, Bundle)> {
        Box::pin(async {
            let made = raft_store::init(options.into()).await;
            let (node, bundle) = made.map_err(|error| OpenError::Init(error.into()))?;
            let node: Arc<dyn Member> = Arc::new(Replicated(node));
            match bundle.to_text() {
                Ok(text) => Ok((node, text)),
                Err(error) => {
                    node.shutdown().await;
                    Err(OpenError::Init(error.into()))
                }
            }
        })
    }

    fn join(&self, options: Options, token: SecretText) -> Opening<Arc<dyn Member>> {
        Box::pin(async move {
            let joined = raft_store::join(options.into(), token.reveal()).await;
            joined.map(member).map_err(|error| OpenError::Join(error.into()))
        })
    }

    fn start(&self, options: Options) -> Opening<Arc<dyn Member>> {
        Box::pin(async {
            let started = raft_store::start(options.into()).await;
            started.map(member).map_err(|error| OpenError::Start(error.into()))
        })
    }
}

struct Replicated(raft_store::Node);

fn member(node: raft_store::Node) -> Arc<dyn Member> {
    Arc::new(Replicated(node))
}

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

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.0.shutdown())
    }
}
