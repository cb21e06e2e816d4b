//! A leader that comes back sooner than the one who still believes it.

use rand::RngExt;

use super::{Faults, Undo, pair};
use crate::world::{HOSTS, World};

/// A leader whose entries others have without its knowing, and the one follower that can still speak with it. The leader
/// comes back first: to the follower it may then say of an entry that it has discarded it, while the others have
/// committed what was sent before under the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stranded {
    pub(super) leader: usize,
    follower: usize,
    /// How long after the cut the leader hears the others again.
    leader_until: u64,
    /// How long after it the follower does.
    follower_until: u64,
    /// The last entry of the leader's log when it began.
    last: u64,
}

/// So long, in ticks, a stranded leader waits for an entry to reach the others.
const REACHES: u64 = 1_500;

/// The index of the last entry of a host's log, if its member is open.
fn last(world: &World, at: usize) -> u64 {
    let node = world.shared.borrow().hosts[at].node.clone();
    node.and_then(|node| node.look().last).map_or(0, |last| last.index)
}

impl Faults {
    /// Begins a [`Stranded`] leader, where there is one with enough others around it and nothing else is wrong with its
    /// links.
    pub(super) fn strand(&mut self, world: &mut World, tick: u64, members: &[usize]) {
        let Some(leader) = members.iter().copied().find(|at| world.leads(*at)) else { return };
        let rest: Vec<usize> = members.iter().copied().filter(|at| *at != leader).collect();
        if rest.len() < 3 {
            return;
        }
        let follower = rest[world.rng.random_range(0..rest.len())];
        let others: Vec<usize> = rest.into_iter().filter(|at| *at != follower).collect();
        let pairs = || [leader, follower].into_iter().flat_map(|a| others.iter().map(move |b| (a, *b)));
        if pairs().any(|(a, b)| self.links.contains(&pair(a, b))) {
            return;
        }
        let leader_until = world.rng.random_range(900..2_800);
        let follower_until = leader_until + world.rng.random_range(200..2_500);
        let stranded = Stranded { leader, follower, leader_until, follower_until, last: last(world, leader) };
        world.shared.borrow_mut().fault("stranded", &format!("{stranded:?}"));
        for (a, b) in pairs() {
            self.take(a, b);
        }
        for other in others {
            world.sim.partition_oneway(format!("n{}", other + 1).as_str(), format!("n{}", leader + 1).as_str());
        }
        self.undo.push((tick + REACHES, Undo::Strand(stranded)));
    }

    /// Cuts a stranded leader off as soon as the others have an entry of which it does not know so.
    pub(super) fn reached(&mut self, world: &World, tick: u64) {
        for (at, undo) in &mut self.undo {
            if let Undo::Strand(Stranded { leader, follower, last: before, .. }) = undo {
                let others = (0..HOSTS).filter(|at| at != leader && at != follower);
                if others.map(|other| last(world, other)).any(|last| last > *before) {
                    *at = (*at).min(tick);
                }
            }
        }
    }

    /// A host's links that something is wrong with.
    pub(super) fn wrong_links(&self, of: usize) -> Vec<(usize, usize)> {
        (0..HOSTS).map(|other| (of, other)).filter(|(a, b)| self.links.contains(&pair(*a, *b))).collect()
    }

    /// Goes on with it: the others hear neither of the two any more, and elect another leader.
    pub(super) fn cut_off(&mut self, world: &mut World, stranded: Stranded) {
        let Stranded { leader, follower, leader_until, follower_until, .. } = stranded;
        let tick = world.shared.borrow().tick;
        for (one, after) in [(leader, leader_until), (follower, follower_until)] {
            let links = self.wrong_links(one);
            for (a, b) in &links {
                world.sim.partition(format!("n{}", a + 1).as_str(), format!("n{}", b + 1).as_str());
            }
            self.undo.push((tick + after, Undo::Repair(links)));
        }
    }
}
