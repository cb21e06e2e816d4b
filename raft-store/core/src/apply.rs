//! Apply: deterministic, tiny. Checks that what was read is unchanged, then writes (store.md 6–8).

use prost::Message;

use crate::audit::{self, Base, Head, MAX_PRUNED, StoredEvent};
use crate::ids::{AttemptId, Level, Revision, Timestamp};
use crate::kv::{KvError, ReadKv, Space};
use crate::layout::{self, RowValue};
use crate::mutant::Mutant;
use crate::outcomes::Outcomes;
pub use crate::overlay::Overlay;
pub use crate::position::{POSITION, Position};
use crate::read::Abort;
use crate::wire::{self, guard, mutation};

/// How an entry ended. The numbers are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its mutations are written.
    Committed,
    /// The value at this key had changed.
    Conflict(Vec<u8>),
    /// Its stamp was after its deadline.
    Late,
    /// The cluster level was another than its view's.
    LevelChanged,
    /// A time guard did not hold at its stamp.
    TimeGuard,
}

impl Verdict {
    pub(crate) fn encode(&self) -> (u32, Vec<u8>) {
        match self {
            Self::Committed => (1, Vec::new()),
            Self::Conflict(key) => (2, key.clone()),
            Self::Late => (3, Vec::new()),
            Self::LevelChanged => (4, Vec::new()),
            Self::TimeGuard => (5, Vec::new()),
        }
    }

    pub(crate) fn decode(number: u32, conflict: Vec<u8>) -> Result<Self, Abort> {
        Ok(match number {
            1 => Self::Committed,
            2 => Self::Conflict(conflict),
            3 => Self::Late,
            4 => Self::LevelChanged,
            5 => Self::TimeGuard,
            _ => return Err(Abort::corrupt("outcome")),
        })
    }
}

/// What apply says of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The attempt.
    pub attempt: AttemptId,
    /// How it ended.
    pub verdict: Verdict,
    /// The index at which it ended: an earlier one for a duplicate.
    pub index: Revision,
    /// The stamp of the entry at `index`.
    pub stamp: Timestamp,
    /// Whether it had ended before.
    pub duplicate: bool,
}

/// Why apply cannot go on. The node stops: skipping an entry would make replicas differ.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// Storage failed.
    #[error(transparent)]
    Kv(#[from] KvError),
    /// Stored bytes are not what they should be.
    #[error(transparent)]
    Abort(#[from] Abort),
    /// The entry does not decode, or has a guard or mutation of a newer version.
    #[error("entry {0} is not understood by this version")]
    Unknown(Revision),
    /// The entry raises the level above what this binary supports.
    #[error("cluster level {0} is above this version's {supported}", supported = Level::SUPPORTED)]
    Level(Level),
}

/// Applies one entry at `index` on top of `kv` and moves `position` on.
///
/// The order is: remembered outcome, deadline, level, guards. Time is judged by the cluster clock that the entry's
/// stamp moves on, so it never runs back, not even for a stamp that does.
///
/// # Errors
/// [`Fatal`]: the node stops.
pub fn apply(
    kv: &mut Overlay<'_>,
    outcomes: &mut Outcomes,
    position: &mut Position,
    index: Revision,
    entry: &wire::Entry,
) -> Result<Applied, Fatal> {
    let attempt: [u8; 16] = entry.attempt.as_slice().try_into().map_err(|_| Fatal::Unknown(index))?;
    let attempt = AttemptId(attempt);
    position.applied = index;
    position.clock = position.clock.max(Timestamp(entry.stamp_ms));
    let stamp = position.clock;
    outcomes.purge(position.clock, kv);

    if let Some(known) = outcomes.get(attempt, kv)?
        && !Mutant::Undeduplicated.lives()
    {
        return Ok(Applied { attempt, duplicate: true, ..known });
    }
    let verdict = judge(kv, position.level, stamp, index, entry)?;
    if verdict == Verdict::Committed {
        for change in &entry.mutations {
            write(kv, position, index, stamp, change)?;
        }
        for event in &entry.audit {
            chain(kv, index, stamp, event)?;
        }
    }
    if !(Mutant::ConflictForgotten.lives() && matches!(verdict, Verdict::Conflict(_))) {
        outcomes.remember(index, stamp, attempt, &verdict, kv);
    }
    Ok(Applied { attempt, verdict, index, stamp, duplicate: false })
}

fn judge(
    kv: &dyn ReadKv,
    level: Level,
    stamp: Timestamp,
    index: Revision,
    entry: &wire::Entry,
) -> Result<Verdict, Fatal> {
    if stamp.0 > entry.deadline_ms {
        return Ok(Verdict::Late);
    }
    if level.0 != entry.level {
        return Ok(Verdict::LevelChanged);
    }
    for guard in &entry.guards {
        match guard.kind.as_ref().ok_or(Fatal::Unknown(index))? {
            guard::Kind::Unchanged(at) if changed(kv, at)? => return Ok(Verdict::Conflict(at.key.clone())),
            guard::Kind::Absent(key) if kv.get(Space::State, key)?.is_some() => {
                return Ok(Verdict::Conflict(key.clone()));
            }
            guard::Kind::Before(at) if stamp.0 >= *at => return Ok(Verdict::TimeGuard),
            guard::Kind::NotBefore(at) if stamp.0 < *at => return Ok(Verdict::TimeGuard),
            _ => {}
        }
    }
    Ok(Verdict::Committed)
}

fn changed(kv: &dyn ReadKv, at: &wire::At) -> Result<bool, KvError> {
    let value = kv.get(Space::State, &at.key)?;
    Ok(value.as_deref().and_then(layout::revision_of) != Some(Revision(at.revision)))
}

/// The key of a guard that does not hold in a state: the leader's early answer to a first send. Time guards are
/// passed over. A state older than the entry's view finds conflicts that are none.
///
/// # Errors
/// [`Fatal::Unknown`] for guards of a newer version.
pub fn early_conflict(kv: &dyn ReadKv, entry: &wire::Entry) -> Result<Option<Vec<u8>>, Fatal> {
    for guard in &entry.guards {
        match guard.kind.as_ref().ok_or(Fatal::Unknown(Revision(0)))? {
            guard::Kind::Unchanged(at) if changed(kv, at)? => return Ok(Some(at.key.clone())),
            guard::Kind::Absent(key) if kv.get(Space::State, key)?.is_some() => return Ok(Some(key.clone())),
            _ => {}
        }
    }
    Ok(None)
}

fn write(
    kv: &mut Overlay<'_>,
    position: &mut Position,
    index: Revision,
    stamp: Timestamp,
    change: &wire::Mutation,
) -> Result<(), Fatal> {
    match change.kind.as_ref().ok_or(Fatal::Unknown(index))? {
        mutation::Kind::Put(put) => {
            drop_expiry(kv, &put.key)?;
            let expires = (put.expires_ms != 0).then_some(Timestamp(put.expires_ms));
            if let Some(at) = expires {
                kv.set(Space::State, layout::expiry_key(at, &put.key), Some(Vec::new()));
            }
            kv.set(Space::State, put.key.clone(), Some(layout::row_value(index, expires, &put.fields)));
        }
        mutation::Kind::Delete(key) => {
            drop_expiry(kv, key)?;
            kv.set(Space::State, key.clone(), None);
        }
        mutation::Kind::IndexPut(entry) => {
            kv.set(Space::State, entry.key.clone(), Some(layout::index_value(index, &entry.of)));
        }
        mutation::Kind::IndexDelete(key) => kv.set(Space::State, key.clone(), None),
        mutation::Kind::Touch(key) => {
            kv.set(Space::State, key.clone(), Some(index.0.to_be_bytes().to_vec()));
        }
        mutation::Kind::DeleteIf(gone) => {
            let current = kv.get(Space::State, &gone.key)?;
            let same = current.as_deref().and_then(layout::revision_of) == Some(Revision(gone.revision));
            if same && stamp.0 >= gone.not_before_ms {
                drop_expiry(kv, &gone.key)?;
                kv.set(Space::State, gone.key.clone(), None);
                for entry in &gone.index_entries {
                    kv.set(Space::State, entry.clone(), None);
                }
            }
        }
        mutation::Kind::Level(level) => {
            let level = Level(*level);
            if level > Level::SUPPORTED {
                return Err(Fatal::Level(level));
            }
            position.level = position.level.max(level);
        }
        mutation::Kind::AuditPrune(gone) => prune(kv, gone)?,
        mutation::Kind::AuditErase(gone) => {
            let key = audit::event_key(&gone.chain, gone.number);
            if let Some(value) = kv.get(Space::State, &key)? {
                kv.set(Space::State, key, Some(StoredEvent::erased(value)));
            }
        }
    }
    Ok(())
}

fn drop_expiry(kv: &mut Overlay<'_>, row: &[u8]) -> Result<(), Fatal> {
    let Some(old) = kv.get(Space::State, row)? else { return Ok(()) };
    if let Some(at) = RowValue::parse(&old)?.expires {
        kv.set(Space::State, layout::expiry_key(at, row), None);
    }
    Ok(())
}

fn chain(kv: &mut Overlay<'_>, index: Revision, stamp: Timestamp, event: &wire::AuditEvent) -> Result<(), Fatal> {
    let head_key = audit::head_key(&event.chain);
    let head = kv.get(Space::State, &head_key)?.map_or(Ok(Head::EMPTY), |bytes| Head::parse(&bytes))?;
    let body_digest = audit::body_digest(&event.body);
    let after = head.extend(index, audit::digest(stamp, body_digest));
    let stored =
        StoredEvent { number: after.count, index, stamp, body_digest, head: after.digest, body: event.body.clone() };
    kv.set(Space::State, audit::event_key(&event.chain, after.count), Some(stored.to_value()));
    kv.set(Space::State, head_key, Some(after.to_bytes()));
    Ok(())
}

/// Removes the oldest events of a chain and moves its base. Two leaders that prune at once do no harm.
fn prune(kv: &mut Overlay<'_>, gone: &wire::AuditPrune) -> Result<(), Fatal> {
    let base_key = audit::base_key(&gone.chain);
    let base = kv.get(Space::State, &base_key)?.map_or(Ok(Base::WHOLE), |bytes| Base::parse(&bytes))?;
    let bounded = gone.through.checked_sub(gone.from).is_some_and(|more| more < MAX_PRUNED);
    if !bounded || base.head.count.checked_add(1) != Some(gone.from) {
        return Ok(());
    }
    let Some(last) = kv.get(Space::State, &audit::event_key(&gone.chain, gone.through))? else { return Ok(()) };
    let last = StoredEvent::parse(gone.through, &last)?;
    for number in gone.from..=gone.through {
        kv.set(Space::State, audit::event_key(&gone.chain, number), None);
    }
    let head = Head { count: gone.through, digest: last.head };
    let base = Base { head, checkpoint: gone.checkpoint.clone() };
    kv.set(Space::State, base_key, Some(base.to_bytes()));
    Ok(())
}

/// An entry as it stands in the log. `None`: poison, bytes that are no entry of any version. It takes effect on no
/// replica, and all of them go on.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<wire::Entry> {
    wire::Entry::decode(bytes).ok().filter(|entry| entry.attempt.len() == 16)
}
