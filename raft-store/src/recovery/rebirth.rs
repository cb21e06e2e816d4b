//! The survivor's new life, as one write.

use openraft::EntryPayload;
use openraft::vote::RaftLeaderId;
use prost::Message;
use raft_store_core::apply::{Overlay, Verdict, apply};
use raft_store_core::kv::{Batch, Write};
use raft_store_core::{Abort, AttemptId, NodeId, Revision, Space, Timestamp, Tx, View, layout, wire};

use super::survey::Held;
use super::tail::Tail;
use super::{INCARNATION_BITS, RecoverError, Steps, Survivor, settle};
use crate::cluster::leave_only;
use crate::convert::{log_id_to, membership_from, stored_membership_to, vote_to};
use crate::disk::StateView;
use crate::machine::{Progress, load_progress};
use crate::node::{self, Options};
use crate::proto;
use crate::trust::{ClusterCa, ClusterId, NodeIdentity, NodeKey, PeerIdentity, RecoveryBundle, ca, cluster_record};
use crate::types::{LeaderId, LogId, StoredMembership, Vote};

/// How far ahead of the last stamp the steps' deadlines lie; they are applied at once.
const DEADLINE_MS: u64 = 10_000;

fn state(error: impl std::fmt::Display) -> RecoverError {
    RecoverError::State(error.to_string())
}

/// The state on its way into the new life.
struct Rebirth<'a> {
    held: &'a Held,
    tail: Tail<'a>,
    progress: Progress,
    /// The next index.
    next: u64,
}

impl Rebirth<'_> {
    fn apply(&mut self, index: u64, entry: &wire::Entry) -> Result<Verdict, RecoverError> {
        let mut overlay = Overlay::new(&self.tail);
        let Progress { outcomes, position, .. } = &mut self.progress;
        let applied = apply(&mut overlay, outcomes, position, Revision(index), entry).map_err(state)?;
        overlay.push(position.write());
        let batch = overlay.into_batch();
        self.tail.add(batch);
        Ok(applied.verdict)
    }

    /// Everything that the log holds, whether it was known to be committed or not: a write that somebody was told of
    /// may be among it, and one that nobody was told of may be kept.
    fn adopt_the_tail(&mut self) -> Result<(), RecoverError> {
        let held = self.held;
        for entry in &held.tail {
            let index = entry.log_id.index;
            if let EntryPayload::Normal(proposal) = &entry.payload {
                let decoded = wire::Entry::decode(proposal.0.clone()).map_err(state)?;
                self.apply(index, &decoded)?;
            } else {
                self.progress.position.applied = Revision(index);
                let write = self.progress.position.write();
                self.tail.add(Batch { writes: vec![write] });
            }
        }
        Ok(())
    }

    fn view(&self) -> Result<View<'_>, Abort> {
        View::open(&self.tail, &*self.held.sealer, self.progress.position.clock)
    }

    /// A transaction of the new life.
    fn step(&mut self, f: &dyn Fn(&mut Tx<'_>) -> Result<(), Abort>) -> Result<(), RecoverError> {
        let wall = u64::try_from(self.held.env.wall_ms()).unwrap_or_default();
        let stamp = self.progress.position.clock.max(Timestamp(wall));
        let entry = {
            let mut tx = Tx::new(View::open(&self.tail, &*self.held.sealer, stamp)?);
            f(&mut tx)?;
            let entry = tx.finish(AttemptId(self.held.env.random_id()), stamp.plus_ms(DEADLINE_MS))?;
            wire::Entry { stamp_ms: stamp.0, origin: self.held.node, ..entry }
        };
        match self.apply(self.next, &entry)? {
            Verdict::Committed => {
                self.next += 1;
                Ok(())
            }
            other => Err(state(format_args!("a step of the recovery was not applied: {other:?}"))),
        }
    }
}

/// The new cluster's own things.
struct Anew {
    id: ClusterId,
    authority: ClusterCa,
    identity: NodeIdentity,
}

impl Anew {
    fn of(held: &Held) -> Result<Self, RecoverError> {
        let env = &held.env;
        let now = Timestamp(u64::try_from(env.wall_ms()).unwrap_or_default());
        let id = ClusterId::generate(&|buffer| env.fill_random(buffer));
        let authority = ClusterCa::generate(id, now, env.random_id()).map_err(state)?;
        let key = NodeKey::generate().map_err(state)?;
        let certificate = authority
            .issue(&ca::CertificateRequest {
                csr: &key.request().map_err(state)?,
                node: PeerIdentity { cluster: id, node: NodeId(held.node) },
                address: &node::address(&held.options)?,
                now,
                serial: env.random_id(),
                lifetime_ms: held.options.certificate_life_ms(),
            })
            .map_err(state)?;
        let identity = NodeIdentity::new(key, vec![certificate, authority.certificate().clone()]).map_err(state)?;
        Ok(Self { id, authority, identity })
    }
}

/// Makes a new cluster of this one survivor. `confirmed` is the old cluster's id, as the operator typed it. Answers what
/// was found, and the new cluster's recovery bundle.
///
/// A crash before the one write leaves the old member, after it the new one; the next start, or this function again,
/// does the rest.
///
/// # Errors
/// See [`RecoverError`]; the folder is as it was then.
pub async fn recover(
    options: Options,
    confirmed: &str,
    domain: Steps<'_>,
) -> Result<(Survivor, RecoveryBundle), RecoverError> {
    let held = Held::open(options).await?;
    let made = reborn(&held, confirmed, domain).await;
    let options = held.options.clone();
    held.close();
    let made = made?;
    settle::finish_interrupted(&options)?;
    tracing::warn!(from = %made.0.cluster, to = %made.1.cluster, node = made.0.node, "recovered from a lost quorum");
    Ok(made)
}

async fn reborn(held: &Held, confirmed: &str, domain: Steps<'_>) -> Result<(Survivor, RecoveryBundle), RecoverError> {
    let found = held.look_around().await?;
    if found.quorum {
        let answering = 1 + found.others.iter().filter(|voter| voter.answers).count();
        return Err(RecoverError::Quorum { answering, voters: held.membership.voter_ids().count() });
    }
    if confirmed != found.cluster {
        return Err(RecoverError::NotConfirmed(confirmed.to_owned()));
    }
    let cluster_key = held.sealer.cluster_key().ok_or(RecoverError::Sealed)?;
    let anew = Anew::of(held)?;
    let folder = settle::Aside::of(&held.options.data_dir);
    folder.write(held.node, anew.id, &anew.identity, anew.authority.certificate())?;

    let shared = &held.machine.0;
    let kv = shared.view()?;
    let incarnation = held.incarnation() + 1;
    let mut rebirth =
        Rebirth { held, tail: Tail::new(&kv), progress: load_progress(&kv)?, next: incarnation << INCARNATION_BITS };
    rebirth.adopt_the_tail()?;
    let address = held.options.peer_advertise.clone();
    rebirth.step(&|tx| {
        leave_only(tx, held.node, &address)?;
        let of = cluster_record::Rebirth {
            from: &found.cluster,
            incarnation,
            last: (found.last_term, found.last_index),
            key: &cluster_key,
        };
        cluster_record::begin_again(tx, anew.id, &anew.authority, &of)
    })?;
    let steps = domain(&rebirth.view()?)?;
    for step in &steps {
        rebirth.step(&**step)?;
    }
    commit(&kv, rebirth, &anew)?;
    let created = Timestamp(u64::try_from(held.env.wall_ms()).unwrap_or_default());
    let cluster_key = (*cluster_key).clone();
    Ok((found, RecoveryBundle { cluster: anew.id, created, cluster_key, ca: anew.authority }))
}

/// The one write: state, log, vote and owner change together.
fn commit(view: &StateView<'_>, mut rebirth: Rebirth<'_>, anew: &Anew) -> Result<(), RecoverError> {
    let held = rebirth.held;
    let term = held.vote.map_or(0, |vote| vote.leader_id.term).max(held.last.leader_id.term) + 1;
    let leader = LeaderId::new(term, held.node);
    let last = LogId::new(leader, rebirth.next - 1);
    let alone = proto::Membership {
        configs: vec![proto::VoterSet { voters: vec![held.node] }],
        nodes: vec![proto::Member { id: held.node, address: held.options.peer_advertise.clone() }],
    };
    let membership = stored_membership_to(&StoredMembership::new(Some(last), membership_from(alone)?));
    let meta = |name: &str, bytes: Vec<u8>| Write::Set(Space::State, layout::meta_key(name), Some(bytes));
    let writes = vec![meta("membership", membership.encode_to_vec()), meta("log_id", log_id_to(&last).encode_to_vec())];
    rebirth.tail.add(Batch { writes });

    let vote = vote_to(&Vote { leader_id: leader, committed: true });
    let meta = [
        ("vote", Some(vote.encode_to_vec())),
        ("purged", Some(log_id_to(&last).encode_to_vec())),
        ("committed", None),
        ("owner", Some(node::owner(held.node, anew.id))),
    ];
    Ok(held.database.begin_anew(view, rebirth.tail.into_batch(), &meta)?)
}
