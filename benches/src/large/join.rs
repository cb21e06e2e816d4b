//! A fourth node joins a cluster that holds much.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::limit::{Meter, Waits};
use crate::report::{Report, Row};
use crate::world::{Cluster, Node, NodeOptions, voters};

use super::disk::used_mib;

/// A join that takes longer has failed.
const WITHIN: Duration = Duration::from_secs(1200);
/// Between two looks whether it votes.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The row; the cluster has four nodes afterwards.
pub(crate) async fn run(cluster: &mut Cluster, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let goal = cluster.nodes.len() + 1;
    let made = cluster.any()?.operate("POST", "/v1/cluster/join-tokens", Some(&json!({}))).await?;
    let token = made.get("token").and_then(Value::as_str).context("no token")?;
    let (start, meter) = (Instant::now(), Meter::start());
    let mut node = Node::start(folder, &NodeOptions::default(), Some(token))?;
    node.ready_within(WITHIN).await?;
    let ready = start.elapsed();
    while voters(&node.operate("GET", "/v1/cluster", None).await?) < goal {
        ensure!(start.elapsed() < WITHIN, "the new node does not vote");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (votes, used) = (start.elapsed(), meter.stop());
    let metrics = node.metrics().await?;
    let get = |name: &str| metrics.get(name).unwrap_or_default();
    let row = Row::new("a fourth node joins, process to ready and voting", votes.as_secs_f64() * 1e3, "ms");
    let row =
        row.limit(used.limit(Waits::Peers)).beside_text(&format!("ready after {:.0} ms", ready.as_secs_f64() * 1e3));
    report.add(row.note(format!(
        "{:.0} snapshots installed, log up to {:.0}; {:.0} MiB on its disk, {:.0} MiB on the leader's",
        get("woad_snapshot_installs_total"),
        get("woad_raft_applied_index"),
        used_mib(&node.data()),
        used_mib(&cluster.leader()?.data()),
    )));
    cluster.nodes.push(node);
    Ok(())
}
