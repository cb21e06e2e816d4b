//! What goes wrong, when, and when it ends.

mod stranded;

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;

use self::stranded::Stranded;
use crate::bench::Job;
use crate::world::{FLUSH_US, HOSTS, World};

/// Every kind of fault, as coverage names it. Over a whole run each must have been activated.
pub(crate) const KINDS: [&str; 22] = [
    "crash-short",
    "crash-long",
    "power-cut",
    "partition",
    "one-way",
    "leader-cut",
    "stranded",
    "hold",
    "latency",
    "loss",
    "slow-disk",
    "clock-jump",
    "damage",
    "transfer",
    "join",
    "remove",
    "snapshots-installed",
    "elections",
    "conflicts",
    "duplicates",
    "unknown",
    "in-grace",
];

/// The end of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Undo {
    Start(usize),
    /// Links between all pairs.
    Repair(Vec<(usize, usize)>),
    Release(usize, usize),
    Latency(usize, usize),
    Loss(usize, usize),
    Disk(usize),
    Clock(usize),
    /// A crash that was due later.
    Kill(usize),
    /// A removed host is switched off.
    Off(usize),
    /// A leader that was heard and heard nothing is now cut off, with one follower.
    Strand(Stranded),
}

#[derive(Default)]
pub(crate) struct Faults {
    undo: Vec<(u64, Undo)>,
    /// Links that something is wrong with.
    links: BTreeSet<(usize, usize)>,
    next: u64,
    off: BTreeSet<usize>,
    /// Elections seen.
    elections: u64,
    /// Whose clock jumps. No other's does: offsets are remembered for ten seconds, and the median stands one wrong
    /// clock, not two.
    wrong: Option<usize>,
}

const fn pair(a: usize, b: usize) -> (usize, usize) {
    if a < b { (a, b) } else { (b, a) }
}

impl Faults {
    /// Undoes what is over and perhaps begins something.
    pub(crate) fn step(&mut self, world: &mut World) {
        let tick = world.shared.borrow().tick;
        self.reached(world, tick);
        let (over, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.undo).into_iter().partition(|(at, _)| *at <= tick);
        self.undo = rest;
        for (_, undo) in over {
            self.end_one(world, undo);
        }
        self.members(world, tick);
        self.elected(world, tick);
        if tick >= self.next {
            self.begin(world, tick);
            self.next = tick + world.rng.random_range(20..800);
        }
    }

    /// Starts who was let in, switches off who was taken out.
    fn members(&mut self, world: &mut World, tick: u64) {
        let admitted = std::mem::take(&mut world.shared.borrow_mut().admitted);
        for (at, id) in admitted {
            world.shared.borrow_mut().hosts[at].id = id;
            world.start(at);
        }
        for at in 0..HOSTS {
            let gone = world.shared.borrow().hosts[at].retired;
            if gone && self.off.insert(at) {
                let after = world.rng.random_range(100..3_000);
                self.undo.push((tick + after, Undo::Off(at)));
            }
        }
    }

    /// A new leader is cut from some of the others at once now and then, and now and then it dies: what it has begun is
    /// taken over by a third, or not.
    fn elected(&mut self, world: &mut World, tick: u64) {
        if world.rules.elections == std::mem::replace(&mut self.elections, world.rules.elections) || world.strands {
            return;
        }
        let leader = (0..HOSTS).rev().find(|at| world.leads(*at) && world.rules.newest() == Some(*at as u64));
        let Some(leader) = leader.filter(|_| world.rng.random_bool(0.5)) else { return };
        let spared = world.rng.random_range(0..HOSTS);
        let links: Vec<(usize, usize)> = world
            .open()
            .into_iter()
            .filter(|at| *at != leader && *at != spared)
            .map(|at| (leader, at))
            .filter(|(a, b)| self.take(*a, *b))
            .collect();
        let until = tick + world.rng.random_range(200..2_500);
        world
            .shared
            .borrow_mut()
            .fault("leader-cut", &format!("n{} but for n{} until {until}", leader + 1, spared + 1));
        for (a, b) in &links {
            world.sim.partition(format!("n{}", a + 1).as_str(), format!("n{}", b + 1).as_str());
        }
        self.undo.push((until, Undo::Repair(links)));
        if world.rng.random_bool(0.4) {
            let at = tick + world.rng.random_range(10..300);
            self.undo.push((at, Undo::Kill(leader)));
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a fault")]
    fn begin(&mut self, world: &mut World, tick: u64) {
        let up: Vec<usize> = (0..HOSTS).filter(|at| world.shared.borrow().hosts[*at].up).collect();
        let members: Vec<usize> = up.iter().copied().filter(|at| !self.off.contains(at)).collect();
        if members.len() < 2 {
            return;
        }
        let one = members[world.rng.random_range(0..members.len())];
        let other = loop {
            let other = members[world.rng.random_range(0..members.len())];
            if other != one {
                break other;
            }
        };
        if world.strands {
            self.strand(world, tick, &members);
            return;
        }
        let name = |at: usize| format!("n{}", at + 1);
        let (a, b) = (name(one), name(other));
        let lasts = |world: &mut World, from: u64, to: u64| tick + world.rng.random_range(from..to);
        match world.rng.random_range(0..100) {
            0..16 => {
                let long = world.rng.random_bool(0.35);
                let until = if long { lasts(world, 2_000, 6_000) } else { lasts(world, 30, 600) };
                let kind = if long { "crash-long" } else { "crash-short" };
                world.shared.borrow_mut().fault(kind, &format!("{a} until {until}"));
                self.crash(world, one, until);
            }
            16..21 => {
                let most = world.rng.random_bool(0.5);
                let leave = if most { members.len().div_ceil(2) - 1 } else { 0 };
                world.shared.borrow_mut().fault("power-cut", &format!("of {} from {a} on", members.len() - leave));
                let from = members.iter().position(|at| *at == one).unwrap_or_default();
                for step in 0..members.len() - leave {
                    let until = lasts(world, 50, 1_200);
                    self.crash(world, members[(from + step) % members.len()], until);
                }
            }
            21..33 => {
                let size = world.rng.random_range(1..=members.len() / 2);
                let from = world.rng.random_range(0..members.len());
                let side: Vec<usize> = (0..size).map(|step| members[(from + step) % members.len()]).collect();
                let rest = members.iter().filter(|at| !side.contains(at));
                let links: Vec<(usize, usize)> =
                    rest.flat_map(|b| side.iter().map(move |a| (*a, *b))).filter(|(a, b)| self.take(*a, *b)).collect();
                let until = lasts(world, 100, 4_000);
                world.shared.borrow_mut().fault("partition", &format!("{side:?} until {until}"));
                for (a, b) in &links {
                    world.sim.partition(name(*a).as_str(), name(*b).as_str());
                }
                self.undo.push((until, Undo::Repair(links)));
            }
            33..41 if self.take(one, other) => {
                let until = lasts(world, 100, 3_000);
                world.shared.borrow_mut().fault("one-way", &format!("{a} to {b} until {until}"));
                world.sim.partition_oneway(a.as_str(), b.as_str());
                self.undo.push((until, Undo::Repair(vec![(one, other)])));
            }
            41..50 if self.take(one, other) => {
                let until = lasts(world, 50, 1_200);
                world.shared.borrow_mut().fault("hold", &format!("{a} and {b} until {until}"));
                world.sim.hold(a.as_str(), b.as_str());
                self.undo.push((until, Undo::Release(one, other)));
            }
            50..60 if self.take(one, other) => {
                let until = lasts(world, 200, 3_000);
                let ms = world.rng.random_range(30..400);
                world.shared.borrow_mut().fault("latency", &format!("{a} and {b} {ms} ms until {until}"));
                world.sim.set_link_latency(a.as_str(), b.as_str(), Duration::from_millis(ms));
                self.undo.push((until, Undo::Latency(one, other)));
            }
            60..68 if self.take(one, other) => {
                let until = lasts(world, 200, 2_000);
                let rate = world.rng.random_range(0.005..0.1);
                world.shared.borrow_mut().fault("loss", &format!("{a} and {b} {rate:.3} until {until}"));
                world.sim.set_link_fail_rate(a.as_str(), b.as_str(), rate);
                self.undo.push((until, Undo::Loss(one, other)));
            }
            68..76 => {
                let until = lasts(world, 300, 3_000);
                let ms = world.rng.random_range(10..1_300);
                world.shared.borrow_mut().fault("slow-disk", &format!("{a} {ms} ms until {until}"));
                world.shared.borrow().hosts[one].flush_us.set((ms * 100, ms * 1_000));
                self.undo.push((until, Undo::Disk(one)));
            }
            76..82 if !self.undo.iter().any(|(_, undo)| matches!(undo, Undo::Clock(_))) => {
                let one = *self.wrong.get_or_insert(one);
                let a = name(one);
                let until = lasts(world, 500, 6_000);
                let ms: i64 = world.rng.random_range(1_000..4_000_000);
                let ms = if world.rng.random_bool(0.5) { ms } else { -ms };
                world.shared.borrow_mut().fault("clock-jump", &format!("{a} by {ms} ms until {until}"));
                world.shared.borrow().hosts[one].machine.skew_ms.set(ms);
                self.undo.push((until, Undo::Clock(one)));
            }
            82..85 => {
                world.shared.borrow_mut().line(&"fault damage to the next run of a snapshot");
                raft_store::simulation::damage_next_run();
            }
            85..92 => drop(world.send(one, Job::Transfer)),
            92..96 => Self::grow(world, one),
            96..100 => Self::shrink(world, one, other),
            _ => {}
        }
    }

    fn grow(world: &mut World, asked: usize) {
        let mut bench = world.shared.borrow_mut();
        let unused = (0..HOSTS).find(|at| !bench.hosts[*at].known);
        if let Some(host) = unused.filter(|_| !bench.changing) {
            bench.changing = true;
            drop(bench);
            if !world.send(asked, Job::Admit { host }) {
                world.shared.borrow_mut().changing = false;
            }
        }
    }

    fn shrink(world: &mut World, asked: usize, host: usize) {
        let members = (0..HOSTS).filter(|at| {
            let bench = world.shared.borrow();
            bench.hosts[*at].birth == crate::bench::Birth::Again && !bench.hosts[*at].retired
        });
        if members.count() <= 3 || world.shared.borrow().changing {
            return;
        }
        world.shared.borrow_mut().changing = true;
        if !world.send(asked, Job::Remove { host }) {
            world.shared.borrow_mut().changing = false;
        }
    }

    /// Whether nothing is wrong with a link yet; from now on there is.
    fn take(&mut self, a: usize, b: usize) -> bool {
        self.links.insert(pair(a, b))
    }

    fn crash(&mut self, world: &mut World, at: usize, until: u64) {
        let torn = world.rng.random_bool(0.5);
        let part: u64 = world.rng.random();
        world.crash(at, |pending| if torn { usize::try_from(part).unwrap_or(0) % (pending + 1) } else { 0 });
        self.undo.push((until, Undo::Start(at)));
    }

    fn end_one(&mut self, world: &mut World, undo: Undo) {
        world.shared.borrow_mut().line(&format!("over {undo:?}"));
        let name = |at: usize| format!("n{}", at + 1);
        match undo {
            Undo::Start(at) => world.start(at),
            Undo::Repair(links) => {
                for (a, b) in links {
                    world.sim.repair(name(a).as_str(), name(b).as_str());
                    self.links.remove(&pair(a, b));
                }
            }
            Undo::Release(a, b) => {
                world.sim.release(name(a).as_str(), name(b).as_str());
                self.links.remove(&pair(a, b));
            }
            Undo::Latency(a, b) => {
                world.sim.set_link_latency(name(a).as_str(), name(b).as_str(), Duration::from_millis(2));
                world.sim.set_link_max_message_latency(name(a).as_str(), name(b).as_str(), Duration::from_millis(15));
                self.links.remove(&pair(a, b));
            }
            Undo::Loss(a, b) => {
                world.sim.set_link_fail_rate(name(a).as_str(), name(b).as_str(), 0.0);
                world.sim.repair(name(a).as_str(), name(b).as_str());
                self.links.remove(&pair(a, b));
            }
            Undo::Strand(stranded) => self.cut_off(world, stranded),
            Undo::Disk(at) => world.shared.borrow().hosts[at].flush_us.set(FLUSH_US),
            Undo::Clock(at) => world.shared.borrow().hosts[at].machine.skew_ms.set(0),
            Undo::Kill(at) => {
                let (tick, up) = (world.shared.borrow().tick, world.shared.borrow().hosts[at].up);
                if up && !self.off.contains(&at) {
                    let until = tick + world.rng.random_range(300..2_500);
                    self.crash(world, at, until);
                }
            }
            Undo::Off(at) => {
                let up = world.shared.borrow().hosts[at].up;
                if up {
                    world.crash(at, |pending| pending);
                }
                self.undo.retain(|(_, undo)| *undo != Undo::Start(at));
            }
        }
    }

    /// Undoes everything.
    pub(crate) fn end(&mut self, world: &mut World) {
        let tick = world.shared.borrow().tick;
        self.members(world, tick);
        let mut undo = std::mem::take(&mut self.undo);
        undo.sort_by_key(|(at, _)| *at);
        undo.retain(|(_, it)| !matches!(it, Undo::Kill(_)));
        for (_, it) in &mut undo {
            if let Undo::Strand(stranded) = *it {
                *it = Undo::Repair(self.wrong_links(stranded.leader));
            }
        }
        // Whoever is switched off stays off.
        let off: Vec<usize> =
            undo.iter().filter_map(|(_, it)| if let Undo::Off(at) = it { Some(*at) } else { None }).collect();
        for (_, it) in undo {
            if !matches!(it, Undo::Start(at) if off.contains(&at)) {
                self.end_one(world, it);
            }
        }
    }
}
