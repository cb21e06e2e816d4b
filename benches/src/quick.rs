//! First figures in a minute or two.

use std::path::Path;
use std::time::Instant;

use crate::durable::{self, Plan};
use crate::machine::{self, Watch};
use crate::report::{Report, micros, progress};
use crate::world::{Cluster, Node, NodeOptions};
use crate::{disk, empty, introspection, tokens};

/// What a disk without write cache may take for a flush.
const SLOW_FLUSH: &str = "10ms";

/// Where a server runs while a processor of its own can be given to the load.
const SERVER_CPU: usize = 0;
const LOAD_CPU: usize = 1;

/// Transactions of a run: a second or two each on a disk that answers from its cache.
const PLANS: [Plan; 2] =
    [Plan { in_flight: 1, transactions: 800, delay: None }, Plan { in_flight: 64, transactions: 6000, delay: None }];
/// The same with [`SLOW_FLUSH`].
const SLOW_PLANS: [Plan; 2] = [
    Plan { in_flight: 1, transactions: 60, delay: Some(SLOW_FLUSH) },
    Plan { in_flight: 64, transactions: 3000, delay: Some(SLOW_FLUSH) },
];

/// Measures everything and prints the table.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (watch, started) = (Watch::start(), Instant::now());
        let folder = tempfile::tempdir()?;
        let mut report = Report::default();
        let flush = disk::measure(folder.path())?;
        progress(&format!("fdatasync of 512 B appends: p50 {}, p99 {}", micros(flush.p50), micros(flush.p99)));
        one_node(folder.path(), &mut report).await?;
        three_nodes(folder.path(), flush, &mut report).await?;
        let again = disk::measure(folder.path())?;
        let heading = format!(
            "{}; {:.0} s; medians of 3 runs; HTTP/1.1 without TLS over loopback, peers with mutual TLS; servers and load share \
             the machine\nfdatasync of 512 B appends: p50 {}, p99 {}; at the end p50 {}, p99 {}{}",
            machine::description(),
            started.elapsed().as_secs_f64(),
            micros(flush.p50),
            micros(flush.p99),
            micros(again.p50),
            micros(again.p99),
            if machine::can_pin() { "\ntokens: server on one core, load on another" } else { "" },
        );
        report.print(&heading, &watch.stop())?;
        Ok(())
    })
}

async fn one_node(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let cpu = machine::can_pin().then_some(SERVER_CPU);
    let free = NodeOptions::default();
    let pinned = NodeOptions { cpu, ..free };
    let mut node = Node::start(&folder.join("single"), &free, None)?;
    node.operate("POST", "/v1/cluster/init", None).await?;
    node.ready().await?;
    empty::run(&mut node, &free, report).await?;
    node.restart(&pinned).await?;
    node.ready().await?;
    machine::pin_self(cpu.map(|_| LOAD_CPU));
    for alg in ["ES256", "RS256"] {
        tokens::run(&mut node, folder, alg, cpu, report).await?;
    }
    machine::pin_self(None);
    node.stop().await
}

async fn three_nodes(folder: &Path, flush: disk::Flush, report: &mut Report) -> anyhow::Result<()> {
    let mut cluster = Cluster::form(&folder.join("three")).await?;
    introspection::run(&cluster, report).await?;
    for plan in PLANS {
        durable::run(&cluster, plan, flush, report).await?;
    }
    cluster.restart(&NodeOptions { fsync_delay: Some(SLOW_FLUSH), cpu: None }).await?;
    for plan in SLOW_PLANS {
        durable::run(&cluster, plan, flush, report).await?;
    }
    cluster.stop().await
}
