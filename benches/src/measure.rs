//! A run against three nodes, and what each process did for it.

use std::time::Duration;

use crate::limit::{Meter, Used};
use crate::load::{self, Call, Rate, Rates, Work, median};
use crate::machine::cpu_time;
use crate::report::Share;
use crate::world::{Cluster, Metrics, Node};

/// Runs of each row, in turn with its peers': many short ones, since the machine's speed changes within seconds.
pub(crate) const RUNS: usize = 9;
/// Before the first run of what would never end by itself, and each of its runs.
pub(crate) const TIMES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(800));
/// Clients that read, each with one request under way.
pub(crate) const READERS: usize = 32;

/// A process before and after.
struct Before {
    metrics: Metrics,
    cpu: Duration,
}

impl Before {
    async fn of(node: &Node) -> anyhow::Result<Self> {
        Ok(Self { metrics: node.metrics().await?, cpu: cpu_time(node.pid()) })
    }
}

/// A run and what it cost.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) rate: Rate,
    pub(crate) apply: Apply,
    pub(crate) shares: Shares,
    pub(crate) used: Used,
    pub(crate) in_flight: usize,
}

/// What the processes used.
#[derive(Clone)]
pub(crate) struct Shares {
    leader: Share,
    followers: [Share; 2],
    load: Share,
}

impl std::fmt::Display for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { leader, followers: [first, second], load } = self;
        write!(f, "leader {leader}; followers {first}, and {second}; load {load}")
    }
}

/// What a follower did for a transaction, and how many shared a flush of the leader.
#[derive(Clone)]
pub(crate) struct Apply {
    guards: f64,
    bytes: f64,
    micros: f64,
    per_flush: f64,
    conflicts: f64,
    /// Transactions a request.
    per_request: f64,
}

impl std::fmt::Display for Apply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { guards, bytes, micros, per_flush, conflicts, per_request } = self;
        write!(f, "{per_request:.2} transactions a request, each {guards:.1} guards, {bytes:.0} bytes")?;
        write!(f, ", apply {micros:.0} µs, {conflicts:.3} conflicts; {per_flush:.1} a flush at the leader")
    }
}

/// One run.
pub(crate) async fn once(cluster: &Cluster, call: &Call, in_flight: usize, work: &dyn Work) -> anyhow::Result<Run> {
    let leader = cluster.leader()?;
    let [first, second] = cluster.followers()?;
    let before = [Before::of(leader).await?, Before::of(first).await?, Before::of(second).await?];
    let (own, meter) = (cpu_time(std::process::id()), Meter::start());
    let rate = load::run(call, in_flight, work).await?;
    let used = meter.stop();
    let own = Share::new(cpu_time(std::process::id()).saturating_sub(own), &rate);
    let after = [Before::of(leader).await?, Before::of(first).await?, Before::of(second).await?];
    let [of_leader, of_first, of_second] = &before;
    let [leader, first, second] = &after;
    let share = |after: &Before, before: &Before| Share::new(after.cpu.saturating_sub(before.cpu), &rate);
    let shares = Shares {
        leader: share(leader, of_leader),
        followers: [share(first, of_first), share(second, of_second)],
        load: own,
    };
    let grown = |name: &str| first.metrics.since(&of_first.metrics, name);
    let at_leader = |name: &str| leader.metrics.since(&of_leader.metrics, name);
    let entries = grown("woad_apply_entries_total");
    let apply = Apply {
        guards: grown("woad_apply_guards_total") / entries,
        bytes: grown("woad_apply_bytes_total") / entries,
        micros: grown("woad_apply_seconds_total") / entries * 1e6,
        per_flush: at_leader("woad_apply_entries_total") / at_leader("woad_wal_fsync_seconds_count"),
        conflicts: grown("woad_apply_conflicts_total") / entries,
        per_request: entries / f64::from(rate.requests.max(1)),
    };
    Ok(Run { rate, apply, shares, used, in_flight })
}

/// The runs of a row.
#[derive(Default)]
pub(crate) struct Runs(Vec<Run>);

impl Runs {
    pub(crate) fn add(&mut self, run: Run) {
        self.0.push(run);
    }

    /// The run in the middle.
    ///
    /// # Errors
    /// Without runs.
    pub(crate) fn middle(&self) -> anyhow::Result<Run> {
        median(self.0.clone(), |run| run.rate.per_second)
    }

    pub(crate) fn rates(&self) -> Rates {
        self.0.iter().map(|run| run.rate.clone()).collect()
    }
}

/// [`RUNS`], each with work of its own, the first one after a shorter one that is not counted.
pub(crate) async fn all<W: Work>(
    cluster: &Cluster,
    call: &Call,
    in_flight: usize,
    work: impl Fn(Duration) -> W,
    (warm_up, run): (Duration, Duration),
) -> anyhow::Result<Runs> {
    load::run(call, in_flight, &work(warm_up)).await?;
    let mut runs = Runs::default();
    for _ in 0..RUNS {
        runs.add(once(cluster, call, in_flight, &work(run)).await?);
    }
    Ok(runs)
}
