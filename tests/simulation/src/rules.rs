//! Raft's safety rules (I13), over what all members show after every step.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use raft_store::Node;
use raft_store::simulation::{Look, Position};

use crate::oracle::Broken;

/// An entry's place and checksum.
type Entry = (Position, u32);

#[derive(Default)]
struct Member {
    look: Look,
    /// Snapshots built and installed, conflicts and duplicates of its earlier lives.
    earlier: (u64, u64, u64, u64),
    /// Its log, as last read.
    log: BTreeMap<u64, Entry>,
    /// Whether it has run since its last start.
    fresh: bool,
}

impl Member {
    const fn total(&self) -> (u64, u64, u64, u64) {
        let (built, installed, conflicts, duplicates) = self.earlier;
        let (snapshots, entries) = (self.look.snapshots, self.look.entries);
        (built + snapshots.0, installed + snapshots.1, conflicts + entries.1, duplicates + entries.2)
    }
}

/// What is known of the whole history.
#[derive(Default)]
pub(crate) struct Rules {
    members: BTreeMap<u64, Member>,
    /// Leaderships and who had them: a term and the candidate's id, which order each other as terms do elsewhere. A
    /// voter may go over to a higher id within a term.
    leaders: BTreeMap<(u64, u64), u64>,
    /// Log matching: what stood where, and the entry before it.
    placed: BTreeMap<(u64, u64, u64), (u32, Option<Position>)>,
    /// Committed once, committed for ever.
    committed: BTreeMap<u64, Entry>,
    /// Applied index to digest, and who had it first.
    digests: BTreeMap<u64, ([u8; 32], u64)>,
    /// The highest vote that a node has answered.
    answered: BTreeMap<u64, (u64, u64, bool)>,
    pub(crate) elections: u64,
    newest: Option<u64>,
    pub(crate) compared: u64,
}

/// Ends a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("reading the log of a simulated disk never waits"),
    }
}

impl Rules {
    /// Whoever was elected last.
    pub(crate) const fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// A member has crashed: what it says next must agree with what it said.
    pub(crate) fn crashed(&mut self, id: u64) {
        if let Some(member) = self.members.get_mut(&id) {
            member.fresh = true;
            member.earlier = member.total();
            member.look.snapshots = (0, 0);
            member.look.entries = (0, 0, 0);
        }
    }

    /// Of every member: snapshots built and installed, conflicts and duplicates applied.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (u64, u64, u64, u64)> {
        self.members.values().map(Member::total)
    }

    /// What a member shows now; says whether that is new.
    pub(crate) fn check(&mut self, id: u64, node: &Node) -> Result<Option<Look>, Broken> {
        let look = node.look();
        let member = self.members.entry(id).or_default();
        let restarted = std::mem::take(&mut member.fresh);
        let before = std::mem::replace(&mut member.look, look.clone());
        if let Some(vote) = node.answered_vote() {
            let highest = self.answered.entry(id).or_default();
            *highest = (*highest).max(vote);
        }
        if before == look && !restarted {
            return Ok(None);
        }
        if !look.running {
            return Err(format!("node {id}: Raft has stopped: {}", node.why_stopped()));
        }
        Self::order(id, &look)?;
        if restarted {
            let answered = self.answered.get(&id).copied().unwrap_or_default();
            let stored = now(node.stored_vote()).map_err(|error| format!("node {id}: vote: {error}"))?;
            if stored.unwrap_or_default() < answered {
                return Err(format!("vote: node {id} had answered {answered:?}, its disk says {stored:?}"));
            }
        } else if look.vote < before.vote {
            return Err(format!("vote: node {id} went back from {:?} to {:?}", before.vote, look.vote));
        }
        if restarted || before.last != look.last || before.purged != look.purged {
            let settled = before.committed.filter(|_| !restarted);
            self.read(id, node, &look, settled.map_or(0, |at| at.index))?;
        }
        if look.leads && look.vote.2 {
            self.lead(id, &look)?;
        }
        self.commit(id, &before, &look, restarted)?;
        Ok(Some(look))
    }

    fn order(id: u64, look: &Look) -> Result<(), Broken> {
        let index = |at: Option<Position>| at.map_or(0, |at| at.index);
        let [purged, snapshot, applied] = [index(look.purged), look.snapshot, index(look.applied)];
        let last = index(look.last);
        if purged <= snapshot && snapshot <= applied && applied <= last {
            return Ok(());
        }
        Err(format!("order: node {id}: purged {purged}, snapshot {snapshot}, applied {applied}, last {last}"))
    }

    /// Reads what may have changed of a log: all above what was committed.
    fn read(&mut self, id: u64, node: &Node, look: &Look, settled: u64) -> Result<(), Broken> {
        let purged = look.purged.map_or(0, |at| at.index);
        let from = settled.max(purged);
        let entries = now(node.entries(from)).map_err(|error| format!("log of node {id}: {error}"))?;
        let Some(member) = self.members.get_mut(&id) else { return Ok(()) };
        member.log.split_off(&from);
        member.log = member.log.split_off(&(purged + 1).min(from));
        let mut previous: Option<Position> = None;
        for (at, crc) in entries {
            if let Some(previous) = previous {
                let placed = (crc, Some(previous));
                let known = self.placed.entry((at.index, at.term, at.leader)).or_insert(placed);
                if *known != placed {
                    return Err(format!("log matching: node {id} has {at:?} {placed:?}, elsewhere {known:?}"));
                }
            }
            previous = Some(at);
            member.log.insert(at.index, (at, crc));
        }
        Ok(())
    }

    fn lead(&mut self, id: u64, look: &Look) -> Result<(), Broken> {
        let reign = (look.vote.0, look.vote.1);
        if let Some(other) = self.leaders.get(&reign) {
            return if *other == id { Ok(()) } else { Err(format!("election: {id} and {other} led in {reign:?}")) };
        }
        self.leaders.insert(reign, id);
        self.elections += 1;
        self.newest = Some(id);
        let Some(member) = self.members.get(&id) else { return Ok(()) };
        let purged = look.purged.map_or(0, |at| at.index);
        for (index, entry) in self.committed.range(purged + 1..).filter(|(_, (at, _))| (at.term, at.leader) < reign) {
            if member.log.get(index) != Some(entry) {
                return Err(format!(
                    "leader completeness: node {id} leads in {reign:?} with {:?} where {entry:?} is committed",
                    member.log.get(index)
                ));
            }
        }
        Ok(())
    }

    fn commit(&mut self, id: u64, before: &Look, look: &Look, restarted: bool) -> Result<(), Broken> {
        let index = |at: Option<Position>| at.map_or(0, |at| at.index);
        let upto = index(look.committed).max(index(look.applied));
        let from = if restarted { 0 } else { index(before.committed).max(index(before.applied)) };
        let Some(member) = self.members.get(&id) else { return Ok(()) };
        for (at, entry) in member.log.range(from + 1..).take_while(|(at, _)| **at <= upto) {
            let known = self.committed.entry(*at).or_insert(*entry);
            if known != entry {
                return Err(format!("committed: node {id} has {entry:?} where {known:?} was committed"));
            }
        }
        for at in [look.applied, look.committed].into_iter().flatten() {
            if self.committed.get(&at.index).is_some_and(|(known, _)| *known != at) {
                return Err(format!("committed: node {id} is at {at:?}, not where all are"));
            }
        }
        Ok(())
    }

    /// Compares the digest of a member's state with others' at the same index.
    pub(crate) fn digest(&mut self, id: u64, node: &Node) -> Result<(u64, [u8; 32]), Broken> {
        let (at, digest) = node.state_digest().map_err(|error| format!("digest of node {id}: {error}"))?;
        match self.digests.get(&at.0) {
            None => drop(self.digests.insert(at.0, (digest, id))),
            Some((known, _)) if *known == digest => self.compared += 1,
            Some((_, other)) => return Err(format!("digest: nodes {id} and {other} differ at {at}")),
        }
        Ok((at.0, digest))
    }
}
