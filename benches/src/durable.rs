//! Durable transactions through a follower: `/revoke` of tokens that are live, one transaction each.

use std::time::Duration;

use bytes::Bytes;

use crate::disk::Flush;
use crate::load::{self, Call, Mint, Once, Rate, median};
use crate::machine::cpu_time;
use crate::report::{Report, Row, Share, micros};
use crate::world::{Client, Cluster, Metrics, Node};

/// Runs of each row.
const RUNS: usize = 3;
/// Connections over which tokens are made beforehand.
const MINT_CONNECTIONS: usize = 24;

/// How a row is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) in_flight: usize,
    /// Transactions of a run.
    pub(crate) transactions: usize,
    /// Added to every flush.
    pub(crate) delay: Option<&'static str>,
}

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
struct Run {
    rate: Rate,
    apply: Apply,
    leader: Share,
    follower: Share,
    third: Share,
    load: Share,
}

/// What the follower's replica did for a transaction, and how many shared a flush of the leader.
#[derive(Clone)]
struct Apply {
    guards: f64,
    bytes: f64,
    micros: f64,
    per_flush: f64,
    conflicts: f64,
}

impl std::fmt::Display for Apply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { guards, bytes, micros, per_flush, conflicts } = self;
        write!(
            f,
            "per transaction: {guards:.1} guards, {bytes:.0} bytes, apply {micros:.0} µs, {conflicts:.3} conflicts"
        )?;
        write!(f, "; {per_flush:.1} transactions a flush at the leader")
    }
}

/// Processor time of all nodes.
fn cpu_of_all(cluster: &Cluster) -> Duration {
    cluster.nodes.iter().map(|node| cpu_time(node.pid())).sum()
}

async fn mint(cluster: &Cluster, count: usize) -> anyhow::Result<Vec<Bytes>> {
    let work = Mint::new(&Client::token_form(), count);
    let call = call(cluster, "/token", cluster.nodes.iter());
    load::run(&call, MINT_CONNECTIONS, &work).await?;
    Ok(work.into_tokens().iter().map(|token| Client::form_with(token)).collect())
}

fn call<'a>(cluster: &Cluster, path: &'static str, nodes: impl Iterator<Item = &'a Node>) -> Call {
    let Client { host, authorization } = cluster.client.clone();
    Call { to: nodes.map(|node| node.https).collect(), path, host, authorization }
}

async fn measure(cluster: &Cluster, plan: Plan) -> anyhow::Result<Run> {
    let work = Once::new(mint(cluster, plan.transactions).await?);
    let (leader, follower) = (cluster.leader()?, cluster.follower()?);
    let (leader_before, follower_before) = (Before::of(leader).await?, Before::of(follower).await?);
    let (all_before, own_before) = (cpu_of_all(cluster), cpu_time(std::process::id()));
    let rate = load::run(&call(cluster, "/revoke", std::iter::once(follower)), plan.in_flight, &work).await?;
    let (leader_after, follower_after) = (Before::of(leader).await?, Before::of(follower).await?);
    let all = cpu_of_all(cluster).saturating_sub(all_before);
    let grown = |name: &str| follower_after.metrics.since(&follower_before.metrics, name);
    let entries = grown("woad_apply_entries_total");
    let flushes = leader_after.metrics.since(&leader_before.metrics, "woad_wal_fsync_seconds_count");
    let apply = Apply {
        guards: grown("woad_apply_guards_total") / entries,
        bytes: grown("woad_apply_bytes_total") / entries,
        micros: grown("woad_apply_seconds_total") / entries * 1e6,
        per_flush: leader_after.metrics.since(&leader_before.metrics, "woad_apply_entries_total") / flushes,
        conflicts: grown("woad_apply_conflicts_total") / entries,
    };
    let share = |now: Duration, before: Duration| Share::new(now.saturating_sub(before), &rate);
    let (of_leader, of_follower) =
        (leader_after.cpu.saturating_sub(leader_before.cpu), follower_after.cpu.saturating_sub(follower_before.cpu));
    Ok(Run {
        apply,
        leader: Share::new(of_leader, &rate),
        follower: Share::new(of_follower, &rate),
        third: share(all, of_leader + of_follower),
        load: share(cpu_time(std::process::id()), own_before),
        rate,
    })
}

/// One row.
pub(crate) async fn run(cluster: &Cluster, plan: Plan, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(measure(cluster, plan).await?);
    }
    let run = median(runs, |run| run.rate.per_second)?;
    let delay = plan.delay.map(|delay| format!(", flush + {delay}")).unwrap_or_default();
    let name = format!("durable transactions, {} in flight, follower of three{delay}", plan.in_flight);
    report.add(
        Row::rate(name, &run.rate)
            .beside_text(format!("fdatasync p50 {} p99 {}{delay}", micros(flush.p50), micros(flush.p99)))
            .note(run.apply.to_string())
            .note(format!("leader {}; follower {}; third {}; load {}", run.leader, run.follower, run.third, run.load)),
    );
    Ok(())
}
