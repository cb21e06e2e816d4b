//! A node's part in the rotations of cluster key and authority, and the leader's (store.md 22).

use std::time::Duration;

use raft_store_core::cluster::{ClusterError, RotationStatus};
use raft_store_core::{Abort, Freshness, NodeId, Outcome, Request, StoreError, Timestamp, View};
use rustls_pki_types::CertificateDer;
use tonic::Status;
use zeroize::Zeroizing;

use super::{Cluster, nodes};
use crate::proto;
use crate::renewal::Credentials;
use crate::trust::keyring::{self, DataKey};
use crate::trust::rotation::{self, ConfirmationRow, RotationRow, What};
use crate::trust::{CaPin, ClusterCa, ClusterKey, RecoveryBundle, cluster_record};

/// A look at the state, or a step, takes no longer.
const WITHIN: Duration = Duration::from_secs(2);
/// A peer that is asked for the new cluster key answers by then.
const KEY_WAIT: Duration = Duration::from_millis(800);

/// The printable recovery bundle. A secret.
pub(super) type Bundle = Zeroizing<String>;

/// What the state says of rotations.
struct Seen {
    trusted: Vec<CertificateDer<'static>>,
    key: Option<RotationRow>,
    authority: Option<RotationRow>,
    noted: ConfirmationRow,
    /// Whether the leader has a step to take.
    ready: bool,
    /// Whether the authority's key is sealed under a data key that seals no more.
    reseal: bool,
}

impl Seen {
    fn of(view: &View<'_>, node: u64, sealing: Option<u32>) -> Result<Self, Abort> {
        let (key, authority) = (rotation::running(view, What::ClusterKey)?, rotation::running(view, What::Authority)?);
        let nodes = nodes::present_nodes(view)?;
        let current = match (&authority, &key) {
            (Some(row), _) => Some((What::Authority, row)),
            (None, Some(row)) => Some((What::ClusterKey, row)),
            (None, None) => None,
        };
        let ready = match current {
            Some((what, row)) => rotation::awaited(view, what, row, &nodes)?.is_empty(),
            None => false,
        };
        let reseal = match sealing {
            Some(sealing) if current.is_none() => cluster_record::sealed_under_another(view, sealing)?,
            _ => false,
        };
        let noted = rotation::confirmation(view, node)?;
        Ok(Self { trusted: rotation::trusted(view)?, key, authority, noted, ready, reseal })
    }

    const fn rotates(&self) -> bool {
        self.key.is_some() || self.authority.is_some()
    }
}

/// What a rotation begins with, made before its transaction.
pub(super) struct Fresh {
    key: ClusterKey,
    wrappings: Vec<(u32, keyring::Wrapping)>,
    authority: ClusterCa,
}

fn stopped(error: impl std::fmt::Display) -> ClusterError {
    tracing::error!(%error, "a rotation was not begun");
    ClusterError::Unsafe(error.to_string())
}

impl Cluster {
    fn trust_request() -> Request {
        Request { id: "trust".to_owned(), within: WITHIN }
    }

    fn seen_here(&self) -> Option<Seen> {
        let kv = self.shared.view().ok()?;
        let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
        Seen::of(&view, self.node, self.sealer.sealing()).ok()
    }

    /// Follows what the state says of authorities and cluster key. A cheap look at this replica tells whether there is
    /// anything to do; what is done rests on a linearizable one: a replica that catches up passes old rotations.
    pub(crate) async fn keep_trust(&self, credentials: &Credentials) {
        let Some(here) = self.seen_here().filter(|seen| !seen.trusted.is_empty()) else { return };
        let idle =
            !here.rotates() && !here.reseal && credentials.tls.trusts(&here.trusted) && !self.files.has_next_key();
        if idle {
            return;
        }
        let request = Self::trust_request();
        let looked = self
            .inside
            .view(&request, Freshness::Linearizable, |view| Seen::of(view, self.node, self.sealer.sealing()));
        let Ok(seen) = looked.await.map(|done| done.answer) else { return };
        if seen.trusted.is_empty() {
            return;
        }
        if let Err(error) = tokio::task::block_in_place(|| self.follow_authorities(credentials, &seen)) {
            tracing::error!(%error, "the cluster's authorities cannot be kept");
            return;
        }
        if let Err(error) = self.follow_key(&seen).await {
            tracing::error!(%error, "the new cluster key cannot be kept; the rotation waits for this node");
            return;
        }
        self.note(credentials, &seen).await;
        if self.raft.as_leader().is_ok() {
            self.go_on(&seen).await;
        }
    }

    /// Keeps and trusts the authorities; presents a certificate of the one that issues.
    fn follow_authorities(&self, credentials: &Credentials, seen: &Seen) -> Result<(), Box<dyn std::error::Error>> {
        let tls = &credentials.tls;
        if !tls.trusts(&seen.trusted) {
            self.files.store_cas(&seen.trusted)?;
            tls.trust(&seen.trusted)?;
            tracing::info!(authorities = seen.trusted.len(), "the trusted authorities have changed");
        }
        if seen.authority.as_ref().is_some_and(|row| row.issues)
            && seen.trusted.first().and_then(CaPin::of) != tls.presented_by()
        {
            credentials.renew(self.true_time())?;
            tracing::info!("the peer certificate is of the new authority");
        }
        Ok(())
    }

    /// Gets the new cluster key and keeps it in its file; once the rotation has ended, in the place of the old one.
    async fn follow_key(&self, seen: &Seen) -> Result<(), crate::trust::FileError> {
        let held = self.sealer.cluster_key();
        let Some(row) = &seen.key else {
            if let Some(held) = held {
                return tokio::task::block_in_place(|| self.files.settle_keys(&held));
            }
            return Ok(());
        };
        let right = |key: &ClusterKey| key.id().0 == row.cluster_key.as_slice();
        if seen.authority.is_some() || held.is_some_and(|held| right(&held)) {
            return Ok(());
        }
        let kept = tokio::task::block_in_place(|| self.files.load_keys())?.into_iter().find(right);
        let key = if let Some(key) = kept {
            key
        } else {
            let Some(key) = self.fetch_key(row).await.filter(right) else { return Ok(()) };
            tokio::task::block_in_place(|| self.files.store_next_key(&key))?;
            key
        };
        let opened = || -> Option<()> {
            let kv = self.shared.view().ok()?;
            let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
            self.sealer.unseal(key, &view).ok()?.ok()
        };
        if opened().is_some() {
            tracing::info!("this node has the new cluster key");
        }
        Ok(())
    }

    /// Asks the members for it, its maker first.
    async fn fetch_key(&self, row: &RotationRow) -> Option<ClusterKey> {
        let mut members = self.members();
        members.retain(|(id, _)| *id != self.node);
        members.sort_by_key(|(id, _)| *id != row.holder);
        for (id, peer) in members {
            let mut client = self.client(id, &peer.address);
            let request = proto::ClusterKeyRequest { id: row.cluster_key.clone() };
            let answer = tokio::time::timeout(KEY_WAIT, client.cluster_key(request)).await;
            if let Ok(Ok(answer)) = answer {
                let bytes = Zeroizing::new(answer.into_inner().key);
                return ClusterKey::from_bytes(&bytes);
            }
        }
        None
    }

    /// Gives the new cluster key to a member, if this node has it and its authority does not change.
    pub(crate) fn give_key(&self, request: &proto::ClusterKeyRequest) -> Result<proto::ClusterKeyResponse, Status> {
        let seen = self.seen_here().ok_or_else(|| Status::unavailable("the state cannot be read"))?;
        let rotating = seen.key.is_some_and(|row| row.cluster_key == request.id) && seen.authority.is_none();
        if !rotating {
            return Err(Status::failed_precondition("that key is not handed out now"));
        }
        let keys = tokio::task::block_in_place(|| self.files.load_keys());
        let keys = keys.map_err(|_| Status::unavailable("this node's keys cannot be read"))?;
        let key = keys.iter().find(|key| key.id().0 == request.id.as_slice());
        let key = key.ok_or_else(|| Status::unavailable("this node does not have that key"))?;
        Ok(proto::ClusterKeyResponse { key: key.expose().to_vec() })
    }

    /// Notes how far this node is.
    async fn note(&self, credentials: &Credentials, seen: &Seen) {
        if !seen.rotates() {
            return;
        }
        let mine = ConfirmationRow {
            cluster_key: self.sealer.cluster_key().map(|key| key.id().0.to_vec()).unwrap_or_default(),
            trusts: credentials.tls.trusted_pins().iter().map(|pin| pin.0.to_vec()).collect(),
            presents: credentials.tls.presented_by().map(|pin| pin.0.to_vec()).unwrap_or_default(),
        };
        if mine == seen.noted {
            return;
        }
        let request = Self::trust_request();
        let noted = self.inside.transact(&request, |tx| {
            let news = rotation::confirm(tx, self.node, &mine)?;
            Ok(if news { Outcome::Commit(()) } else { Outcome::Answer(()) })
        });
        if let Err(error) = noted.await {
            tracing::debug!(%error, "not noted yet");
        }
    }

    /// Takes the leader's next step, if everybody is ready for it.
    async fn go_on(&self, seen: &Seen) {
        let request = Self::trust_request();
        let commit = |did: bool| if did { Outcome::Commit(did) } else { Outcome::Answer(did) };
        let done = if seen.authority.is_some() && seen.ready {
            let advance = self.inside.transact(&request, |tx| {
                let nodes = nodes::present_nodes(tx)?;
                rotation::advance_authority(tx, &nodes).map(commit)
            });
            advance.await
        } else if seen.key.is_some() && seen.ready {
            let Some((number, wrapping)) = self.next_data_key() else { return };
            let end = self.inside.transact(&request, |tx| {
                let nodes = nodes::present_nodes(tx)?;
                rotation::end_key(tx, &nodes, number, &wrapping).map(commit)
            });
            end.await
        } else if seen.reseal {
            let reseal = self.inside.transact(&request, |tx| {
                cluster_record::reseal(tx)?;
                Ok(Outcome::Commit(true))
            });
            reseal.await
        } else {
            return;
        };
        match done {
            Ok(done) if done.answer => tracing::info!("a rotation has gone a step further"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a step of a rotation failed; it will be tried again"),
        }
    }

    fn next_data_key(&self) -> Option<(u32, keyring::Wrapping)> {
        let fill = |buffer: &mut [u8]| self.env.fill_random(buffer);
        let kv = self.shared.view().ok()?;
        let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
        let number = keyring::next_number(&view).ok()?;
        let key = DataKey::generate(number, &fill);
        keyring::wrapped(&key, &*self.sealer.cluster_key()?, &fill).ok().map(|wrapping| (number, wrapping))
    }

    /// New key material. The new cluster key is in this node's file when this returns.
    pub(super) async fn fresh(&self, cx: &Request, with_key: bool) -> Result<Fresh, ClusterError> {
        let fill = |buffer: &mut [u8]| self.env.fill_random(buffer);
        let held = self.sealer.cluster_key().ok_or(StoreError::Sealed)?;
        let now = Timestamp(u64::try_from(self.env.wall_ms()).unwrap_or_default());
        let authority = ClusterCa::generate(self.id, now, self.env.random_id()).map_err(stopped)?;
        if !with_key {
            return Ok(Fresh { key: (*held).clone(), wrappings: Vec::new(), authority });
        }
        let key = ClusterKey::generate(&fill);
        let looked =
            self.store.view(cx, Freshness::Linearizable, |view| keyring::wrapped_again(view, &held, &key, &fill));
        let wrappings = looked.await?.answer.map_err(stopped)?;
        tokio::task::block_in_place(|| self.files.store_next_key(&key)).map_err(stopped)?;
        Ok(Fresh { key, wrappings, authority })
    }

    /// Begins both rotations within a transaction that does more.
    pub(super) fn begin_both(
        &self,
        tx: &mut raft_store_core::Tx<'_>,
        fresh: &Fresh,
    ) -> Result<Result<(), rotation::UnderWay>, Abort> {
        if let Err(under_way) = rotation::begin_authority(tx, &fresh.authority)? {
            return Ok(Err(under_way));
        }
        rotation::begin_key(tx, fresh.key.id(), self.node, &fresh.wrappings)?;
        Ok(Ok(()))
    }

    pub(super) fn bundle(&self, key: &ClusterKey, ca: ClusterCa) -> Result<Bundle, ClusterError> {
        let created = self.shared.clock.now();
        RecoveryBundle { cluster: self.id, created, cluster_key: key.clone(), ca }.to_text().map_err(stopped)
    }

    pub(super) fn bundle_of(&self, fresh: Fresh) -> Result<Bundle, ClusterError> {
        self.bundle(&fresh.key, fresh.authority)
    }

    /// Begins a rotation of the cluster key.
    pub(super) async fn rotate_key_here(&self, cx: &Request) -> Result<Bundle, ClusterError> {
        let _one = self.changing().await?;
        let fresh = self.fresh(cx, true).await?;
        let begun = self.store.transact(cx, |tx| {
            rotation::begin_key(tx, fresh.key.id(), self.node, &fresh.wrappings)?;
            Ok(Outcome::Commit(rotation::lasting(tx)?))
        });
        let authority = begun.await?.answer.ok_or(StoreError::Stopped)?;
        self.bundle(&fresh.key, authority)
    }

    /// Begins a rotation of the authority.
    pub(super) async fn rotate_authority_here(&self, cx: &Request) -> Result<Bundle, ClusterError> {
        let _one = self.changing().await?;
        let fresh = self.fresh(cx, false).await?;
        let begun = self.store.transact(cx, |tx| {
            let begun = rotation::begin_authority(tx, &fresh.authority)?;
            Ok(if begun.is_ok() { Outcome::Commit(begun) } else { Outcome::Answer(begun) })
        });
        begun.await?.answer.map_err(|_| ClusterError::Unsafe(UNDER_WAY.to_owned()))?;
        self.bundle_of(fresh)
    }

    /// Leaves behind whom the rotations wait for and who does not answer.
    pub(super) async fn finish_rotations(&self, cx: &Request) -> Result<Vec<NodeId>, ClusterError> {
        let waiting: std::collections::BTreeSet<u64> =
            self.rotations().into_iter().flat_map(|rotation| rotation.waiting_for).map(|node| node.0).collect();
        let gone: Vec<u64> = waiting.into_iter().filter(|node| !self.alive(*node)).collect();
        if gone.is_empty() {
            let why = "no rotation waits for a node that does not answer".to_owned();
            return Err(ClusterError::Unsafe(why));
        }
        let left = self.store.transact(cx, |tx| {
            let any = rotation::leave_behind(tx, &gone)?;
            Ok(if any { Outcome::Commit(()) } else { Outcome::Answer(()) })
        });
        left.await?;
        Ok(gone.into_iter().map(NodeId).collect())
    }

    /// Whether the authority changes, as this replica knows it.
    pub(super) fn rotates_authority(&self) -> bool {
        self.seen_here().is_some_and(|seen| seen.authority.is_some())
    }

    /// The rotations under way, as this replica knows them.
    pub(super) fn rotations(&self) -> Vec<RotationStatus> {
        let look = || -> Option<Vec<RotationStatus>> {
            let kv = self.shared.view().ok()?;
            let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
            let nodes = nodes::present_nodes(&view).ok()?;
            let mut out = Vec::new();
            for what in [What::Authority, What::ClusterKey] {
                let Some(row) = rotation::running(&view, what).ok()? else { continue };
                let stage = match (what, row.issues) {
                    (What::ClusterKey, _) => "every node keeps the new key",
                    (What::Authority, false) => "every node trusts both",
                    (What::Authority, true) => "every node gets a certificate of the new one",
                };
                let waiting = rotation::awaited(&view, what, &row, &nodes).ok()?;
                out.push(RotationStatus {
                    what: what.name().to_owned(),
                    stage: stage.to_owned(),
                    since: Timestamp(row.since_ms),
                    waiting_for: waiting.into_iter().map(NodeId).collect(),
                });
            }
            Some(out)
        };
        look().unwrap_or_default()
    }
}

/// What is said when a new authority can't be begun.
pub(super) const UNDER_WAY: &str = "the authority is being rotated and issues already: let that end first, or leave \
    behind whom it waits for (woadctl cluster finish-rotation)";
