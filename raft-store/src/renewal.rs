//! A node renews its own peer certificate, from its own copy of the authority (store.md 22).
//!
//! At start it does so before it listens or calls anyone, so that a node, or a whole cluster, that was off for longer
//! than its certificates live comes back by itself. While it runs it looks once a second: an operator who mends what
//! kept it from renewing waits no longer.

use std::sync::Arc;

use parking_lot::Mutex;
use raft_store_core::{Timestamp, View};

use crate::cluster::NodeFiles;
use crate::env::SharedEnv;
use crate::machine::Shared;
use crate::trust::{CaPin, KeyringSealer, NodeIdentity, NodeKey, PeerAddress, PeerIdentity, PeerTls, ca, rotation};

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Time left at which an operator is told that a certificate was not renewed, each time louder.
const TOLD_AT: [u64; 4] = [30 * DAY_MS, 14 * DAY_MS, 3 * DAY_MS, 0];

/// Why a node's certificate was not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRenewed {
    /// The state has no authority yet, or it can't be read.
    #[error("the authority in this node's state is not one that it trusts")]
    NoAuthority,
    /// The authority's key is sealed, and this node has no cluster key, or a wrong one.
    #[error("this node is sealed: it can't open the authority's key")]
    Sealed,
    /// The key or certificate could not be made or kept.
    #[error("{0}")]
    Failed(String),
}

fn failed(error: &impl std::fmt::Display) -> NotRenewed {
    NotRenewed::Failed(error.to_string())
}

/// Renews the certificate of one node.
pub(crate) struct Renewal {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sealer: Arc<KeyringSealer>,
    pub(crate) files: NodeFiles,
    pub(crate) env: SharedEnv,
    pub(crate) name: PeerIdentity,
    pub(crate) address: PeerAddress,
    pub(crate) lifetime_ms: u64,
}

impl Renewal {
    /// This node's wall clock.
    pub(crate) fn wall(&self) -> Timestamp {
        Timestamp(u64::try_from(self.env.wall_ms()).unwrap_or_default())
    }

    /// A certificate to call others with once, where the one in the folder would not do. Nothing is kept.
    pub(crate) fn for_a_moment(&self, held: &NodeIdentity) -> Option<NodeIdentity> {
        let now = self.wall();
        if held.renew_due(now) { self.make(now).ok() } else { None }
    }

    /// A new key with a certificate from this node's own copy of the authority, kept in the folder.
    pub(crate) fn issue(&self, now: Timestamp) -> Result<NodeIdentity, NotRenewed> {
        let identity = self.make(now)?;
        self.files.store_identity(&identity).map_err(|error| failed(&error))?;
        Ok(identity)
    }

    fn make(&self, now: Timestamp) -> Result<NodeIdentity, NotRenewed> {
        let authority = {
            let kv = self.shared.view().map_err(|error| failed(&error))?;
            let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).map_err(|_| NotRenewed::NoAuthority)?;
            if self.sealer.is_sealed() {
                return Err(NotRenewed::Sealed);
            }
            rotation::issuing(&view).map_err(|_| NotRenewed::Sealed)?.ok_or(NotRenewed::NoAuthority)?
        };
        // A replica that catches up passes authorities that nobody trusts any more.
        let trusted = self.files.load_cas().map_err(|error| failed(&error))?;
        if !trusted.iter().any(|known| CaPin::of(known) == Some(authority.pin())) {
            return Err(NotRenewed::NoAuthority);
        }
        let key = NodeKey::generate().map_err(|error| failed(&error))?;
        let certificate = authority
            .issue(&ca::CertificateRequest {
                csr: &key.request().map_err(|error| failed(&error))?,
                node: self.name,
                address: &self.address,
                now,
                serial: self.env.random_id(),
                lifetime_ms: self.lifetime_ms,
            })
            .map_err(|error| failed(&error))?;
        let chain = vec![certificate, authority.certificate().clone()];
        NodeIdentity::new(key, chain).map_err(|error| failed(&error))
    }
}

/// What a node proves itself by, kept fresh.
pub(crate) struct Credentials {
    pub(crate) tls: Arc<PeerTls>,
    pub(crate) renewal: Renewal,
    /// How many of [`TOLD_AT`] were told of the present certificate.
    pub(crate) told: Mutex<usize>,
}

impl Credentials {
    /// Looks once. A certificate that was put into the folder by hand is presented, too.
    pub(crate) fn look(&self, now: Timestamp) {
        let held = match self.renewal.files.load_identity() {
            Ok(held) => held,
            Err(error) => return self.tell(now, &failed(&error)),
        };
        match held {
            Some(held) if !held.renew_due(now) => {
                *self.told.lock() = 0;
                if held.not_after() != self.tls.presented_until()
                    && let Err(error) = self.tls.replace(&held)
                {
                    tracing::error!(%error, "the peer certificate in the folder is not usable");
                }
            }
            _ => match self.renew(now) {
                Ok(()) => {
                    *self.told.lock() = 0;
                    let expires_ms = self.tls.presented_until().0;
                    tracing::info!(expires_ms, "the peer certificate was renewed");
                }
                Err(error) => self.tell(now, &error),
            },
        }
    }

    /// Makes a new certificate and presents it.
    pub(crate) fn renew(&self, now: Timestamp) -> Result<(), NotRenewed> {
        let renewed = self.renewal.issue(now)?;
        self.tls.replace(&renewed).map_err(|error| failed(&error))
    }

    /// Says that a renewal failed: once at each of the times in [`TOLD_AT`], not at every look.
    fn tell(&self, now: Timestamp, error: &NotRenewed) {
        let left = self.tls.presented_until().0.saturating_sub(now.0);
        let stage = TOLD_AT.iter().filter(|at| left <= **at).count();
        let mut told = self.told.lock();
        if stage <= *told {
            return;
        }
        *told = stage;
        let days = left / DAY_MS;
        if left == 0 {
            tracing::error!(%error, "the peer certificate has expired and was not renewed: no other node can be reached");
        } else if stage == TOLD_AT.len() - 1 {
            tracing::error!(%error, days, "the peer certificate is about to expire and was not renewed");
        } else {
            tracing::warn!(%error, days, "the peer certificate was not renewed");
        }
    }
}
