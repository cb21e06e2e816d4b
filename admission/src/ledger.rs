//! Which connections there are and which of them can go: counting only.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::door::{Caps, Refusal};
use crate::source::Source;

/// Sources whose last proofs are remembered.
const MAX_PROVED: usize = 64;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It has asked for nothing yet.
    Fresh,
    /// It has, and now asks for nothing.
    Idle,
    /// It is being answered.
    Busy,
}

struct Known {
    source: Source,
    privileged: bool,
    doing: Doing,
    /// Since when, as a count of events.
    since: u64,
}

#[derive(Default)]
struct Share {
    all: usize,
    /// In the order of their coming.
    fresh: BTreeSet<u64>,
    /// By since when, then who.
    idle: BTreeSet<(u64, u64)>,
}

/// The connections of a door by id.
#[derive(Default)]
pub(crate) struct Ledger {
    events: u64,
    known: HashMap<u64, Known>,
    shares: HashMap<Source, Share>,
    /// Fresh connections of sources without privilege: how many each has. The last has most.
    heaviest: BTreeSet<(usize, Source)>,
    fresh: usize,
    idle: BTreeSet<(u64, u64)>,
    proved: VecDeque<Source>,
}

/// What letting one in came to.
pub(crate) struct Entry {
    pub(crate) id: u64,
    /// Who goes for it, and what that was doing.
    pub(crate) goes: Option<(u64, Doing)>,
}

impl Ledger {
    /// Whether this source has lately shown that it belongs here.
    pub(crate) fn has_proved(&self, source: Source) -> bool {
        self.proved.contains(&source)
    }

    pub(crate) fn prove(&mut self, source: Source) {
        self.proved.retain(|known| *known != source);
        self.proved.push_back(source);
        if self.proved.len() > MAX_PROVED {
            self.proved.pop_front();
        }
    }

    /// Lets a connection in, at another's cost where there is no room.
    pub(crate) fn enter(&mut self, source: Source, privileged: bool, caps: &Caps) -> Result<Entry, Refusal> {
        let share = self.shares.get(&source);
        let own = share.map_or(0, |share| share.all);
        let goes = if !privileged && own >= caps.per_source {
            let oldest = share.and_then(|share| share.fresh.first().copied().or(share.idle.first().map(|(_, id)| *id)));
            Some(oldest.ok_or(Refusal::Source)?)
        } else if self.fresh >= caps.fresh {
            Some(self.oldest_fresh(privileged).ok_or(Refusal::Full)?)
        } else if self.known.len() >= caps.total {
            let idle = self.idle.first().map(|(_, id)| *id);
            Some(self.oldest_fresh(privileged).or(idle).ok_or(Refusal::Full)?)
        } else {
            None
        };
        let goes = goes.and_then(|id| self.leave(id).map(|doing| (id, doing)));
        self.events += 1;
        let id = self.events;
        self.known.insert(id, Known { source, privileged, doing: Doing::Fresh, since: id });
        self.shares.entry(source).or_default().all += 1;
        self.put(id);
        Ok(Entry { id, goes })
    }

    /// The oldest fresh connection of the source that has most of them; of a privileged one only for another such, and
    /// when there is no other.
    fn oldest_fresh(&self, privileged: bool) -> Option<u64> {
        let of = |source: &Source| self.shares.get(source)?.fresh.first().copied();
        if let Some((_, source)) = self.heaviest.last() {
            return of(source);
        }
        if self.fresh == 0 || !privileged {
            return None;
        }
        self.shares.values().filter_map(|share| share.fresh.first().copied()).min()
    }

    /// Notes what a connection does now.
    pub(crate) fn does(&mut self, id: u64, doing: Doing) {
        if !self.known.contains_key(&id) {
            return;
        }
        self.take(id);
        self.events += 1;
        let now = self.events;
        if let Some(known) = self.known.get_mut(&id) {
            (known.doing, known.since) = (doing, now);
        }
        self.put(id);
    }

    /// Forgets a connection; tells what it did, or nothing when it was forgotten already.
    pub(crate) fn leave(&mut self, id: u64) -> Option<Doing> {
        self.take(id);
        let known = self.known.remove(&id)?;
        if let Some(share) = self.shares.get_mut(&known.source) {
            share.all -= 1;
            if share.all == 0 {
                self.shares.remove(&known.source);
            }
        }
        Some(known.doing)
    }

    /// Adds a connection to the orders in which connections go.
    fn put(&mut self, id: u64) {
        self.order(id, true);
    }

    fn take(&mut self, id: u64) {
        self.order(id, false);
    }

    fn order(&mut self, id: u64, add: bool) {
        let Some(known) = self.known.get(&id) else { return };
        let (source, privileged, since) = (known.source, known.privileged, known.since);
        let Some(share) = self.shares.get_mut(&source) else { return };
        match known.doing {
            Doing::Fresh => {
                let before = share.fresh.len();
                let changed = if add { share.fresh.insert(id) } else { share.fresh.remove(&id) };
                let after = share.fresh.len();
                if !changed {
                    return;
                }
                self.fresh = self.fresh + after - before;
                if !privileged {
                    self.heaviest.remove(&(before, source));
                    if after > 0 {
                        self.heaviest.insert((after, source));
                    }
                }
            }
            Doing::Idle if add => {
                share.idle.insert((since, id));
                self.idle.insert((since, id));
            }
            Doing::Idle => {
                share.idle.remove(&(since, id));
                self.idle.remove(&(since, id));
            }
            Doing::Busy => {}
        }
    }
}

#[cfg(test)]
impl Ledger {
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing at all is left.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { known, shares, heaviest, fresh, idle, .. } = self;
        known.is_empty() && shares.is_empty() && heaviest.is_empty() && *fresh == 0 && idle.is_empty()
    }
}
