//! The simulated cluster: hosts, their lives, and the steps.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use raft_store::Compaction;
use raft_store::env::SharedEnv;
use raft_store::simulation::{self, FakeDisk, Parts};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use turmoil::net::TcpListener;
use turmoil::{Builder, Sim};

use crate::bench::{Bench, Birth, Host, Job, Proof, Shared, Ticket, work};
use crate::client::Clients;
use crate::faults::Faults;
use crate::machine::{Door, Machine, PORT, Wire};
use crate::oracle::{Broken, Oracle};
use crate::report::{Coverage, Trace};
use crate::rules::Rules;
use crate::sync::Cell;

/// Hosts that a cluster ever has.
pub(crate) const HOSTS: usize = 7;
/// A cluster is up after so many ticks, or never.
const BOOT: u64 = 15_000;
/// Every so manieth seed strands leaders among five members, over and over, and does nothing else.
const STRANDS: u64 = 8;
/// A cluster has healed after so many ticks, or never.
const HEAL: u64 = 40_000;
/// Between two comparisons of digests, ticks.
const DIGEST: u64 = 50;
/// How long a flush takes when nothing is wrong, µs.
pub(crate) const FLUSH_US: (u64, u64) = (100, 3_000);

/// A run.
pub(crate) struct World {
    pub(crate) sim: Sim<'static>,
    pub(crate) shared: Shared,
    pub(crate) rng: SmallRng,
    pub(crate) rules: Rules,
    /// How many members the cluster begins with.
    pub(crate) first: usize,
    /// Whether leaders are stranded with one follower, and nothing else goes wrong.
    pub(crate) strands: bool,
    /// Which hosts turmoil knows.
    registered: [bool; HOSTS],
}

fn host(index: usize, seed: u64) -> Host {
    Host {
        name: format!("n{}", index + 1),
        id: index as u64 + 1,
        birth: if index == 0 { Birth::Init } else { Birth::Join },
        disk: FakeDisk::default(),
        machine: Machine::new(seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        flush_us: Arc::new(Cell::new(FLUSH_US)),
        folder: tempfile::tempdir().unwrap(),
        up: false,
        node: None,
        jobs: None,
        known: false,
        retired: false,
        leaving: false,
    }
}

/// One life of a host's software.
async fn live(shared: Shared, at: usize, first: usize) -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    let (parts, birth) = {
        let bench = shared.borrow();
        let host = &bench.hosts[at];
        let (machine, flush_us) = (Arc::clone(&host.machine), Arc::clone(&host.flush_us));
        let parts = Parts {
            node: host.id,
            address: format!("{}:{PORT}", host.name),
            folder: host.folder.path().to_owned(),
            disk: host.disk.clone(),
            flush: Box::new(move || {
                let (from, to) = flush_us.get();
                let mut random = [0; 8];
                raft_store::env::Env::fill_random(&*machine, &mut random);
                Duration::from_micros(from + u64::from_le_bytes(random) % (to - from))
            }),
            env: SharedEnv(Arc::clone(&host.machine) as _),
            net: Arc::new(Wire { node: host.id }),
            incoming: Box::new(Door(listener)),
            compaction: Compaction {
                snapshot_bytes: 24 * 1024,
                snapshot_interval: Duration::from_secs(2),
                keep_bytes: 12 * 1024,
                keep_for: Duration::from_millis(800),
            },
            tables: crate::tables::tables(),
            sweep: crate::tables::sweepable(),
        };
        (parts, host.birth.clone())
    };
    let members: Vec<(u64, String)> = (1..=first).map(|id| (id as u64, format!("n{id}:{PORT}"))).collect();
    let node = match birth {
        Birth::Init => simulation::init(parts, &members).await?,
        Birth::Join => simulation::join(parts).await?,
        Birth::Again => simulation::start(parts).await?,
    };
    let node = Arc::new(node);
    let (jobs, mut todo) = mpsc::unbounded_channel();
    {
        let mut bench = shared.borrow_mut();
        bench.line(&format!("n{} is open", at + 1));
        let host = &mut bench.hosts[at];
        host.birth = Birth::Again;
        host.node = Some(Arc::clone(&node));
        host.jobs = Some(jobs);
    }
    while let Some(job) = todo.recv().await {
        tokio::task::spawn_local(work(Rc::clone(&shared), Arc::clone(&node), at, job));
    }
    Ok(())
}

impl World {
    pub(crate) fn new(seed: u64, print: bool) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        simulation::seed(rng.random());
        let strands = seed % STRANDS == STRANDS - 1;
        let first = if rng.random_bool(0.6) && !strands { 3 } else { 5 };
        let latency = Duration::from_millis(rng.random_range(3..25));
        let think = rng.random_range(3..40);
        let sim = Builder::new()
            .rng_seed(rng.random())
            .enable_random_order()
            .tick_duration(Duration::from_millis(1))
            .simulation_duration(Duration::from_secs(100_000))
            .min_message_latency(Duration::from_micros(500))
            .max_message_latency(latency)
            .tcp_capacity(100_000)
            .build();
        let bench = Bench {
            hosts: (0..HOSTS).map(|at| host(at, seed)).collect(),
            clients: Clients::new(think, strands),
            oracle: Oracle::default(),
            coverage: Coverage::default(),
            trace: Trace::new(print),
            tick: 0,
            broken: None,
            proof: Proof::default(),
            changing: false,
            admitted: Vec::new(),
        };
        let shared = Rc::new(RefCell::new(bench));
        let mut world = Self { sim, shared, rng, rules: Rules::default(), first, strands, registered: [false; HOSTS] };
        for at in 0..first {
            world.shared.borrow_mut().hosts[at].known = true;
            world.start(at);
        }
        world
    }

    /// Starts a host, for the first time or again.
    pub(crate) fn start(&mut self, at: usize) {
        let name = self.shared.borrow().hosts[at].name.clone();
        let known = std::mem::replace(&mut self.registered[at], true);
        self.shared.borrow_mut().hosts[at].up = true;
        let (shared, first) = (Rc::clone(&self.shared), self.first);
        if known {
            self.sim.bounce(name.as_str());
        } else {
            self.sim.host(name.as_str(), move || live(Rc::clone(&shared), at, first));
        }
    }

    /// Ends a host's software without a word. `kept` says how many of its unsynced batches are found again.
    pub(crate) fn crash(&mut self, at: usize, kept: impl FnOnce(usize) -> usize) {
        let (name, node, jobs, disk) = {
            let mut bench = self.shared.borrow_mut();
            let host = &mut bench.hosts[at];
            host.up = false;
            (host.name.clone(), host.node.take(), host.jobs.take(), host.disk.clone())
        };
        drop((node, jobs));
        self.sim.crash(name.as_str());
        let lost = disk.crash(kept);
        self.rules.crashed(at as u64);
        self.shared.borrow_mut().coverage.add("batches-lost", lost as u64);
    }

    /// One tick, and everything that is checked after it.
    pub(crate) fn step(&mut self) -> Result<(), Broken> {
        self.shared.borrow_mut().tick += 1;
        self.sim.step().map_err(|error| format!("a host ended: {error}"))?;
        let tick = self.shared.borrow().tick;
        for at in 0..HOSTS {
            let node = self.shared.borrow().hosts[at].node.clone();
            let Some(node) = node else { continue };
            if let Some(look) = self.rules.check(at as u64, &node)? {
                self.shared.borrow_mut().line(&format!("n{} {look:?}", at + 1));
            }
            if tick.is_multiple_of(DIGEST) {
                self.rules.digest(at as u64, &node)?;
            }
        }
        let broken = self.shared.borrow_mut().broken.take();
        broken.map_or(Ok(()), Err)
    }

    /// The hosts whose members are open and belong to the cluster.
    pub(crate) fn open(&self) -> Vec<usize> {
        let bench = self.shared.borrow();
        (0..HOSTS).filter(|at| bench.hosts[*at].jobs.is_some() && !bench.hosts[*at].retired).collect()
    }

    pub(crate) fn send(&self, at: usize, job: Job) -> bool {
        let jobs = self.shared.borrow().hosts[at].jobs.clone();
        jobs.is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Clients begin what they want now.
    pub(crate) fn clients(&mut self) {
        let open: Vec<u64> = self.open().into_iter().map(|at| at as u64 + 1).collect();
        let calls = {
            let mut bench = self.shared.borrow_mut();
            let tick = bench.tick;
            bench.clients.begin(tick, &open, &mut self.rng)
        };
        for call in calls {
            let ticket = Ticket::new(&self.shared, call);
            self.send(usize::try_from(call.node).unwrap() - 1, Job::Call(ticket));
        }
    }

    /// Until every first member is open and one of them leads.
    fn boot(&mut self) -> Result<(), Broken> {
        for _ in 0..BOOT {
            self.step()?;
            let open = self.open();
            if open.len() == self.first && open.iter().any(|at| self.leads(*at)) {
                return Ok(());
            }
        }
        Err("the cluster did not come up".to_owned())
    }

    pub(crate) fn leads(&self, at: usize) -> bool {
        self.shared.borrow().hosts[at].node.as_ref().is_some_and(|node| node.look().leads)
    }

    /// A whole run.
    pub(crate) fn run(&mut self, ticks: u64) -> Result<(), Broken> {
        self.boot()?;
        let mut faults = Faults::default();
        for _ in 0..ticks {
            self.clients();
            faults.step(self);
            self.step()?;
        }
        faults.end(self);
        self.heal()
    }

    /// Without faults everything must come right: a leader, fresh writes and reads everywhere, equal states.
    fn heal(&mut self) -> Result<(), Broken> {
        let began = self.shared.borrow().tick;
        self.shared.borrow_mut().line(&"healing");
        loop {
            self.step()?;
            let tick = self.shared.borrow().tick;
            if tick - began > HEAL {
                return Err(format!("liveness: {}", self.stuck()));
            }
            if !tick.is_multiple_of(50) || !self.shared.borrow().clients.idle() {
                continue;
            }
            for at in self.open() {
                if self.shared.borrow().proof.proven.get(&at) != Some(&true) {
                    let asked = self.shared.borrow().proof.proven.contains_key(&at);
                    if !asked || tick.is_multiple_of(3_500) {
                        self.send(at, Job::Prove);
                    }
                }
            }
            self.retire();
            if !self.healed()? {
                continue;
            }
            let found = self.shared.borrow_mut().proof.receipts.take();
            match found {
                Some(found) => {
                    self.shared.borrow_mut().coverage.add("ticks-to-heal", tick - began);
                    let node = self.open().first().and_then(|at| self.shared.borrow().hosts[*at].node.clone());
                    let stamps =
                        node.map(|node| node.stamps()).transpose().map_err(|error| format!("outcomes: {error}"))?;
                    return self.shared.borrow_mut().oracle.close(&found, &stamps.unwrap_or_default());
                }
                None if tick.is_multiple_of(500) => {
                    let open = self.open();
                    let asked = open[self.rng.random_range(0..open.len())];
                    self.send(asked, Job::Receipts);
                }
                None => {}
            }
        }
    }

    /// Whoever asked for a removal may not have heard of its success: the newest leader's membership tells. One that was
    /// removed while it led, and cut off, may believe for ever that it leads.
    fn retire(&self) {
        let leading = self.open().into_iter().filter(|at| self.leads(*at));
        let looks = leading.filter_map(|at| self.shared.borrow().hosts[at].node.clone()).map(|node| node.look());
        let Some(members) = looks.max_by_key(|look| look.vote).map(|look| look.members) else { return };
        for host in &mut self.shared.borrow_mut().hosts {
            host.retired |= host.leaving && !members.contains(&host.id);
        }
    }

    fn healed(&mut self) -> Result<bool, Broken> {
        let open = self.open();
        let up = (0..HOSTS).filter(|at| {
            let bench = self.shared.borrow();
            bench.hosts[*at].up && !bench.hosts[*at].retired
        });
        if up.count() != open.len() || open.is_empty() {
            return Ok(false);
        }
        if !open.iter().all(|at| self.shared.borrow().proof.proven.get(at) == Some(&true)) {
            return Ok(false);
        }
        let mut digests = Vec::new();
        for at in open {
            let node = self.shared.borrow().hosts[at].node.clone();
            let Some(node) = node else { return Ok(false) };
            let look = node.look();
            if look.joint || !look.voters.contains(&self.shared.borrow().hosts[at].id) {
                return Ok(false);
            }
            digests.push(self.rules.digest(at as u64, &node)?);
        }
        Ok(digests.windows(2).all(|pair| pair[0] == pair[1]))
    }

    /// What is still missing, in words.
    fn stuck(&self) -> String {
        let bench = self.shared.borrow();
        let hosts = bench.hosts.iter().enumerate().filter(|(_, host)| host.up).map(|(at, host)| {
            let look = host.node.as_ref().map(|node| node.look());
            format!("\n  {} retired {} proven {:?}: {look:?}", host.name, host.retired, bench.proof.proven.get(&at))
        });
        format!(
            "after {HEAL} ticks without faults, clients idle {}:{}",
            bench.clients.idle(),
            hosts.collect::<String>()
        )
    }

    /// Puts what was counted into the coverage.
    pub(crate) fn count(&self) {
        let mut bench = self.shared.borrow_mut();
        let counts = bench.oracle.counts;
        let (elections, compared) = (self.rules.elections, self.rules.compared);
        let [mut built, mut installed, mut conflicts, mut duplicates] = [0; 4];
        for (of_build, of_install, of_conflict, of_duplicate) in self.rules.totals() {
            built += of_build;
            installed += of_install;
            conflicts += of_conflict;
            duplicates += of_duplicate;
        }
        let ticks = bench.tick;
        for (what, times) in [
            ("committed", counts.committed),
            ("answered", counts.answered),
            ("not-done", counts.not_done),
            ("unknown", counts.unknown),
            ("in-grace", counts.in_grace),
            ("elections", elections),
            ("digests-compared", compared),
            ("snapshots-built", built),
            ("snapshots-installed", installed),
            ("conflicts", conflicts),
            ("duplicates", duplicates),
            ("damage", simulation::damaged_runs()),
            ("ticks", ticks),
        ] {
            bench.coverage.add(what, times);
        }
    }
}
